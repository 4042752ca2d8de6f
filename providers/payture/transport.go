package payture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// Payture's interfaces: the first part of a command's path.
const (
	pageInterface   = "apim"  // InPay
	walletInterface = "vwapi" // eWallet
)

// send posts a command of InPay.
func (c *Client) send(ctx context.Context, command string, fields url.Values) (reply, *trouble) {
	return c.post(ctx, pageInterface, command, fields)
}

// post posts a command's fields and reads its reply. The secrets are in the
// body, never in the address, so no access log has them. Those that are not the
// client's own are named, so that no answer tells them.
func (c *Client) post(ctx context.Context, api, command string, fields url.Values, secrets ...Secret) (reply, *trouble) {
	answer, failed := wire.Do(ctx, c.http, wire.Request{
		Method: http.MethodPost, URL: c.config.BaseURL + "/" + api + "/" + command, Body: []byte(fields.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/xml"}},
	})
	switch {
	case failed != nil:
		return reply{}, (*trouble)(failed)
	case answer.Status != http.StatusOK:
		return reply{}, (*trouble)(answer.Unexpected())
	}
	read, err := readReply(answer.Body, command)
	if err == nil && c.repeatsSecrets(read, secrets) {
		err = errors.New("the answer repeats our credentials")
	}
	if err != nil {
		return reply{}, &trouble{Cause: err}
	}
	return read, nil
}

// repeatsSecrets reports whether a word that may be logged holds one of ours,
// or one of those that the request had besides.
func (c *Client) repeatsSecrets(answer reply, secrets []Secret) bool {
	const shortest = 6 // a shorter one may be part of an honest word
	secrets = append(slices.Clone(secrets), c.config.Key, c.config.Password)
	if w := c.config.Wallet; w != nil {
		secrets = append(secrets, w.AddTerminal, w.PayTerminal, w.Password)
	}
	for _, secret := range secrets {
		for _, name := range []string{"ErrCode", "State", "Status"} {
			if len(secret) >= shortest && strings.Contains(strings.ToLower(answer.get(name)), strings.ToLower(string(secret))) {
				return true
			}
		}
	}
	return false
}

// trouble is why there is no reply, as the errors of this vendor tell it.
type trouble wire.Failure

// ofWrite returns the error of a call that may have changed something. No status
// but 200 is documented by Payture, so none proves anything.
func (t *trouble) ofWrite(op providers.Op, orderNumber string) error {
	return t.ofChange(op, "order "+orderNumber)
}

// ofChange is ofWrite for calls that are about something else than an order.
func (t *trouble) ofChange(op providers.Op, about string) error {
	return failure(op, (*wire.Failure)(t).OfWrite(), "", fmt.Errorf("%s: %w", about, t.Cause))
}

// ofRead returns the error of a call that changes nothing.
func (t *trouble) ofRead(op providers.Op, orderNumber string) error {
	return t.ofLook(op, "order "+orderNumber)
}

// ofLook is ofRead for calls that are about something else than an order.
func (t *trouble) ofLook(op providers.Op, about string) error {
	kind := (*wire.Failure)(t).OfRead()
	e := failure(op, kind, "", fmt.Errorf("%s: %w", about, t.Cause))
	if kind == providers.RateLimited {
		e.RetryAfter = t.RetryAfter
	}
	return e
}
