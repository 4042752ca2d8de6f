package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// The rules that facts are held against, beside those of bills.
const (
	ruleCard         = "card.kept"         // a card that was said to be saved is there, once
	ruleWallet       = "wallet.sum"        // a wallet has what its bills and gifts say, and holds nothing
	ruleGift         = "gift.one_winner"   // one customer redeems a gift, and is the one who was told so
	ruleSubscription = "subscription.kept" // a subscription's paid periods stay paid, and it is there
	ruleRefund       = "refund.kept"       // one key made one refund, and what became of it stays so
)

// facts are what clients were told of anything but bills, to be read again when
// all is over.
type facts struct {
	mu            sync.Mutex
	cards         map[string]string   // the card of each customer who was told of one
	wallets       map[string][]posted // what bills put into, or took out of, each customer's wallet
	unsure        map[string]bool     // customers of whom a client never heard what became of a bill
	gifts         map[string]string   // of each gift's bill: who was told that they have redeemed it
	bought        map[string]string   // of each gift's bill: the token of who bought it
	subscriptions map[string]int      // how many paid periods were seen
	refunds       map[string]string   // the refund of each key
	ends          map[string]string   // what became of each refund, once it is over; "" before
	found         []rig.Violation
}

// posted is one bill and what it does to a wallet when it is done, in kopecks.
type posted struct {
	bill   string
	amount int64
}

func newFacts() *facts {
	return &facts{
		cards: map[string]string{}, wallets: map[string][]posted{}, unsure: map[string]bool{},
		gifts: map[string]string{}, bought: map[string]string{}, subscriptions: map[string]int{},
		refunds: map[string]string{}, ends: map[string]string{},
	}
}

func (f *facts) violated(rule, object, format string, args ...any) {
	f.found = append(f.found, rig.Violation{Rule: rule, Bill: object, Detail: fmt.Sprintf(format, args...)})
}

// saved notes that a customer was told of a card of theirs.
func (f *facts) saved(user, card string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before, known := f.cards[user]; known && before != card {
		f.violated(ruleCard, user, "one registration saved %s and %s", before, card)
	}
	f.cards[user] = card
}

// posts notes what a bill does to a customer's wallet; no bill says that nobody
// knows what became of the call that makes it.
func (f *facts) posts(user, bill string, amount int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if bill == "" {
		f.unsure[user] = true
		return
	}
	f.wallets[user] = append(f.wallets[user], posted{bill, amount})
}

// sold notes who bought a gift.
func (f *facts) sold(bill, token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bought[bill] = token
}

// redeemed notes that somebody was told that the gift is theirs.
func (f *facts) redeemed(bill, who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before, known := f.gifts[bill]; known && before != who {
		f.violated(ruleGift, bill, "%s and %s were told that they have redeemed it", before, who)
	}
	f.gifts[bill] = who
}

// renewed notes how many paid periods of a subscription were seen.
func (f *facts) renewed(sub string, paid int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if before := f.subscriptions[sub]; paid < before {
		f.violated(ruleSubscription, sub, "it had %d paid periods, and after that %d", before, paid)
	}
	f.subscriptions[sub] = max(paid, f.subscriptions[sub])
}

// strange notes what must not happen.
func (f *facts) strange(refund, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.violated(ruleRefund, refund, format, args...)
}

// refunded notes what was told of a refund, and by which key it was made; "" when it
// was only read.
func (f *facts) refunded(key string, now rig.Refund) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if key != "" {
		if before, known := f.refunds[key]; known && before != now.ID {
			f.violated(ruleRefund, now.ID, "its key had made %s", before)
		}
		f.refunds[key] = now.ID
	}
	f.ends[now.ID] = f.ended(now)
}

// ended is what became of a refund: what was known before, which must not change, or
// what is said now, if that is an end.
func (f *facts) ended(now rig.Refund) string {
	before := f.ends[now.ID]
	if before != "" && now.IsOver() && now.Status != before {
		f.violated(ruleRefund, now.ID, "it was %s, and after that %s", before, now.Status)
	}
	if before == "" && now.IsOver() {
		return now.Status
	}
	return before
}

// reader reads what is there at last. It is rig's API.
type reader interface {
	UserOf(ctx context.Context, secret, id string) (*rig.User, error)
	GiftOf(ctx context.Context, token, bill string) (*rig.Gift, error)
	SubscriptionOf(ctx context.Context, secret, id string) (*rig.Subscription, error)
	RefundOf(ctx context.Context, secret, id string) (*rig.Refund, error)
}

