package payturesandbox

import (
	"context"
	"slices"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// attempt is a card put to a session.
type attempt struct {
	form    cardForm
	card    testCard
	outcome sandbox.Outcome // approve, unless /_control/pay plays the payer

	// number is the attempt that the payer's page was drawn for, from 1. A
	// page sent twice has the same number, and its second copy is ignored.
	// 0 is a client without pages.
	number int
}

// submit takes one card attempt. It returns the id of the 3-D Secure step that
// must follow, or "" when the attempt is decided, and a code when the session
// takes no card. Attempts on one order run one after another, so money is
// taken once however often a page is submitted.
func (v *Vendor) submit(ctx context.Context, o *order, a attempt) (string, Code) {
	o.op.Lock()
	defer o.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()

	now := v.host.Now()
	v.age(o, now)
	if a.number > 0 && a.number != len(o.Tries)+1 {
		return o.challenge(), ""
	}
	if code := v.closed(o, now); code != "" {
		return "", code
	}
	if t := o.last(); t != nil && t.State == StatePreAuthorized3DS {
		t.State = StateObsolete
	}
	t := &try{State: StateNew, Card: maskPAN(a.card.pan), At: now, Verdict: a.card.refusal(a.form, o.Amount, o.Type == typeAdd)}
	if a.outcome == sandbox.OutcomeDecline {
		t.Verdict = CodeIssuerCardFail
	}
	asks := a.card.threeDS || a.outcome == sandbox.OutcomeAbandon
	if o.isWallet() {
		t.Date, t.Holder = sandbox.MonthYear(a.form.date), a.form.holder
		asks = v.walletVerdict(o, t, asks)
	}
	if asks {
		t.State, t.Challenge = StatePreAuthorized3DS, newID()
		o.Tries, o.State = append(o.Tries, t), StatePreAuthorized3DS
		v.challenges[t.Challenge] = o
		v.host.Commit(v.kept(o))
		return t.Challenge, ""
	}
	if a.card.slow == "block" && o.Type != typeAdd && !v.slow(ctx) {
		return "", CodeInternalError
	}
	o.Tries = append(o.Tries, t)
	v.decide(o, t)
	return "", ""
}

// challenge is the 3-D Secure step under way, or "".
func (o *order) challenge() string {
	if t := o.last(); t != nil && t.State == StatePreAuthorized3DS {
		return t.Challenge
	}
	return ""
}

// answer is what the payer does on the bank's page. It reports false when the
// step is no longer asked: answered already, timed out, or left for another
// card. A step begun in time may be answered after the session's end.
func (v *Vendor) answer(o *order, challenge string, confirmed bool) bool {
	o.op.Lock()
	defer o.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()

	v.age(o, v.host.Now())
	if o.challenge() != challenge {
		return false
	}
	t := o.last()
	if !confirmed {
		t.Verdict = CodeCanceledByClient
	}
	v.decide(o, t)
	return true
}

// slow passes the 40 s of a slow card without v.mu, so that GetState answers
// meanwhile. It reports false when the sandbox is closed first: then nothing
// happens, as if the work had never reached the bank.
func (v *Vendor) slow(ctx context.Context) bool {
	v.mu.Unlock()
	defer v.mu.Lock()
	return v.host.Wait(ctx, slowCard) == nil
}

// decide ends an attempt with the bank's verdict. v.mu and o.op must be held.
func (v *Vendor) decide(o *order, t *try) {
	c := sandbox.Change{}
	kind, money := "EnginePay", o.movement()
	if t.Verdict == "" && o.Type == typeAdd {
		t.Verdict = v.cannotAdd(o, t.Card)
	}
	switch {
	case t.Verdict != "":
		o.State, t.Code = StateRejected, t.Verdict
		if o.Type == typeBlock {
			kind = "EngineBlock"
		}
	case o.Type == typeAdd: // taken and given back at once
		o.State, o.Charged, o.Refunded = StateRefunded, o.Amount, o.Amount
		money.CapturedMinor, money.RefundedMinor = o.Amount, o.Amount
	case o.Type == typeBlock:
		kind = "EngineBlock"
		o.State, o.Held, o.HeldAt = StateAuthorized, o.Amount, v.host.Now()
	default:
		o.State, o.Charged = StateCharged, v.host.TakenMinor(o.Amount)
		money.CapturedMinor = o.Charged
	}
	t.State = o.State
	if t.Verdict == "" {
		o.Card, o.RRN = t.Card, newRRN()
		money.State = string(o.State)
		c.Book = []sandbox.Movement{money}
		c.Save = v.keepCard(o, t)
	}
	c.Save = append(c.Save, v.kept(o).Save...)
	c.Notify = v.notice(o, kind, o.amountNow(), t.Code, t.Challenge != "")
	v.host.Commit(c)
}

// findTry is the attempt of a 3-D Secure step. v.mu must be held.
func (o *order) findTry(challenge string) *try {
	i := slices.IndexFunc(o.Tries, func(t *try) bool { return t.Challenge == challenge })
	return o.Tries[i] // the index of challenges holds none that is not there
}
