package payture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"

	"github.com/paygraph/paygraph/providers"
)

// Wallet is the eWallet contract of an account, /vwapi: where Payture keeps our
// payers as customers of its own, and their cards. It has a terminal on which
// cards are added and one on which they are charged, since a terminal charges
// in one stage or in two for good; both know the same customers.
type Wallet struct {
	AddTerminal Secret // VWID on whose page cards are added
	PayTerminal Secret // VWID that charges, with the card's owner on a page or without
	Password    Secret // of the pay terminal; for Charge and Unblock, which a two-stage one needs, and for refunds
	TwoStage    bool   // the pay terminal holds money, which is charged or released later
	Template    string // TemplateTag of both pages; "" means each terminal's default

	// A customer logs in with a password that nobody has to remember: it is made
	// of the customer's name and exactly one of these two. Neither may ever
	// change, or the customers and their cards are lost to us.
	CustomerSecret Secret // at least 16 characters
	LegacySalt     Secret // of an installation that registered its customers before us; see customer.go

	// NoCVVReversed says which way to read NoCVV of a card. False: true means that
	// the card may be charged without its code, as the READMEs of Payture's
	// official SDKs for Java, C# and Python have it. True: false means that, as
	// other integrators read it. Ask Payture, or look at a card of your own.
	NoCVVReversed bool
}

var _ fmt.Formatter = Wallet{}

// minCustomerSecret is our choice: the secret guards every customer at once.
const minCustomerSecret = 16

// String writes the wallet without its secrets.
func (w Wallet) String() string {
	return fmt.Sprintf("wallet{two-stage %t, template %q, legacy names %t, NoCVV reversed %t}", w.TwoStage, w.Template, w.LegacySalt != "", w.NoCVVReversed)
}

// Format writes the same for every verb.
func (w Wallet) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, w.String()) }

// LogValue returns the wallet without its secrets.
func (w Wallet) LogValue() slog.Value { return slog.StringValue(w.String()) }

// mistakes lists everything that is wrong, without showing a secret.
func (w Wallet) mistakes() []error {
	var found []error
	for _, terminal := range []struct {
		name string
		id   Secret
	}{{"add terminal", w.AddTerminal}, {"pay terminal", w.PayTerminal}} {
		if terminal.id == "" || providers.HasOddRunes(string(terminal.id)) {
			found = append(found, fmt.Errorf("wallet: %s: it is empty or has blanks or control characters", terminal.name))
		}
	}
	if w.TwoStage && w.Password == "" {
		found = append(found, errors.New("wallet: password: a two-stage terminal needs it to charge and release"))
	}
	if providers.HasOddRunes(string(w.Password)) {
		found = append(found, errors.New("wallet: password: it has blanks or control characters"))
	}
	switch {
	case (w.CustomerSecret == "") == (w.LegacySalt == ""):
		found = append(found, errors.New("wallet: it needs a customer secret or a legacy salt, and not both"))
	case w.LegacySalt == "" && len(w.CustomerSecret) < minCustomerSecret:
		found = append(found, fmt.Errorf("wallet: customer secret: it is shorter than %d characters", minCustomerSecret))
	}
	if !isTemplate(w.Template) {
		found = append(found, errors.New("wallet: template: it is not a plain name of up to 50 characters"))
	}
	return found
}

// needWallet returns the wallet's settings, or refuses what only an account
// with a wallet can do.
func (c *Client) needWallet(op providers.Op) (*Wallet, error) {
	if c.config.Wallet == nil {
		return nil, failure(op, providers.Unsupported, "", errors.New("the account has no wallet"))
	}
	return c.config.Wallet, nil
}

// sendAs posts a command of the wallet in the name of a customer, whose login
// and password must not be told to anybody.
func (c *Client) sendAs(ctx context.Context, who customer, terminal Secret, command string, about ...pair) (reply, *trouble) {
	data := encodeData(append([]pair{{"VWUserLgn", string(who.login)}, {"VWUserPsw", string(who.password)}}, about...))
	return c.post(ctx, walletInterface, command, url.Values{"VWID": {string(terminal)}, "DATA": {data}}, who.login, who.password)
}

// isFrom reports whether an answer is about the customer: the login is missing,
// empty, as recorded of Add, Pay and PayStatus, or the customer's.
func (r reply) isFrom(who customer) bool { return r.repeats("VWUserLgn", string(who.login)) }
