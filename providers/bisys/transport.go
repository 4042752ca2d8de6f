package bisys

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// The paths below the base address. The Shop API names its requests and not their
// paths: these are the sibling API's, but for the refund's, which is configured.
const (
	anonymousPath    = "/rs/shop/do/payment/anonymous"
	recurrentPath    = "/rs/shop/do/payment"
	statePath        = "/rs/shop/check/payment/state"
	registrationPath = "/user/registration"
	userPath         = "/user/status"
	newCardPath      = "/card/registration"
	cardsPath        = "/ver3/get/cards"
	deactivationPath = "/card/deactivation"
)

// ask posts a request and reads the success that answers it. The secrets are named
// that the request holds besides the account's, so that no answer tells them.
//
// Amounts are sent as strings of digits, as every known client of the siblings does.
func (c *Client) ask(ctx context.Context, path string, request any, secrets ...string) (object, *trouble) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(request); err != nil {
		return nil, &trouble{failure: &wire.Failure{NeverSent: true, Cause: errors.New("the request cannot be written")}}
	}
	login := string(c.config.ShopToken) + ":" + string(c.config.SecKey)
	answer, failed := wire.Do(ctx, c.http, wire.Request{
		Method: http.MethodPost, URL: c.config.BaseURL + path, Body: body.Bytes(),
		Header: http.Header{
			"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(login))},
			"Content-Type":  {"application/json; charset=utf-8"},
			"Accept":        {"application/json"},
		},
	})
	if failed != nil {
		return nil, &trouble{failure: failed}
	}
	if answer.Status != http.StatusOK {
		return nil, &trouble{exception: c.exceptionIn(answer, secrets), failure: answer.Unexpected()}
	}
	read, err := readObject(answer.Body)
	switch {
	case err != nil:
	case c.tellsSecrets(secrets, read.text("state"), read.text("errorCode"), read.text("regPayNum")):
		err = errors.New("it repeats our credentials")
	case read.text("code") != "" && read.text("code") != "0": // no success has one
		return nil, &trouble{exception: c.exceptionIn(answer, secrets), failure: &wire.Failure{Status: answer.Status, Cause: errors.New("the answer is an exception")}}
	}
	if err != nil {
		return nil, &trouble{failure: &wire.Failure{Status: answer.Status, Cause: fmt.Errorf("the answer: %w", err)}}
	}
	return read, nil
}

// exceptionIn reads an exception; one that repeats a secret is none.
func (c *Client) exceptionIn(answer wire.Answer, secrets []string) exception {
	found := readException(answer.Status, answer.Body, c.config.TestMode)
	if c.tellsSecrets(secrets, found.code, found.regPayNum) {
		return exception{}
	}
	return found
}

// tellsSecrets reports whether a word that may be stored or logged holds a secret
// of the account, or one of those named.
func (c *Client) tellsSecrets(secrets []string, words ...string) bool {
	const shortest = 6 // a shorter one may be part of an honest word
	for _, secret := range append([]string{string(c.config.ShopToken), string(c.config.SecKey)}, secrets...) {
		for _, word := range words {
			if len(secret) >= shortest && strings.Contains(strings.ToLower(word), strings.ToLower(secret)) {
				return true
			}
		}
	}
	return false
}

// toError makes the error of a call that had trouble.
func (t *trouble) toError(op providers.Op, kind providers.Kind, about string) *providers.Error {
	cause := t.failure.Cause
	if t.exception.fault != faultNone {
		cause = errors.New("the vendor answers with an exception")
	}
	e := failure(op, kind, t.exception.code, fmt.Errorf("%s: %w", about, cause))
	if kind == providers.RateLimited {
		e.RetryAfter = t.failure.RetryAfter
	}
	return e
}