// judge reads everything again, when all is over, and returns what is not as
// clients were told, and how many periods of subscriptions are paid. Statuses are
// those of all bills.
func (f *facts) judge(ctx context.Context, from reader, secret string, statuses map[string]string) (wrong []rig.Violation, periods int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.judgeCustomers(ctx, from, secret, statuses); err != nil {
		return nil, 0, err
	}
	if err := f.judgeGifts(ctx, from); err != nil {
		return nil, 0, err
	}
	if err := f.judgeRefunds(ctx, from, secret); err != nil {
		return nil, 0, err
	}
	periods, err = f.judgeSubscriptions(ctx, from, secret)
	return f.found, periods, err
}

func (f *facts) judgeRefunds(ctx context.Context, from reader, secret string) error {
	for _, id := range keysOf(f.ends) {
		now, err := from.RefundOf(ctx, secret, id)
		if err != nil {
			return fmt.Errorf("read refund %s: %w", id, err)
		}
		switch {
		case now == nil:
			f.violated(ruleRefund, id, "it was acknowledged and is not there")
		case !now.IsOver():
			f.violated(ruleRefund, id, "it is still %s when all is over", now.Status)
		default:
			_ = f.ended(*now)
		}
	}
	return nil
}

func (f *facts) judgeCustomers(ctx context.Context, from reader, secret string, statuses map[string]string) error {
	for _, id := range union(f.cards, f.wallets) {
		user, err := from.UserOf(ctx, secret, id)
		if err != nil {
			return fmt.Errorf("read customer %s: %w", id, err)
		}
		if user == nil {
			f.violated(ruleCard, id, "the customer is not there")
			continue
		}
		if card, told := f.cards[id]; told && (len(user.Cards) != 1 || user.Cards[0].ID != card || user.Cards[0].Status != "ACTIVE") {
			f.violated(ruleCard, id, "they were told of %s and have %v", card, user.Cards)
		}
		if f.unsure[id] {
			continue
		}
		var want, has, held int64
		for _, p := range f.wallets[id] {
			if statuses[p.bill] == "DONE" {
				want += p.amount
			}
		}
		for _, w := range user.Wallets {
			has, held = has+w.Balance.Amount, held+w.Held.Amount
		}
		if has != want || held != 0 {
			f.violated(ruleWallet, id, "the wallet has %d and holds %d, want %d and 0", has, held, want)
		}
	}
	return nil
}

func (f *facts) judgeGifts(ctx context.Context, from reader) error {
	for _, bill := range keysOf(f.bought) {
		gift, err := from.GiftOf(ctx, f.bought[bill], bill)
		if err != nil {
			return fmt.Errorf("read the gift of bill %s: %w", bill, err)
		}
		who, told := f.gifts[bill]
		switch {
		case !told:
		case gift == nil || gift.Status != "REDEEMED":
			f.violated(ruleGift, bill, "%s was told that they have redeemed it, and it is %+v", who, gift)
		case gift.RedeemedBy != nil && gift.RedeemedBy.ExternalID != who:
			f.violated(ruleGift, bill, "%s was told that they have redeemed it, and %s has it", who, gift.RedeemedBy.ExternalID)
		}
	}
	return nil
}

func (f *facts) judgeSubscriptions(ctx context.Context, from reader, secret string) (periods int, err error) {
	for _, id := range keysOf(f.subscriptions) {
		sub, err := from.SubscriptionOf(ctx, secret, id)
		if err != nil {
			return 0, fmt.Errorf("read subscription %s: %w", id, err)
		}
		if sub == nil {
			f.violated(ruleSubscription, id, "it was acknowledged and is not there")
			continue
		}
		paid := paidPeriods(sub)
		periods += paid
		if paid < f.subscriptions[id] {
			f.violated(ruleSubscription, id, "%d paid periods were seen, and at last there are %d", f.subscriptions[id], paid)
		}
	}
	return periods, nil
}

// paidPeriods counts a subscription's bills that are done.
func paidPeriods(s *rig.Subscription) int {
	n := 0
	for _, b := range s.Bills.Nodes {
		if b.Status == "DONE" {
			n++
		}
	}
	return n
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// union lists the keys of both maps, each once.
func union[A, B any](a map[string]A, b map[string]B) []string {
	all := append(keysOf(a), keysOf(b)...)
	slices.Sort(all)
	return slices.Compact(all)
}
