package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Op is what a request to a vendor does, as far as faults are concerned.
type Op string

// What faults may be aimed at.
const (
	OpNone    Op = ""        // a payer's page: no fault strikes it
	OpStart   Op = "start"   // opens a payment: Payture Init
	OpSync    Op = "sync"    // asks for a state: Payture GetState, PayStatus
	OpCharge  Op = "charge"  // takes, captures or releases money on the merchant's word: Payture Charge, Unblock
	OpRefund  Op = "refund"  // gives money back
	OpPayer   Op = "payer"   // keeps payers and their cards, moves no money: Payture Register, Remove
	OpWebhook Op = "webhook" // a notification of the vendor's
	OpAny     Op = "*"
)

// Kind is what goes wrong.
type Kind string

// What may go wrong, and how much of the work is done by then.
const (
	DropReply     Kind = "drop_reply"     // the work is done, then the connection is cut
	Delay         Kind = "delay"          // waits DelayMs of real time first, even if the caller hangs up, then works
	HTTP500       Kind = "http_500"       // no work, 500
	Garbage       Kind = "garbage"        // the work is done, the answer is 200 with HTML that no client expects
	RefuseConnect Kind = "refuse_connect" // no work, the connection is cut before any answer
	Duplicate     Kind = "duplicate"      // a notification is sent twice
	Reorder       Kind = "reorder"        // a notification is held until the account's next one went, or for 5 s
	Lose          Kind = "lose"           // a notification vanishes and is not retried
	WrongAmount   Kind = "wrong_amount"   // a capture takes another amount than ordered, see Host.TakenMinor
)

// Fault is a rule of the injector. Several rules may strike one request: delays
// add up, and of the rest the rule that came first wins.
type Fault struct {
	Provider string  `json:"provider"` // a vendor's name or "*"
	Op       Op      `json:"op"`
	Fault    Kind    `json:"fault"`
	Rate     float64 `json:"rate"`    // chance of each matching request, 0 to 1
	Count    int     `json:"count"`   // how often it strikes at most; 0 is no limit
	DelayMs  int64   `json:"delayMs"` // for delay
	Seed     int64   `json:"seed"`    // of the rule's own random numbers, so that a run can be repeated
	Hits     int     `json:"hits"`    // how often it struck so far
}

// strike is what happens to one request.
type strike struct {
	delay time.Duration
	kind  Kind // empty: nothing
}

type rule struct {
	Fault
	random *rand.Rand
}

// faults holds the rules in the order they were added.
type faults struct {
	mu    sync.Mutex
	rules []*rule
}

func (f *faults) add(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	random := rand.New(rand.NewPCG(uint64(x.Seed), 0)) //nolint:gosec // faults must be repeatable from their seed, not unpredictable
	f.rules = append(f.rules, &rule{Fault: x, random: random})
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Fault, 0, len(f.rules))
	for _, r := range f.rules {
		all = append(all, r.Fault)
	}
	return all
}

// draw decides what strikes one request or notification of provider.
func (f *faults) draw(provider string, op Op) strike {
	f.mu.Lock()
	defer f.mu.Unlock()
	var s strike
	for _, r := range f.rules {
		switch {
		case op == OpNone || r.Fault.Fault == WrongAmount || !r.covers(provider, op):
		case r.Fault.Fault == Delay:
			if r.strikes() {
				s.delay += time.Duration(r.DelayMs) * time.Millisecond
			}
		case s.kind == "" && r.strikes():
			s.kind = r.Fault.Fault
		}
	}
	return s
}

// wrongAmount reports whether a capture of provider's takes another amount.
func (f *faults) wrongAmount(provider string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.rules, func(r *rule) bool {
		return r.Fault.Fault == WrongAmount && r.covers(provider, OpCharge) && r.strikes()
	})
}

func (r *rule) covers(provider string, op Op) bool {
	if r.Provider != provider && r.Provider != "*" {
		return false
	}
	if r.Op != op && r.Op != OpAny {
		return false
	}
	return op == OpWebhook || !r.Fault.Fault.onlyWebhook()
}

func (r *rule) strikes() bool {
	if r.Count > 0 && r.Hits >= r.Count || r.random.Float64() >= r.Rate {
		return false
	}
	r.Hits++
	return true
}

func (k Kind) onlyWebhook() bool {
	return k == Duplicate || k == Reorder || k == Lose
}

// check reports the first thing wrong with a rule, naming the field. known
// says whether a provider is registered.
func (x Fault) check(known func(string) bool) error {
	ops := []Op{OpStart, OpCharge, OpSync, OpRefund, OpPayer, OpWebhook, OpAny}
	kinds := []Kind{DropReply, Delay, HTTP500, Garbage, RefuseConnect, Duplicate, Reorder, Lose, WrongAmount}
	switch {
	case x.Provider != "*" && !known(x.Provider):
		return fmt.Errorf("provider: %q is not a provider of this sandbox; use a name or *", x.Provider)
	case !slices.Contains(ops, x.Op):
		return fmt.Errorf("op: %q is not one of %v", x.Op, ops)
	case !slices.Contains(kinds, x.Fault):
		return fmt.Errorf("fault: %q is not one of %v", x.Fault, kinds)
	case x.Rate < 0 || x.Rate > 1:
		return fmt.Errorf("rate: %v is not from 0 to 1", x.Rate)
	case x.Count < 0:
		return fmt.Errorf("count: %d is below 0", x.Count)
	case x.DelayMs < 0 || x.DelayMs > 600_000:
		return fmt.Errorf("delayMs: %d is not from 0 to 600000", x.DelayMs)
	case x.Fault == Delay && x.DelayMs == 0:
		return fmt.Errorf("delayMs: a delay needs one")
	case x.Fault.onlyWebhook() && x.Op != OpWebhook && x.Op != OpAny:
		return fmt.Errorf("fault: %s strikes notifications only, not op %s", x.Fault, x.Op)
	case x.Fault == WrongAmount && x.Op != OpCharge && x.Op != OpAny:
		return fmt.Errorf("fault: wrong_amount strikes captures only (op charge), not op %s", x.Op)
	}
	return nil
}
