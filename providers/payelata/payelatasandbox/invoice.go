package payelatasandbox

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// Status is an invoice's, in PayElata's words (guides, payments/status-list).
type Status string

// The statuses that this sandbox reaches.
const (
	StatusProcessPending       Status = "process_pending"        // waits for the payer, the sale, the bank or a moderator
	StatusProcessed            Status = "processed"              // paid
	StatusPartiallyProcessed   Status = "partially_processed"    // paid, but less than asked
	StatusProcessFailed        Status = "process_failed"         // the bank refused as often as it may
	StatusExpired              Status = "expired"                // the lifetime is over
	StatusRejected             Status = "rejected"               // by a moderator
	StatusRefundPending        Status = "refund_pending"         // paid, a refund is under way
	StatusRefundFailed         Status = "refund_failed"          // paid, a refund did not work
	StatusPartiallyRefunded    Status = "partially_refunded"     // some of it
	StatusRefunded             Status = "refunded"               // all of it
	StatusPartiallyChargedBack Status = "partially_charged_back" // the bank took some of it back
	StatusChargedBack          Status = "charged_back"           // the bank took all that was left back
)

// customer is a payer in the merchant's books. Name, e-mail and phone are
// checked and forgotten: nothing here needs them.
type customer struct {
	ID          string `json:"id"` // cus_…
	Account     string `json:"account"`
	ReferenceID string `json:"referenceId"` // the merchant's number
}

func (c *customer) key() reference { return reference{c.Account, c.ReferenceID} }

// invoice is one payment, as the state file keeps it. Amounts are minor units of
// Currency. Vendor.mu guards it.
type invoice struct {
	ID          string         `json:"id"`  // cpi_…
	SID         string         `json:"sid"` // cgi_…, the card gate's session
	Account     string         `json:"account"`
	TestMode    bool           `json:"testMode"`
	ReferenceID string         `json:"referenceId"`
	Service     string         `json:"service"`
	Currency    pay.Currency   `json:"currency"`
	Amount      int64          `json:"amount"`
	Description string         `json:"description,omitempty"`
	Metadata    map[string]any `json:"metadata,omitempty"`
	CallbackURL string         `json:"callbackUrl,omitempty"`
	ReturnURL   string         `json:"returnUrl,omitempty"`
	ReturnURLs  returnURLs     `json:"returnUrls"`
	CustomerID  string         `json:"customerId,omitempty"`
	Customer    string         `json:"customer,omitempty"` // the merchant's number
	Tokenize    bool           `json:"tokenize,omitempty"`
	Instant     bool           `json:"instant,omitempty"`
	Token       string         `json:"token,omitempty"` // the saved card to pay with
	GateToken   string         `json:"gateToken"`       // the card gate's JWT
	Base        string         `json:"base"`            // the sandbox's address when the invoice was made
	CreatedAt   time.Time      `json:"createdAt"`
	UpdatedAt   time.Time      `json:"updatedAt"`
	ExpiresAt   time.Time      `json:"expiresAt"`

	Status     Status     `json:"status"`
	Resolution string     `json:"resolution"`
	Told       string     `json:"told"`                // what the last callback was about
	Moderation bool       `json:"moderation"`          // waits for a moderator
	Waiting    bool       `json:"waiting,omitempty"`   // the bank never answers (expiry 0777)
	Refused    int        `json:"refused,omitempty"`   // how many cards were
	Challenge  string     `json:"challenge,omitempty"` // the 3-D Secure step under way
	Verdict    string     `json:"verdict,omitempty"`   // what the bank says after that step
	Card       *shownCard `json:"card,omitempty"`      // the last one tried
	NewToken   string     `json:"newToken,omitempty"`  // what tokenize brought

	Processed      int64        `json:"processed,omitempty"` // what was taken
	ProcessedAt    time.Time    `json:"processedAt,omitzero"`
	TakenIn        pay.Currency `json:"takenIn,omitempty"` // the currency it was taken in
	RRN            string       `json:"rrn,omitempty"`
	Approval       string       `json:"approval,omitempty"`
	Refunds        []*refund    `json:"refunds,omitempty"`
	Refunded       int64        `json:"refunded,omitempty"`
	RefundedAt     time.Time    `json:"refundedAt,omitzero"`
	ChargedBack    int64        `json:"chargedBack,omitempty"`
	RefundPending  int64        `json:"refundPending,omitempty"`
	BeforeRefunded Status       `json:"beforeRefunded,omitempty"` // to go back to when a refund fails
}

