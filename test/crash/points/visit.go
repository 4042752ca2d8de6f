package points

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// The demo shop's provider accounts, and the price of what is bought, in kopecks.
const (
	oneStage = "payture"
	twoStage = "payture-two-stage"
	price    = 99000
)

const (
	callTime = 15 * time.Second
	patience = 75 * time.Second // of a client with one call; a dead call's key is free after 30 s
	newsTime = 60 * time.Second // in which a payment's outcome is known
)

// visit is one case from the outside: a shop, a payer, and the program between
// them, which may be away.
type visit struct {
	shop

	api     *rig.API
	sandbox *rig.Sandbox
	keeper  *keeper
	turn    sync.Mutex // of random: calls come at the same time
	random  *rand.Rand
}

// key is a UUID from the seed.
func (v *visit) key() string {
	v.turn.Lock()
	defer v.turn.Unlock()
	a, b := v.random.Uint64(), v.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

// until calls f until it says that it is done or fails, with pauses that grow.
func until(ctx context.Context, limit time.Duration, what string, f func() (done bool, err error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s: not within %s", what, limit))
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		done, err := f()
		if done || err != nil {
			return err
		}
		if pause(ctx, wait); ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// isLost reports whether a call may be repeated because nobody knows what became
// of it.
func isLost(err error) bool {
	_, refused := errors.AsType[*rig.RefusedError](err)
	return refused || errors.Is(err, rig.ErrLost)
}

// answered is the payload of any mutation.
type answered interface {
	IsFinal() bool
	Codes() []string
}

// final is finally for a mutation of a bill.
func (v *visit) final(ctx context.Context, what string, call func(ctx context.Context) (*rig.Answer, error)) (*rig.Answer, error) {
	return finally(ctx, what, call)
}

// finally repeats a call until its answer is final, as a client does: with the
// same key, while the program is away too.
func finally[A answered](ctx context.Context, what string, call func(ctx context.Context) (A, error)) (answer A, err error) {
	last := ""
	err = until(ctx, patience, what, func() (bool, error) {
		answer, err = call(ctx)
		switch {
		case err == nil:
			last = fmt.Sprint(answer.Codes())
			return answer.IsFinal(), nil
		case isLost(err):
			last = err.Error()
			return false, nil
		}
		return false, err
	})
	if err != nil {
		return answer, fmt.Errorf("%w; the last answer: %s", err, last)
	}
	return answer, nil
}

// order is what billCreate is called with; more changes it, and nil there takes out.
func (v *visit) order(more map[string]any) map[string]any {
	input := map[string]any{
		"idempotencyKey": v.key(), "product": v.product, "currency": "RUB", "pageId": "articles/1",
		"payWith": map[string]string{"provider": oneStage},
	}
	for name, value := range more {
		if input[name] = value; value == nil {
			delete(input, name)
		}
	}
	return input
}

// create makes a bill and returns its id and the provider's page, which a caller
// whose first call died opens by another.
func (v *visit) create(ctx context.Context, token string, input map[string]any) (bill, page string, err error) {
	answer, err := v.final(ctx, "billCreate", func(ctx context.Context) (*rig.Answer, error) { return v.api.Create(ctx, token, input) })
	switch {
	case err != nil:
		return "", "", err
	case answer.Bill == nil:
		return "", "", fmt.Errorf("billCreate made no bill: %v", answer.Codes())
	}
	return answer.Bill.ID, answer.Bill.NextAction.URL, nil
}

// buy makes a bill of the one or the two-stage account and returns its page.
func (v *visit) buy(ctx context.Context, account string) (bill, page string, err error) {
	input := v.order(map[string]any{"payWith": map[string]string{"provider": account}})
	if bill, page, err = v.create(ctx, v.keys.Secret, input); err == nil && page == "" {
		page, err = v.open(ctx, bill, account, "")
	}
	return bill, page, err
}

// open opens a page of an account for a bill, another than the one that is known.
func (v *visit) open(ctx context.Context, bill, account, known string) (page string, err error) {
	err = until(ctx, patience, "billPay opens a page", func() (bool, error) {
		key := v.key()
		answer, err := v.final(ctx, "billPay", func(ctx context.Context) (*rig.Answer, error) {
			return v.api.Pay(ctx, v.keys.Secret, key, bill, account)
		})
		if err != nil {
			return false, err
		}
		if answer.Bill == nil || answer.Bill.Status != "PENDING" {
			return false, fmt.Errorf("billPay opened no page: %v", answer.Codes())
		}
		page = answer.Bill.NextAction.URL
		return page != "" && page != known, nil
	})
	return page, err
}

// steadily repeats a call to the sandbox that it did not even read: on a machine
// under load it may hang up on a caller who is slow.
func steadily(call func() error) (err error) {
	for range startTries {
		if err = call(); !errors.Is(err, io.EOF) {
			break
		}
	}
	return err
}

// faulty has something go wrong at the provider.
func (v *visit) faulty(ctx context.Context, f rig.Fault) error {
	return steadily(func() error { return v.sandbox.Break(ctx, f) })
}

// pays plays the payer on a page.
func (v *visit) pays(ctx context.Context, page string, outcomes ...string) (paid rig.Paid, err error) {
	for _, outcome := range outcomes {
		err = steadily(func() error {
			paid, err = v.sandbox.Pay(ctx, page, outcome)
			return err
		})
		if err != nil {
			return paid, fmt.Errorf("pay: %w", err)
		}
	}
	return paid, nil
}

// become waits until the bill has one of the statuses. Asking has the client ask
// for news, by billRefresh, instead of waiting for them.
func (v *visit) become(ctx context.Context, bill string, asking bool, statuses ...string) error {
	return until(ctx, newsTime, fmt.Sprintf("the bill becomes %v", statuses), func() (bool, error) {
		if asking {
			if _, err := v.api.Refresh(ctx, v.keys.Secret, bill); err != nil && !isLost(err) {
				return false, err
			}
		}
		bills, err := v.api.Bills(ctx, v.keys.Secret, []string{bill})
		if err != nil {
			if isLost(err) {
				return false, nil
			}
			return false, err
		}
		return bills[0] != nil && slices.Contains(statuses, bills[0].Status), nil
	})
}

// held makes a two-stage bill and has its payer agree to the hold.
func (v *visit) held(ctx context.Context) (bill string, err error) {
	bill, page, err := v.buy(ctx, twoStage)
	if err != nil {
		return "", err
	}
	if _, err := v.pays(ctx, page, rig.Approve); err != nil {
		return "", err
	}
	return bill, v.become(ctx, bill, false, "AUTHORIZED")
}

// capture takes what is held, or part of it when amount is not 0. While something
// about the bill is in doubt that is refused, and the client comes again, with a
// new key.
func (v *visit) capture(ctx context.Context, bill string, amount int64) error {
	const document = `mutation($k: ID!, $b: ID!, $a: MoneyInput) { answer: billCapture(idempotencyKey: $k, bill: $b, amount: $a) {
		bill { id status version } errors { code key message retry } replayed } }`
	variables := map[string]any{"b": bill}
	if amount != 0 {
		variables["a"] = map[string]any{"amount": amount, "currency": "RUB"}
	}
	return until(ctx, patience, "billCapture is not refused for doubt", func() (bool, error) {
		variables["k"] = v.key()
		answer, err := v.final(ctx, "billCapture", func(ctx context.Context) (*rig.Answer, error) {
			var data struct{ Answer *rig.Answer }
			err := v.api.Do(ctx, v.keys.Secret, document, variables, &data)
			return data.Answer, err
		})
		return err == nil && !slices.Contains(answer.Codes(), "CONFLICT"), err
	})
}

func (v *visit) cancel(ctx context.Context, bill string) error {
	key := v.key()
	_, err := v.final(ctx, "billCancel", func(ctx context.Context) (*rig.Answer, error) {
		return v.api.Cancel(ctx, v.keys.Secret, key, bill)
	})
	return err
}

// review is a case as a person sees it.
type review struct {
	ID         string
	Reason     string
	Resolution string
}

// reviews reads all cases, the ended ones too.
func (v *visit) reviews(ctx context.Context) ([]review, error) {
	var data struct{ ReviewCases struct{ Nodes []review } }
	const document = `{ reviewCases(first: 100, open: null) { nodes { id reason resolution } } }`
	if err := v.api.Do(ctx, v.keys.Operator, document, nil, &data); err != nil {
		return nil, err
	}
	return data.ReviewCases.Nodes, nil
}

// resolve waits for an open case of the reason and ends it.
func (v *visit) resolve(ctx context.Context, reason, resolution string) error {
	var id string
	err := until(ctx, newsTime, "a case of "+reason+" opens", func() (bool, error) {
		found, err := v.reviews(ctx)
		if err != nil && !isLost(err) {
			return false, err
		}
		at := slices.IndexFunc(found, func(r review) bool { return r.Reason == reason && r.Resolution == "" })
		if at >= 0 {
			id = found[at].ID
		}
		return at >= 0, nil
	})
	if err != nil {
		return err
	}
	const document = `mutation($i: ReviewResolveInput!) { answer: reviewResolve(input: $i) {
		case { id } errors { code key message retry } replayed } }`
	input := map[string]any{"idempotencyKey": v.key(), "case": id, "resolution": resolution, "note": "Looked at the provider's own page."}
	answer, err := v.final(ctx, "reviewResolve", func(ctx context.Context) (*rig.Answer, error) {
		var data struct{ Answer *rig.Answer }
		err := v.api.Do(ctx, v.keys.Operator, document, map[string]any{"i": input}, &data)
		return data.Answer, err
	})
	if err == nil && len(answer.Errors) > 0 {
		return fmt.Errorf("reviewResolve refused: %+v", answer.Errors)
	}
	return err
}
