// Package crashpoint names the places on the way of money where the death of the
// process would hurt most: between a commit and the call that it announces,
// between a provider's answer and its record, inside the transaction that settles.
//
// In a normal build Here does nothing and costs nothing. Built with the tag
// crashpoints, the process dies at the point that PAYGRAPH_CRASHPOINT names, or
// whatever a simulation has set by OnReach happens instead. Start with the points
// below; test/crash visits each of them in every flow.
package crashpoint

// A Point is one place where a process may die. Its name is the act, a dot, and
// how far the act has come.
type Point string

// The points, in the order in which a payment meets them. "-ing" is inside a
// transaction, just before its commit; what is lost there never happened.
const (
	BillInserting Point = "bill.inserting" // a new bill and its first attempt are written, not committed
	BillInserted  Point = "bill.inserted"  // a bill without an attempt is committed, its caller does not know

	OpeningCommitted Point = "opening.committed" // the attempt is committed, its provider has not heard of it
	OpeningAnswered  Point = "opening.answered"  // the provider opened a page, we have not written so
	OpeningRecording Point = "opening.recording" // the page is written, not committed
	OpeningRecorded  Point = "opening.recorded"  // the page is committed, its caller does not know

	ChargeCommitting Point = "charge.committing" // a saved card's charge is written, not committed
	ChargeCommitted  Point = "charge.committed"  // it is committed, its provider has not heard of it
	ChargeAnswered   Point = "charge.answered"   // the provider took the money, we have not written so
	ChargeRecording  Point = "charge.recording"  // its outcome is written, not committed
	ChargeRecorded   Point = "charge.recorded"   // its outcome is committed, its caller does not know

	WalletPaying Point = "wallet.paying" // a payment from a wallet is written, not committed
	WalletPaid   Point = "wallet.paid"   // it is committed, its caller does not know

	RegistrationCommitted Point = "registration.committed" // a card's registration is committed, its provider has not heard of it
	RegistrationAnswered  Point = "registration.answered"  // the provider opened a page for it, we have not written so
	RegistrationRecorded  Point = "registration.recorded"  // the page is committed, its caller does not know
	CardSaving            Point = "card.saving"            // a card is written, and who pays by it was told, not committed
	CardSaved             Point = "card.saved"             // it is committed, its job or caller does not know

	SubscriptionStepping Point = "subscription.stepping" // a version of a subscription is written, not committed
	SubscriptionStepped  Point = "subscription.stepped"  // a step is taken, the next one is not looked for

	GiftRedeeming Point = "gift.redeeming" // what a gift gives is given, not committed
	GiftRedeemed  Point = "gift.redeemed"  // it is committed, its caller does not know

	OperationCommitted Point = "operation.committed" // a capture or void is committed, its provider has not heard of it
	OperationAnswered  Point = "operation.answered"  // the provider did it, we have not written so
	OperationRecording Point = "operation.recording" // its outcome is written, not committed
	OperationRecorded  Point = "operation.recorded"  // its outcome is committed, its caller does not know

	RefundRequesting Point = "refund.requesting" // a refund is written, not committed
	RefundRequested  Point = "refund.requested"  // it is committed, nothing is sent
	RefundCommitted  Point = "refund.committed"  // its sending is committed, its provider has not heard of it
	RefundAnswered   Point = "refund.answered"   // the provider gave the money back, we have not written so
	RefundRecording  Point = "refund.recording"  // its outcome is written, not committed
	RefundRecorded   Point = "refund.recorded"   // its outcome is committed, its caller does not know

	EventStoring Point = "event.storing" // a notification is written, not committed
	EventStored  Point = "event.stored"  // a notification is committed, not acknowledged

	AskTaken    Point = "ask.taken"    // the right to ask is taken, nobody was asked
	AskAnswered Point = "ask.answered" // the provider said what it knows, nothing is settled
	Settling    Point = "ask.settling" // its answer, or a signed event, is settled, not committed
	Settled     Point = "ask.settled"  // its answer is committed, its job or caller does not know

	Fulfilling Point = "fulfil.granting" // what was bought is granted and the bill is DONE, not committed
	Fulfilled  Point = "fulfil.granted"  // the grant is committed, its job does not know

	Expiring Point = "expire.expiring" // a bill's end is written, not committed
	Expired  Point = "expire.expired"  // a bill's end is committed, its job does not know

	Canceling Point = "cancel.canceling" // a cancel is written, not committed
	Canceled  Point = "cancel.canceled"  // a cancel is committed, its caller does not know

	Resolving Point = "review.resolving" // a person's resolution is written, not committed
	Resolved  Point = "review.resolved"  // a person's resolution is committed, its caller does not know

	JobClaimed Point = "job.claimed" // a job is leased, its handler has not begun
	JobRan     Point = "job.ran"     // its handler has returned, its row does not say so
)

// Points lists every point.
func Points() []Point {
	return []Point{
		BillInserting, BillInserted,
		OpeningCommitted, OpeningAnswered, OpeningRecording, OpeningRecorded,
		ChargeCommitting, ChargeCommitted, ChargeAnswered, ChargeRecording, ChargeRecorded,
		WalletPaying, WalletPaid,
		RegistrationCommitted, RegistrationAnswered, RegistrationRecorded, CardSaving, CardSaved,
		SubscriptionStepping, SubscriptionStepped,
		GiftRedeeming, GiftRedeemed,
		OperationCommitted, OperationAnswered, OperationRecording, OperationRecorded,
		RefundRequesting, RefundRequested, RefundCommitted, RefundAnswered, RefundRecording, RefundRecorded,
		EventStoring, EventStored,
		AskTaken, AskAnswered, Settling, Settled,
		Fulfilling, Fulfilled,
		Expiring, Expired,
		Canceling, Canceled,
		Resolving, Resolved,
		JobClaimed, JobRan,
	}
}

// Variable names the point at which a process built with the tag crashpoints
// dies: "ask.settling", or "ask.settling#3" for the third time it is reached.
const Variable = "PAYGRAPH_CRASHPOINT"

// TraceVariable names a file to which such a process adds the name of each point
// that it reaches, one a line.
const TraceVariable = "PAYGRAPH_CRASHPOINT_TRACE"
