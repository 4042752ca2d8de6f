// Package providertest is the suite that decides when an adapter is done. It knows
// the contract of package providers and nothing of any vendor: what it needs of one,
// a Target, the adapter's own test gives. Each case runs against a fresh sandbox
// through a line of the suite's own, which counts, spoils and cuts what goes over
// it; and each is judged by the sandbox's book, the record of what was really taken.
//
// A case that an account cannot meet, because a capability is missing or because the
// vendor never says what it asks about, is not skipped silently, and nor is one that
// the vendor's documents give nobody the means to play: the verdict, "not possible" or
// "not played", and the reason are recorded in the adapter's testdata/conformance.json, from which the
// table of docs/providers.md is made. With PROVIDERTEST_UPDATE=1 a run writes that
// file; without, it fails when its verdicts differ.
//
// Start with Run and Target; docs/writing-a-provider.md leads a newcomer through them.
package providertest

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Target is one vendor's adapter and sandbox, as its test gives them to the suite.
type Target struct {
	// Vendor is the sandbox's name of the vendor in the control API.
	Vendor string

	// Open makes a new sandbox, of which nobody has a payment yet, and the adapter
	// for it. It is called for every case, by several goroutines at once, and ends
	// what it started with t.Cleanup.
	Open func(t *testing.T, o Options) World

	// Cards are the vendor's published test cards.
	Cards Cards

	// NotPlayed says, by the name of a case, what the vendor's documents lack so that
	// no sandbox can play it. It is for cases that need a card, a charge-back or a
	// refund that fails: one of these that can neither be played nor is named here
	// fails.
	NotPlayed map[string]string

	// Payer is what the vendor demands to know of one who pays. May be empty.
	Payer providers.Payer

	// Forge returns notifications that somebody who wishes us ill may make of a
	// genuine one of the account: unsigned, signed with another key, with another
	// amount. The suite makes simpler ones itself. Nil: the vendor's notifications
	// prove nothing that could be forged.
	Forge func(genuine providers.Notification) []Forgery

	// ChargeBack has the payer's bank take all of a paid order back, at the sandbox of
	// the origin. Nil: NotPlayed says why.
	ChargeBack func(t *testing.T, sandbox string, ref providers.Ref)

	// Decide lets a refund that waits be done or fail, by its number, at a sandbox
	// that was opened with Options.SlowRefunds. Nil: the vendor decides at once.
	Decide func(t *testing.T, sandbox, handle string, done bool)

	// Mode changes what an answer of the vendor says of test mode into its opposite,
	// whichever that is. Nil: no answer says it.
	Mode func(answer []byte) []byte

	// Write is the amount as the adapter's own request for an order has it: what it
	// writes into the body, cut out of there, and nothing that the test formats by
	// itself. Read is the adapter's own reader of the vendor's word. Neither makes a
	// call. A million amounts go through them.
	Write func(pay.Money) (string, error)
	Read  func(string, pay.Currency) (pay.Money, error)

	// Currencies are all that Write and Read know, where an account has but one of
	// them. Nil: the account's.
	Currencies []pay.Currency
}

// Options says which account a case wants, and where its calls go.
type Options struct {
	// TwoStage asks for an account that holds money first. A vendor without such
	// accounts opens its usual one.
	TwoStage bool

	// SlowRefunds asks for a sandbox whose refunds wait for Target.Decide.
	SlowRefunds bool

	// Live asks for accounts that move real money, as far as they know. Through is an
	// https address then, and HTTP trusts it.
	Live bool

	// Through is the origin, "http://127.0.0.1:port", that the adapters use in the
	// sandbox's place for everything that they call, and that the sandbox believes to
	// be its own address. Paths stay the sandbox's own.
	Through string

	HTTP   *http.Client // for the adapters
	Notify *http.Client // for the sandbox's notifications
	Logger *slog.Logger // for the adapters: the suite reads what they log
	Clock  pay.Clock    // for the adapters and the sandbox
}

// World is a sandbox and the accounts at it.
type World struct {
	Sandbox string    // its origin, "http://127.0.0.1:port"
	Account Account   // whose adapter is tested
	Another []Account // further accounts of the same vendor; may be empty
}

// Account is one account of a vendor.
type Account struct {
	Provider providers.Provider
	Name     string   // in the sandbox's control API, for notifications
	Secrets  []string // as configured: what no error, log or address may hold. At least 8 characters each
}

// Card is a test card, and what the payer does with it. The zero Card is the
// sandbox's own choice: one that pays.
type Card struct {
	Number string

	// Expiry is its date, MMYY, where that decides what becomes of a payment. "" is
	// the one that the vendor's documents print for the card.
	Expiry string

	// Secret is what the payer answers at the bank's 3-D Secure page, where that
	// decides. "" is the right answer.
	Secret string
}

// text is how the sandbox's /_control/pay takes a card: number/MMYY/secret.
func (c Card) text() string {
	return strings.TrimRight(c.Number+"/"+c.Expiry+"/"+c.Secret, "/")
}

// Cards are the vendor's published test cards. The zero Card says that the vendor has
// none of that kind: Target.NotPlayed says why then.
type Cards struct {
	Good        Card // pays at once
	Proves      Card // 3-D Secure, then pays
	ProofFails  Card // 3-D Secure, then refused
	Poor        Card // refused: not enough money
	SavedPoor   Card // can be saved, and every charge of it is refused
	SavedProves Card // can be saved, and its bank wants to see the owner at every charge
	Irrevocable Card // pays, and cannot be refunded

	// RefusalCode and ProofCode are the vendor's codes with which a bank refuses a
	// saved card, and wants to see its owner, as the sandbox's /_control/cards takes
	// them: in the place of SavedPoor and SavedProves.
	RefusalCode string
	ProofCode   string
}

// Forgery is a notification that nobody may believe.
type Forgery struct {
	Name         string
	Notification providers.Notification
}

// Run runs the suite. Subtests are named group/case, as in the table of
// docs/providers.md.
func Run(t *testing.T, target Target) {
	t.Helper()
	s := newSuite(t, target)
	for _, group := range groups() {
		t.Run(group.name, func(t *testing.T) {
			for _, c := range group.cases {
				s.run(t, group.name+"/"+c.name, c)
			}
		})
	}
	s.record(t)
}
