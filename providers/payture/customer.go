package payture

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the rule of an older system, whose customers keep their passwords
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// maxLogin is how many characters VWUserLgn and VWUserPsw may have (Payture
// docs, ewallet/clients/register: 1 to 50).
const maxLogin = 50

// loginPrefix begins the login of every customer that is ours.
const loginPrefix = "customer-"

// customer is what Payture knows a payer by. Both are derived and stored
// nowhere.
type customer struct{ login, password Secret }

// Format writes *** for every verb: fmt does not ask unexported fields.
func (customer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, providers.Hidden) }

// customerOf derives the login and the password of a customer:
//
//   - with a customer secret, "customer-" and our id, and the first 50 of the
//     hexadecimal digits of the login's HMAC-SHA256 under the secret;
//   - with a legacy salt, "customer-" and the merchant's own id, and MD5 of that
//     id followed by the salt, in lower-case hexadecimal: the rule of systems
//     whose customers have their cards at Payture already.
//
// It refuses, before anything is sent, an id that would make a login that is
// too long or that may read differently after another decoding.
func (w *Wallet) customerOf(op providers.Op, c providers.Customer) (customer, error) {
	id := c.ID
	if w.LegacySalt != "" {
		id = c.ExternalID
	}
	login := loginPrefix + id
	if id == "" || !isLogin(login) {
		return customer{}, failure(op, providers.Rejected, "",
			fmt.Errorf("the customer's id is not 1 to %d letters, digits, hyphens, dots, underscores, colons or at signs", maxLogin-len(loginPrefix)))
	}
	if w.LegacySalt != "" {
		sum := md5.Sum([]byte(id + string(w.LegacySalt))) //nolint:gosec // see the import
		return customer{login: Secret(login), password: Secret(hex.EncodeToString(sum[:]))}, nil
	}
	code := hmac.New(sha256.New, []byte(w.CustomerSecret))
	code.Write([]byte(login))
	return customer{login: Secret(login), password: Secret(hex.EncodeToString(code.Sum(nil))[:maxLogin])}, nil
}

// isLogin reports whether s can be the login of a customer of ours. Signs that
// another decoding would change are none.
func isLogin(s string) bool {
	return strings.HasPrefix(s, loginPrefix) && len(s) <= maxLogin && !strings.ContainsFunc(s, func(r rune) bool {
		return !wire.IsAlphanumeric(r) && !strings.ContainsRune("-._@:", r)
	})
}

// CustomerName returns the login of a customer, as notifications of the wallet
// name it; "" for one whom the wallet cannot have.
func (c *Client) CustomerName(who providers.Customer) string {
	wallet, err := c.needWallet(providers.OpSaveCard)
	if err != nil {
		return ""
	}
	known, err := wallet.customerOf(providers.OpSaveCard, who)
	if err != nil {
		return ""
	}
	return string(known.login)
}

// customerFor returns the wallet and the customer, or why there are none.
func (c *Client) customerFor(op providers.Op, who providers.Customer) (*Wallet, customer, error) {
	wallet, err := c.needWallet(op)
	if err != nil {
		return nil, customer{}, err
	}
	known, err := wallet.customerOf(op, who)
	return wallet, known, err
}

// register makes the customer known to a terminal, and brings one who is known
// already up to date. It may be repeated, and what goes wrong leaves nothing behind
// that matters: no session, no order. Its errors are therefore never Unknown.
//
// Whether Payture registers customers by itself is a switch of its support
// (Payture docs, ewallet/clients/register), so we always do.
func (c *Client) register(ctx context.Context, op providers.Op, terminal Secret, known customer, who providers.Customer) error {
	const act = "register the customer"
	answer, trouble := c.sendAs(ctx, known, terminal, "Register",
		pair{"PhoneNumber", phoneDigits(who.Phone)}, pair{"Email", wire.Email(who.Email)})
	if trouble != nil {
		return failure(op, providers.Unavailable, "", fmt.Errorf("%s: %w", act, trouble.Cause))
	}
	code := answer.code()
	switch answer.success() {
	case saysYes:
		if !answer.isFrom(known) {
			return failure(op, providers.Unavailable, "", fmt.Errorf("%s: %w", act, errOtherCustomer))
		}
		return nil
	case saysNo:
		if code == "DUPLICATE_USER" || code == "DUPLICATE_CUSTOMER" { // the second is the name since about 2020
			return c.recognize(ctx, op, terminal, known, who)
		}
		return failure(op, kindOfCode(code, providers.Unavailable), code, errors.New(act))
	case saysNothing:
	}
	return failure(op, providers.Unavailable, code, fmt.Errorf("%s: %w", act, errNeither))
}

var (
	errOtherCustomer = errors.New("the answer is about another customer")
	errNeither       = errors.New("the answer says neither True nor False")
)

// kindOfCode is the kind of error that a code makes of a call with which no
// money is at stake. What is neither a plain no to us nor to the customer is
// doubtful, and how much that matters depends on the call.
func kindOfCode(code string, doubtful providers.Kind) providers.Kind {
	switch codeOf(code).means {
	case meansAccess, meansNotAllowed:
		return providers.Auth
	case meansWrongRequest, meansRefusal, meansExhausted:
		return providers.Rejected
	case meansConflict, meansTimeOut, meansNoOrder, meansDoubt, meansUnknown, meansNothingYet:
	}
	return doubtful
}
