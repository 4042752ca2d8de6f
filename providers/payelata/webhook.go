package payelata

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // PayElata docs, callbacks: X-Signature is SHA-1
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// maxNotification is how many bytes of a callback are read. The documented invoice
// has 2 KiB; later ones bring the customer and the tries along.
const maxNotification = 256 << 10

// ParseWebhook verifies and reads one callback: an invoice as the API has it, with
// X-Signature over the exact bytes (PayElata docs, callbacks). Only the key of
// this account's mode is tried, and an invoice of the other mode is refused even
// so: a live order is never settled by a test key.
//
// A callback proves that the vendor sent it, not that it is the newest: they come
// again and out of order. So its event has no Result, and the invoice is read. The
// token of a saved card, and the bearer of a sale, are not to be stored.
//
// What is signed and about no payment invoice of ours is acknowledged without an
// event: it would be sent a hundred times otherwise.
func (c *Client) ParseWebhook(_ context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if len(n.Body) > maxNotification {
		return nil, providers.Reply{}, unreadable("the callback is over 256 KiB")
	}
	if !c.isSigned(n) {
		return nil, providers.Reply{}, forged("the callback is not signed with the account's key")
	}
	var document struct {
		Data object[resource[attributes]] `json:"data"`
	}
	if err := readDocument(n.Body, &document); err != nil {
		return nil, providers.Reply{}, unreadable("the callback is not one JSON document")
	}
	data := document.Data.value
	if data.Type == "" {
		return nil, providers.Reply{}, unreadable("the callback says not what it is about")
	}
	acknowledged := providers.Reply{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte("OK")}
	if data.Type != invoiceType {
		return nil, acknowledged, nil
	}
	i, err := invoiceOf(data)
	if err != nil {
		return nil, providers.Reply{}, unreadable("the callback's invoice has no id or no status")
	}
	if test, told := i.TestMode.isTrue(); !told || test != c.config.TestMode {
		return nil, providers.Reply{}, forged("the callback is about an invoice of the other mode")
	}
	number := string(i.ReferenceID)
	if !isName(number) {
		return nil, acknowledged, nil
	}
	kind := c.word(string(i.Status), i.secrets()...)
	return []providers.Event{{
		Key: i.id + "/" + kind + "/" + momentOf(i, n.Body), Kind: kind,
		Ref: providers.Ref{OrderNumber: number, ProviderRef: i.id},
		At:  i.UpdatedAt.at(), Body: withoutTokens(n.Body),
	}}, acknowledged, nil
}

// isSigned reports whether X-Signature is the base64 of the raw SHA-1 of key, body
// and key (PayElata docs, callbacks). There is exactly one.
func (c *Client) isSigned(n providers.Notification) bool {
	given := n.Header.Values("X-Signature")
	if len(given) != 1 {
		return false
	}
	claimed, err := base64.StdEncoding.Strict().DecodeString(given[0])
	if err != nil {
		return false
	}
	sum := sha1.New() //nolint:gosec // see the import
	sum.Write([]byte(c.config.CallbackKey))
	sum.Write(n.Body)
	sum.Write([]byte(c.config.CallbackKey))
	return subtle.ConstantTimeCompare(sum.Sum(nil), claimed) == 1
}

// momentOf tells one state of an invoice from its next: when it was updated, or
// where that is not told what the callback says.
func momentOf(i invoice, body []byte) string {
	if wire.IsDigits(string(i.UpdatedAt)) && len(i.UpdatedAt) <= 16 {
		return string(i.UpdatedAt)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// withoutTokens returns a callback with the value of each "token" cut out, wherever
// it stands; nil when there is none. The rest is written anew, its numbers as they
// came.
func withoutTokens(body []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	decoder.UseNumber()
	var document any
	if decoder.Decode(&document) != nil || !cutTokens(document) {
		return nil
	}
	var kept bytes.Buffer
	encoder := json.NewEncoder(&kept)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(document) != nil {
		return []byte("{}") // what was decoded can be written; and a token is never kept
	}
	return bytes.TrimSpace(kept.Bytes())
}

// cutTokens empties the tokens in a document, and reports whether it had any.
func cutTokens(value any) bool {
	found := false
	switch value := value.(type) {
	case []any:
		for _, each := range value {
			found = cutTokens(each) || found
		}
	case map[string]any:
		for name, each := range value {
			if strings.EqualFold(strings.TrimSpace(name), "token") && each != nil {
				value[name] = ""
				found = true
				continue
			}
			found = cutTokens(each) || found
		}
	}
	return found
}

func unreadable(why string) error {
	return failure(providers.OpWebhook, providers.Malformed, "", errors.New(why))
}

func forged(why string) error {
	return failure(providers.OpWebhook, providers.Auth, "", errors.New(why))
}
