package ktpaysandbox

import (
	"context"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// The way of the money: authorize holds it, a service is credited while the
// hold stays, clear takes it, fail gives the hold back. Each step is one commit,
// so a killed sandbox goes on from the last one.

// authorize holds x's money. Goods of the merchant's own are cleared at once, a
// service is credited in the background. x.op and v.mu must be held.
func (v *Vendor) authorize(x *transaction) {
	now := v.host.Now()
	x.State, x.StateAt = StateAuthorized, now
	if x.Type == typeService {
		s, _ := findService(x.ServiceID) // checked when x was created
		x.DueAt = now.Add(s.takes)
	}
	v.commit(x, 0)
	v.proceed(x)
}

// proceed takes x from the hold to its end. x.op and v.mu must be held.
func (v *Vendor) proceed(x *transaction) {
	if x.State == StateAuthorized && x.Type == typeService {
		go v.credit(x)
		return
	}
	v.clear(x)
}

// credit waits for the service's answer. The hold is never released before it.
// A sandbox that closes meanwhile asks again after its restart.
func (v *Vendor) credit(x *transaction) {
	v.mu.Lock()
	due := x.DueAt
	v.mu.Unlock()
	if v.host.Wait(context.Background(), due.Sub(v.host.Now())) != nil {
		return
	}
	x.op.Lock()
	defer x.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	s, known := findService(x.ServiceID)
	refused := s.refusal(x.Contract)
	switch {
	case !known:
		v.fail(x, StateDenied, failure{Type: errorSystem, Message: "The service is closed"})
	case refused != nil:
		v.fail(x, StateDenied, *refused)
	default:
		v.clear(x)
	}
}

// clear takes the money: success, and then completed, which is when it counts.
// x.op and v.mu must be held.
func (v *Vendor) clear(x *transaction) {
	if x.State == StateAuthorized {
		x.State, x.StateAt = StateSuccess, v.host.Now()
		v.commit(x, 0)
	}
	x.State, x.StateAt = StateCompleted, v.host.Now()
	x.TakenMinor = v.host.TakenMinor(x.AmountMinor)
	v.commit(x, x.TakenMinor)
}

// fail ends x without money. x.op and v.mu must be held.
func (v *Vendor) fail(x *transaction, state State, f failure) {
	held := x.State.isGood()
	x.State, x.StateAt, x.Failure, x.Code = state, v.host.Now(), &f, f.Code
	if held {
		v.commit(x, 0)
		return
	}
	v.host.Commit(sandbox.Change{Save: x.kept(), Notify: v.notice(x)}) // no money: no line in the book
}

// commit keeps x, its line in the book and its notification as one. v.mu must
// be held.
func (v *Vendor) commit(x *transaction, capturedMinor int64) {
	m := x.movement()
	m.CapturedMinor = capturedMinor
	v.host.Commit(sandbox.Change{Save: x.kept(), Book: []sandbox.Movement{m}, Notify: v.notice(x)})
}

// resume goes on with what a killed sandbox left between the hold and the end.
// It is called before anything is served.
func (v *Vendor) resume() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, x := range v.byHash {
		if x.State == StateAuthorized || x.State == StateSuccess {
			v.proceed(x)
		}
	}
}
