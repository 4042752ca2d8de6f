package payelata

import (
	"context"
	"errors"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// status is what an invoice says of itself.
type status string

// The statuses (Corefy docs, guides/payments/status-list and payment-invoice).
const (
	statusCreated           status = "created"
	statusProcessPending    status = "process_pending" // waits: for its payer, its sale, or a bank
	statusProcessing        status = "processing"
	statusProcessError      status = "process_error" // technical, tried again by itself
	statusVerified          status = "verified"      // a card was checked, without money
	statusVerifyFailed      status = "verify_failed"
	statusProcessed         status = "processed"
	statusPartlyProcessed   status = "partially_processed" // less was paid than asked for
	statusProcessFailed     status = "process_failed"      // after the last of the tries, 5 by default
	statusExpired           status = "expired"
	statusTerminated        status = "terminated" // by the payer
	statusRejected          status = "rejected"   // by a moderator
	statusRefunding         status = "refunding"
	statusRefundPending     status = "refund_pending"
	statusRefundError       status = "refund_error" // technical, tried again by itself
	statusPartlyRefunded    status = "partially_refunded"
	statusRefunded          status = "refunded"
	statusRefundFailed      status = "refund_failed"
	statusChargedBack       status = "charged_back"
	statusPartlyChargedBack status = "partially_charged_back"
)

var (
	errNoCurrency = errors.New("the invoice's currency is none that we know")
	errNoAmount   = errors.New("an amount of the invoice is missing or is not whole minor units")
	errNotASum    = errors.New("the amounts of the invoice do not add up")
)

// judge turns an invoice into a Result. It calls nobody. What it makes of two
// things is our choice:
//
//   - verified: we ask for payments, never for a check of a card. Pending, and
//     never money.
//   - a word that no document has is Pending, and the log tells of it.
//
// An invoice that is moderated is Pending whatever its status is: its money is not
// released yet.
func (c *Client) judge(ctx context.Context, ref providers.Ref, i invoice) (providers.Result, error) {
	told := providers.Result{ProviderRef: i.id, RawStatus: c.word(string(i.Status), i.secrets()...), At: i.UpdatedAt.at(), Card: cardOf(i.Payload.value.Card)}
	if test, ok := i.TestMode.isTrue(); ok {
		told.TestMode = &test
	}
	if yes, _ := i.Moderation.isTrue(); yes {
		told.Status, told.Moderated = providers.Pending, true
		return told, nil
	}
	switch status(i.Status) {
	case statusCreated, statusProcessPending:
		return c.judgeOpen(ref, i, told), nil
	case statusProcessing, statusProcessError:
		told.Status, told.Decline = providers.Pending, c.refusedSoFar(i)
		return told, nil
	case statusVerifyFailed, statusProcessFailed, statusTerminated, statusRejected:
		told.Status, told.SessionOver, told.Decline = providers.Declined, true, c.declineOf(ref, i)
		return told, nil
	case statusExpired:
		told.Status = providers.Expired
		return told, nil
	case statusProcessed, statusPartlyProcessed, statusRefunding, statusRefundPending, statusRefundError,
		statusPartlyRefunded, statusRefunded, statusRefundFailed, statusChargedBack, statusPartlyChargedBack:
		return c.judgePaid(ref, i, told)
	case statusVerified:
		told.Status = providers.Pending
		return told, nil
	}
	c.log.WarnContext(ctx, "payelata: a status that is not in the table", "order", ref.OrderNumber, "status", told.RawStatus)
	told.Status = providers.Pending
	return told, nil
}

// judgeOpen judges an invoice that waits for a card, the first or, after a refusal,
// another. On a page its payer may try one. At the charge of a saved card nobody can:
// its sale was sent once, and nobody was told of its page. So its refusal is the end
// once nothing has happened to the invoice for the settling time, which is our choice:
// a platform that tries once more by itself changes it.
func (c *Client) judgeOpen(ref providers.Ref, i invoice, told providers.Result) providers.Result {
	refused := c.refusedSoFar(i)
	switch {
	case isPage(ref, i):
		told.Status, told.Decline = providers.ActionRequired, refused
	case refused != nil && c.isLeftAlone(i):
		told.Status, told.SessionOver, told.Decline = providers.Declined, true, c.declineOf(ref, i)
	default:
		told.Status, told.Decline = providers.Pending, refused
	}
	return told
}

// judgePaid judges an invoice that has taken money. How much of it is left is
// told by the amounts, not by the status.
func (c *Client) judgePaid(ref providers.Ref, i invoice, told providers.Result) (providers.Result, error) {
	s, err := i.sums()
	if err != nil {
		return providers.Result{}, senseless(ref.OrderNumber, err)
	}
	told.Captured, told.Fee = s.left, s.fee
	if at := i.ProcessedAt.at(); !at.IsZero() && s.returned.IsZero() {
		told.At = at
	}
	if c.config.Tokenize {
		told.Saved = savedOf(i.Payload.value)
	}
	now := status(i.Status)
	switch {
	case now == statusChargedBack || now == statusPartlyChargedBack || !s.chargedBack.IsZero():
		told.Status = providers.ChargedBack
		if s.chargedBack.IsZero() {
			told.Captured = pay.Money{} // part of it is gone, and nobody says how much
		}
	case s.left.IsZero() && !s.returned.IsZero():
		told.Status = providers.Refunded
	default:
		told.Status = providers.Captured
		told.Refunding = now == statusRefunding || now == statusRefundPending || now == statusRefundError
		told.RefundFailed = now == statusRefundFailed
	}
	return told, nil
}

// sums are an invoice's amounts in its currency.
type sums struct {
	left        pay.Money // taken and not given back
	returned    pay.Money // given back or taken back
	chargedBack pay.Money
	fee         pay.Money // the zero Money when there is none on top
}

// sums reads the amounts of an invoice that was paid (Corefy docs, FAQ: amount is
// what was asked for, payment_amount what the payer pays, which the fee may be
// added to, and processed_amount what was taken).
func (i invoice) sums() (sums, error) {
	currency, err := pay.ParseCurrency(string(i.Currency))
	if err != nil {
		return sums{}, errNoCurrency
	}
	asked, _, ok1 := i.Amount.money(currency)
	toPay, toPayTold, ok2 := i.PaymentAmount.money(currency)
	taken, takenTold, ok3 := i.Processed.money(currency)
	refunded, refundedTold, ok4 := i.Refunded.money(currency)
	chargedBack, chargedBackTold, ok5 := i.ChargedBack.money(currency)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !takenTold || status(i.Status) == statusPartlyRefunded && !refundedTold {
		return sums{}, errNoAmount
	}
	switch { // a status may tell more than the amounts of an older installation
	case status(i.Status) == statusRefunded && !refundedTold:
		refunded = taken
	case status(i.Status) == statusChargedBack && !chargedBackTold:
		chargedBack = pay.Of(max(0, taken.Amount-refunded.Amount), currency)
	}
	returned, err := refunded.Add(chargedBack)
	if err != nil {
		return sums{}, errNotASum
	}
	left, err := taken.Sub(returned)
	if err != nil || left.Amount < 0 {
		return sums{}, errNotASum
	}
	found := sums{left: left, returned: returned, chargedBack: chargedBack}
	if toPayTold && i.Amount != "" && toPay.Amount > asked.Amount {
		found.fee = pay.Of(toPay.Amount-asked.Amount, currency)
	}
	return found, nil
}

// What an invoice is opened for, as its metadata says.
const (
	openedForPage   = "page"
	openedForCharge = "charge"
)

// isPage reports whether an invoice waits for a payer on its page. One that
// charges a saved card has none and is never said to wait for one: its sale may be
// on its way. Where the metadata is lost, an order of a customer counts as such.
func isPage(ref providers.Ref, i invoice) bool {
	return !ref.OfCustomer || i.Metadata.value.OpenedFor == openedForPage
}

// isLeftAlone reports whether nothing has happened to an invoice for its settling time.
func (c *Client) isLeftAlone(i invoice) bool {
	at := i.UpdatedAt.at()
	return !at.IsZero() && !c.clock.Now().Before(at.Add(c.config.Settling))
}
