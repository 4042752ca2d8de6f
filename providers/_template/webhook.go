package template

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/paygraph/paygraph/providers"
)

// maxNotification is how many bytes of a notification are read.
const maxNotification = 64 << 10

// ParseWebhook verifies and reads one notification: X-Signature is the hexadecimal
// HMAC-SHA256 of the raw body under the hook key (Template docs, notifications). The
// key of the event is the body's own: a repetition is the same event.
func (c *Client) ParseWebhook(_ context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	const op = providers.OpWebhook
	if len(n.Body) > maxNotification {
		return nil, providers.Reply{}, failure(op, providers.Malformed, "", errors.New("the notification is over 64 KiB"))
	}
	code := hmac.New(sha256.New, []byte(c.config.HookKey))
	code.Write(n.Body)
	told, err := hex.DecodeString(n.Header.Get("X-Signature"))
	if err != nil || !hmac.Equal(told, code.Sum(nil)) {
		return nil, providers.Reply{}, failure(op, providers.Auth, "", errors.New("the signature is not the account's"))
	}
	var p payment
	if err := json.Unmarshal(n.Body, &p); err != nil || p.Order == "" {
		return nil, providers.Reply{}, failure(op, providers.Malformed, "", errors.New("the notification names no order"))
	}
	result, err := c.judge(p.Order, p)
	if err != nil {
		return nil, providers.Reply{}, failure(op, providers.Malformed, "", err)
	}
	key := sha256.Sum256(n.Body)
	event := providers.Event{
		Key: hex.EncodeToString(key[:]), Kind: p.State, Ref: providers.Ref{OrderNumber: p.Order, ProviderRef: p.ID}, Result: &result,
	}
	return []providers.Event{event}, providers.Reply{Status: http.StatusOK, ContentType: "text/plain", Body: []byte("ok")}, nil
}
