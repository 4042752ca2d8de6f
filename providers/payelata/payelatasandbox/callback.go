package payelatasandbox

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // PayElata signs with it
	"encoding/base64"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// maxSends is how often a callback is sent (docs, integration/callbacks): 1
// minute after the first, 2 minutes after the second and so on.
const maxSends = 100

// callback tells of an invoice as it stands, to the address that the invoice
// names, or else to the account's. The key that signs is the one of the invoice's
// mode. v.mu must be held.
func (v *Vendor) callback(i *invoice) sandbox.Notification {
	account := v.accounts[i.Account]
	secret := account.LiveKey
	if i.TestMode {
		secret = account.TestKey
	}
	body := encode(document{v.resource(i)})
	return sandbox.Notification{
		Account: i.Account, URL: cmp.Or(i.CallbackURL, account.CallbackURL), Body: string(body), Retries: pauses(),
		Header: map[string]string{"Content-Type": "application/json", "X-Signature": sign(secret, body)},
	}
}

// sign is X-Signature: base64 of SHA-1 over secret, body and secret (docs,
// integration/callbacks).
func sign(secret string, body []byte) string {
	sum := sha1.Sum([]byte(secret + string(body) + secret)) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// pauses are those between the sends.
func pauses() []time.Duration {
	all := make([]time.Duration, maxSends-1)
	for at := range all {
		all[at] = time.Duration(at+1) * time.Minute
	}
	return all
}
