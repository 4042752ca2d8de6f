package points

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// flow is one way that a payment may go. Act drives it from the outside, by calls
// that are repeated until they are answered, and returns what must be true when
// all has come to rest, wherever the program died.
type flow struct {
	name string
	act  func(ctx context.Context, v *visit) (want, error)
}

func flows() []flow {
	return []flow{
		{"page", payOnPage},
		{"lost-notice", payWithoutNotice},
		{"refresh", payAndRefresh},
		{"pay-later", payLater},
		{"guest", payAsGuest},
		{"decline", declineThenPay},
		{"capture", captureAll},
		{"partial", capturePart},
		{"void", voidHold},
		{"cancel", cancelPending},
		{"expire", expire},
		{"two-tabs", payTwice},
		{"two-holds", holdTwice},
		{"late", payLate},
		{"late-hold", holdLate},
		{"lost-start", loseStart},
		{"lost-charge", loseCharge},
		{"lost-void", loseVoid},
		{"lost-sync", loseSync},
		{"twins", sendTwins},
		{"drain", drainOnTerm},
		{"stranger", payStranger},
		{"add-card", addCard},
		{"finish-card", finishCard},
		{"lost-adding", loseAdding},
		{"saved-card", payByCard},
		{"card-later", payByCardLater},
		{"card-twins", payByCardTwice},
		{"card-refused", payByRefusedCard},
		{"lost-payment", losePayment},
		{"top-up", topUp},
		{"wallet", payFromWallet},
		{"gift", giveMoney},
		{"subscribe", subscribe},
		{"first-on-page", subscribeOnPage},
		{"renew", renew},
		{"lost-renewal", loseRenewal},
		{"year", liveByClock},
		{"past-due", fallPastDue},
		{"refund", refundAll},
		{"lost-refund", loseRefund},
		{"refund-parts", refundParts},
		{"refund-gift", refundGift},
		{"refund-top-up", refundTopUp},
		{"refund-period", refundPeriod},
		{"refund-late", refundLate},
		{"refund-double", refundDuplicate},
		{"refund-approved", refundApproved},
	}
}

func bought(bill string) want {
	return want{bill: bill, status: "DONE", entitlements: 1, taken: []int64{price}}
}

// payOnPage: the plain one. The payer pays, the provider says so, the client only
// looks.
func payOnPage(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// payWithoutNotice: the notification never comes; the payer comes back to us.
func payWithoutNotice(ctx context.Context, v *visit) (want, error) {
	if err := v.faulty(ctx, rig.Fault{Provider: "payture", Op: "webhook", Fault: "lose", Rate: 1}); err != nil {
		return want{}, err
	}
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	paid, err := v.pays(ctx, page, rig.Approve)
	if err != nil {
		return want{}, err
	}
	err = until(ctx, patience, "the payer comes back", func() (bool, error) {
		_, err := v.api.Return(ctx, paid.ReturnURL)
		return err == nil, nil
	})
	if err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// payAndRefresh: the notification never comes; the client asks.
func payAndRefresh(ctx context.Context, v *visit) (want, error) {
	if err := v.faulty(ctx, rig.Fault{Provider: "payture", Op: "webhook", Fault: "lose", Rate: 1}); err != nil {
		return want{}, err
	}
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, true, "DONE")
}

// payLater: a bill without an attempt, paid by a second call.
func payLater(ctx context.Context, v *visit) (want, error) {
	input := v.order(map[string]any{"start": false})
	delete(input, "payWith")
	bill, _, err := v.create(ctx, v.keys.Secret, input)
	if err != nil {
		return want{}, err
	}
	page, err := v.open(ctx, bill, oneStage, "")
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// payAsGuest: the page itself buys, and refreshes with the token of its bill.
func payAsGuest(ctx context.Context, v *visit) (want, error) {
	input := v.order(nil)
	answer, err := v.final(ctx, "billCreate", func(ctx context.Context) (*rig.Answer, error) {
		return v.api.Create(ctx, v.keys.Publishable, input)
	})
	if err != nil {
		return want{}, err
	}
	if answer.Bill == nil || answer.AccessToken == "" {
		return want{}, fmt.Errorf("billCreate gave a guest no bill or no token: %v", answer.Codes())
	}
	bill, page := answer.Bill.ID, answer.Bill.NextAction.URL
	if page == "" {
		if page, err = v.open(ctx, bill, oneStage, ""); err != nil {
			return want{}, err
		}
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	_, err = v.final(ctx, "billRefresh", func(ctx context.Context) (*rig.Answer, error) {
		return v.api.Refresh(ctx, answer.AccessToken, bill)
	})
	if err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, true, "DONE")
}

// declineThenPay: one card is refused, another on the same page is not.
func declineThenPay(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Decline); err != nil {
		return want{}, err
	}
	if _, err := v.final(ctx, "billRefresh", func(ctx context.Context) (*rig.Answer, error) { return v.api.Refresh(ctx, v.keys.Secret, bill) }); err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, true, "DONE")
}