// returnURLs is where the payer goes, by how it ended.
type returnURLs struct {
	Success string `json:"success,omitempty"`
	Pending string `json:"pending,omitempty"`
	Fail    string `json:"fail,omitempty"`
}

func (i *invoice) key() reference { return reference{i.Account, i.ReferenceID} }

// takesCards reports whether a payer or a sale may still pay.
func (i *invoice) takesCards() bool {
	return i.Status == StatusProcessPending && !i.Waiting && !i.Moderation
}

// isPaid reports whether money was taken, whatever came of it later.
func (i *invoice) isPaid() bool { return i.Processed > 0 }

// refundable is what may still be given back.
func (i *invoice) refundable() int64 {
	return i.Processed - i.Refunded - i.RefundPending - i.ChargedBack
}

// returnURL is where the payer's browser goes now, or "".
func (i *invoice) returnURL() string {
	special := i.ReturnURLs.Fail
	switch {
	case i.isPaid():
		special = i.ReturnURLs.Success
	case i.Status == StatusProcessPending:
		special = i.ReturnURLs.Pending
	}
	if special != "" {
		return special
	}
	return i.ReturnURL
}

// news is what a callback is sent about when it changes.
func (i *invoice) news() string {
	return fmt.Sprintf("%s/%t/%d/%d", i.Status, i.Moderation, i.Refunded, i.ChargedBack)
}

// movement is the invoice's entry in the book. Its money is added by the caller.
func (i *invoice) movement() sandbox.Movement {
	return sandbox.Movement{
		Account: i.Account, OrderRef: i.ReferenceID, Kind: sandbox.KindPayment,
		AmountMinor: i.Amount, Currency: string(i.takenIn()), State: string(i.Status),
	}
}

// takenIn is the currency of the money: the ordered one but for
// amountOtherCurrency.
func (i *invoice) takenIn() pay.Currency {
	if i.TakenIn != "" {
		return i.TakenIn
	}
	return i.Currency
}

// age ends an invoice whose lifetime is over. A moderator has all the time there
// is. v.mu must be held.
func (v *Vendor) age(i *invoice) {
	if i.Status != StatusProcessPending || i.Moderation || v.host.Now().Before(i.ExpiresAt) {
		return
	}
	delete(v.challenges, i.Challenge)
	i.Status, i.Challenge, i.Waiting = StatusExpired, "", false
	v.keep(i, sandbox.Change{})
}

// keep commits c together with the invoice, and with a callback when there is
// news of it. v.mu must be held.
func (v *Vendor) keep(i *invoice, c sandbox.Change) {
	i.UpdatedAt = v.host.Now()
	if news := i.news(); news != i.Told {
		i.Told = news
		c.Notify = append(c.Notify, v.callback(i))
	}
	c.Save = append(c.Save, sandbox.Record{Kind: recordInvoice, ID: i.ID, Value: i})
	v.host.Commit(c)
}

// newID is n random letters and digits after a prefix.
func newID(prefix string, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	return prefix + pick(letters, n)
}

// newDigits is n random digits.
func newDigits(n int) string { return pick("0123456789", n) }

func pick(from string, n int) string {
	b := make([]byte, n)
	for at := range b {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // the system has no randomness: nothing can go on
		}
		b[at] = from[k.Int64()]
	}
	return string(b)
}