// captureAll: the merchant takes all that was held.
func captureAll(ctx context.Context, v *visit) (want, error) {
	bill, err := v.held(ctx)
	if err != nil {
		return want{}, err
	}
	if err := v.capture(ctx, bill, 0); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// capturePart: the merchant takes less than was held.
func capturePart(ctx context.Context, v *visit) (want, error) {
	bill, err := v.held(ctx)
	if err != nil {
		return want{}, err
	}
	const part = price / 3
	if err := v.capture(ctx, bill, part); err != nil {
		return want{}, err
	}
	done := bought(bill)
	done.taken = []int64{part}
	return done, v.become(ctx, bill, false, "DONE")
}

// voidHold: the merchant gives a hold back.
func voidHold(ctx context.Context, v *visit) (want, error) {
	bill, err := v.held(ctx)
	if err != nil {
		return want{}, err
	}
	if err := v.cancel(ctx, bill); err != nil {
		return want{}, err
	}
	return want{bill: bill, status: "CANCELED"}, v.become(ctx, bill, false, "CANCELED")
}

// cancelPending: the payer changes their mind before they pay.
func cancelPending(ctx context.Context, v *visit) (want, error) {
	bill, _, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	return want{bill: bill, status: "CANCELED"}, v.cancel(ctx, bill)
}

// expire: nobody pays.
func expire(ctx context.Context, v *visit) (want, error) {
	bill, _, err := v.create(ctx, v.keys.Secret, v.order(map[string]any{"expiresIn": "PT3S"}))
	if err != nil {
		return want{}, err
	}
	return want{bill: bill, status: "EXPIRED"}, v.become(ctx, bill, false, "EXPIRED")
}

// twoPages opens a second page after a refusal on the first, and leaves both open.
func (v *visit) twoPages(ctx context.Context, account string) (bill, first, second string, err error) {
	if bill, first, err = v.buy(ctx, account); err != nil {
		return "", "", "", err
	}
	if _, err := v.pays(ctx, first, rig.Decline); err != nil {
		return "", "", "", err
	}
	if _, err := v.final(ctx, "billRefresh", func(ctx context.Context) (*rig.Answer, error) { return v.api.Refresh(ctx, v.keys.Secret, bill) }); err != nil {
		return "", "", "", err
	}
	second, err = v.open(ctx, bill, account, first)
	return bill, first, second, err
}

// payTwice: two tabs, and the payer pays in both. The second payment waits for a
// person.
func payTwice(ctx context.Context, v *visit) (want, error) {
	bill, first, second, err := v.twoPages(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, second, rig.Approve); err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, first, rig.Approve); err != nil {
		return want{}, err
	}
	done := bought(bill)
	done.taken = []int64{price, price}
	done.reviews = []string{"DUPLICATE_PAYMENT"}
	return done, v.become(ctx, bill, true, "DONE")
}

// holdTwice: two tabs with holds. One is captured, the other is given back by us.
func holdTwice(ctx context.Context, v *visit) (want, error) {
	bill, first, second, err := v.twoPages(ctx, twoStage)
	if err != nil {
		return want{}, err
	}
	for _, page := range []string{second, first} {
		if _, err := v.pays(ctx, page, rig.Approve); err != nil {
			return want{}, err
		}
	}
	if err := v.become(ctx, bill, true, "AUTHORIZED"); err != nil {
		return want{}, err
	}
	err = until(ctx, newsTime, "the second hold is given back", func() (bool, error) {
		book, err := v.sandbox.Book(ctx)
		if err != nil {
			return false, err
		}
		if _, err := v.api.Refresh(ctx, v.keys.Secret, bill); err != nil && !isLost(err) {
			return false, err
		}
		return len(heldIn(book)) == 1, nil
	})
	if err != nil {
		return want{}, err
	}
	if err := v.capture(ctx, bill, 0); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// payLate: the payer cancels, and pays all the same. A person gives them what they
// paid for.
func payLate(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if err := v.cancel(ctx, bill); err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	if err := v.resolve(ctx, "LATE_PAYMENT", "FULFIL"); err != nil {
		return want{}, err
	}
	done := bought(bill)
	done.reviews = []string{"LATE_PAYMENT FULFIL"}
	return done, v.become(ctx, bill, false, "DONE")
}

// holdLate: the payer cancels, and agrees to a hold all the same. We give it back.
func holdLate(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, twoStage)
	if err != nil {
		return want{}, err
	}
	if err := v.cancel(ctx, bill); err != nil {
		return want{}, err
	}
	_, err = v.pays(ctx, page, rig.Approve)
	return want{bill: bill, status: "CANCELED"}, err
}

// loseStart: the provider opens a page and its answer is lost. Another takes its
// place.
func loseStart(ctx context.Context, v *visit) (want, error) {
	if err := v.lose(ctx, "start", 1); err != nil {
		return want{}, err
	}
	return payOnPage(ctx, v)
}

// loseCharge: the provider takes what was held and its answer is lost.
func loseCharge(ctx context.Context, v *visit) (want, error) {
	if err := v.lose(ctx, "charge", 1); err != nil {
		return want{}, err
	}
	return captureAll(ctx, v)
}

// loseVoid: the provider gives a hold back and its answer is lost.
func loseVoid(ctx context.Context, v *visit) (want, error) {
	bill, err := v.held(ctx)
	if err != nil {
		return want{}, err
	}
	if err := v.lose(ctx, "charge", 1); err != nil {
		return want{}, err
	}
	if err := v.cancel(ctx, bill); err != nil {
		return want{}, err
	}
	return want{bill: bill, status: "CANCELED"}, v.become(ctx, bill, false, "CANCELED")
}

// loseSync: the provider's answers to our questions are lost at first.
func loseSync(ctx context.Context, v *visit) (want, error) {
	if err := v.lose(ctx, "sync", 2); err != nil {
		return want{}, err
	}
	return payAndRefresh(ctx, v)
}

// lose has the provider's next answers cut off after the work was done.
func (v *visit) lose(ctx context.Context, op string, count int) error {
	return v.faulty(ctx, rig.Fault{Provider: "payture", Op: op, Fault: "drop_reply", Rate: 1, Count: count})
}

// sendTwins: every call comes twice at the same time, with the same key.
func sendTwins(ctx context.Context, v *visit) (want, error) {
	input := v.order(map[string]any{"payWith": map[string]string{"provider": twoStage}})
	bills := make([]string, 2)
	pages := make([]string, 2)
	err := twice(func(n int) (err error) {
		bills[n], pages[n], err = v.create(ctx, v.keys.Secret, input)
		return err
	})
	switch {
	case err != nil:
		return want{}, err
	case bills[0] != bills[1]:
		return want{}, fmt.Errorf("one key made two bills: %v", bills)
	}
	page := pages[0]
	if page == "" {
		if page, err = v.open(ctx, bills[0], twoStage, ""); err != nil {
			return want{}, err
		}
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	if err := v.become(ctx, bills[0], true, "AUTHORIZED"); err != nil {
		return want{}, err
	}
	key := v.key()
	err = twice(func(int) error {
		_, err := v.final(ctx, "billCapture", func(ctx context.Context) (*rig.Answer, error) {
			return v.api.Capture(ctx, v.keys.Secret, key, bills[0])
		})
		return err
	})
	if err != nil {
		return want{}, err
	}
	return bought(bills[0]), v.become(ctx, bills[0], false, "DONE")
}

// twice calls f two times at the same time.
func twice(f func(n int) error) error {
	errs := make([]error, 2)
	var group sync.WaitGroup
	for n := range errs {
		group.Go(func() { errs[n] = f(n) })
	}
	group.Wait()
	return errors.Join(errs...)
}

// drainOnTerm: the program is asked to end while the provider takes its time to
// say whether the payer has paid. It hears the answer out, ends, and begins again.
func drainOnTerm(ctx context.Context, v *visit) (want, error) {
	bill, page, err := v.buy(ctx, oneStage)
	if err != nil {
		return want{}, err
	}
	if err := v.faulty(ctx, rig.Fault{Provider: "payture", Op: "sync", Fault: "delay", Rate: 1, Count: 1, DelayMs: 1500}); err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	err = until(ctx, newsTime, "the provider is asked", func() (bool, error) {
		faults, err := v.sandbox.Faults(ctx)
		return len(faults) == 1 && faults[0].Hits > 0, err
	})
	if err != nil {
		return want{}, err
	}
	if err := v.keeper.term(); err != nil {
		return want{}, err
	}
	return bought(bill), v.become(ctx, bill, false, "DONE")
}

// payStranger: another program at the same terminal is paid, and we are told of
// it. A person sees to the money elsewhere and dismisses the case.
func payStranger(ctx context.Context, v *visit) (want, error) {
	const order = "another-program-1"
	page, err := v.sandbox.Foreign(ctx, order, price)
	if err != nil {
		return want{}, err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return want{}, err
	}
	err = until(ctx, patience, "the notification is taken", func() (bool, error) {
		status, err := v.api.Notify(ctx, order)
		return err == nil && status == http.StatusOK, nil
	})
	if err != nil {
		return want{}, err
	}
	if err := v.resolve(ctx, "UNMATCHED_PAYMENT", "DISMISS"); err != nil {
		return want{}, err
	}
	return want{taken: []int64{price}, reviews: []string{"UNMATCHED_PAYMENT DISMISS"}}, nil
}
