package subscriptions_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/objectevent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Five years of subscriptions, in two processes, with month ends, leap days, DST,
// refusals, outages, money in doubt, deaths of the process, pauses, gifts, changes
// of card, downtimes of weeks and clocks that jump: each period is billed and paid
// once, periods leave no gap and do not overlap, dunning keeps to its policy, and
// the same seed comes to the same.
//
// PAYGRAPH_SIMULATE names how many subscriptions, "1000"; PAYGRAPH_SEED the seed.
func TestSimulation_FiveYears(t *testing.T) {
	t.Parallel()

	size, seed := 4, uint64(4) // half a minute with the race detector
	if text := os.Getenv("PAYGRAPH_SIMULATE"); text != "" {
		_, err := fmt.Sscan(text, &size)
		require.NoError(t, err)
	}
	if text := os.Getenv("PAYGRAPH_SEED"); text != "" {
		_, err := fmt.Sscan(text, &seed)
		require.NoError(t, err)
	}
	traces := make([]string, 2)
	var runs sync.WaitGroup
	for n := range traces {
		url := storetest.SQLite(t)
		runs.Go(func() { traces[n] = simulate(t, url, size, seed) })
	}
	runs.Wait()
	require.Equal(t, traces[0], traces[1], "the same seed comes to the same")
}

// world is a simulation under way. What the bank and the payers do follows from
// the seed and the subscription's number alone, never from the order in which two
// subscriptions that are due at once are taken.
type world struct {
	*bundle

	seed    uint64
	dice    *rand.Rand
	engines []*subscriptions.Service
	runners []*jobs.Runner
	people  []*person

	mu      sync.Mutex
	number  map[pay.SubscriptionID]uint64
	pending map[pending]resolution
	charges map[pay.BillID][]charge
}

type person struct {
	user  *ent.User
	cards []*ent.Card
	price *ent.Price
	subs  []pay.SubscriptionID
}

type pending struct {
	bill pay.BillID
	try  int
}

// resolution is what comes of a charge in doubt, or of a page, and when.
type resolution struct {
	at   time.Time
	says answer
}

// charge is one that the bank was asked for.
type charge struct {
	at     time.Time
	says   answer
	byHand bool // a payer changed the card for it
}

func simulate(t *testing.T, url string, size int, seed uint64) string {
	t.Helper()
	w := &world{
		bundle: setup(t, url), seed: seed, dice: rand.New(rand.NewPCG(seed, 1)),
		number: map[pay.SubscriptionID]uint64{}, pending: map[pending]resolution{}, charges: map[pay.BillID][]charge{},
	}
	w.bills.settles = true
	w.bills.bank = w.bank
	second, secondRunner := w.process()
	w.engines = []*subscriptions.Service{w.Service, second}
	w.runners = []*jobs.Runner{w.runner, secondRunner}
	w.populate(size)

	until := storetest.Epoch().AddDate(5, 0, 0)
	for w.clock.Now().Before(until) {
		w.pass()
		w.resolve()
		if w.dice.IntN(4) == 0 {
			w.run() // else the payers are faster than what is due
		}
		for range w.dice.IntN(4 + size/20) {
			w.act(w.people[w.dice.IntN(len(w.people))])
		}
		w.run()
	}
	// Let what is in doubt be resolved, and everything come to rest.
	for range 40 {
		w.clock.Advance(2 * time.Hour)
		w.resolve()
		w.run()
	}
	return w.judge()
}

// populate makes people with a card and a wish each, in shops all over the world.
func (w *world) populate(size int) {
	trial := pay.Period{Days: 10}
	intervals := []pay.Period{{Months: 1}, {Months: 1}, {Months: 1}, {Months: 3}, {Months: 12}, {Days: 30}, {Days: 7}, {Months: 1, Days: 15}}
	zones := []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Almaty", "America/Santiago", "UTC"}
	prices := []*ent.Price{}
	for n, interval := range intervals {
		offer := catalogue.NewPrice{Amount: pay.Of(int64(10000+n), pay.RUB), Interval: &interval}
		if n%3 == 0 {
			offer.Trial = &trial
		}
		prices = append(prices, w.offers(fmt.Sprintf("plan-%d", n), offer).Edges.Prices[0])
	}
	for n := range size {
		p := &person{user: w.newUser(fmt.Sprintf("person-%d", n)), price: prices[n%len(prices)]}
		p.cards = []*ent.Card{w.cardOf(p.user, true)}
		w.people = append(w.people, p)
	}
	// Half of them on the last days of a month, near midnight; the zone of a
	// subscription is the shop's, so the shop moves.
	for n, p := range w.people {
		if n%2 == 0 {
			w.clock.Advance(time.Duration(w.dice.IntN(120)) * time.Minute)
		} else {
			now := w.clock.Now()
			last := time.Date(now.Year(), now.Month()+1, 0, w.dice.IntN(24), w.dice.IntN(60), 0, 0, time.UTC)
			if last.After(now) && size < 200 || n == size/2 {
				w.clock.Advance(max(0, last.Sub(now)))
			}
		}
		w.tx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Merchant.UpdateOneID(w.merchant.ID).SetTimeZone(zones[n%len(zones)]).Exec(ctx)
		})
		w.clock.Advance(6 * time.Second) // the shop is remembered for five
		w.subscribe(p)
	}
}

// cardOf is newCard without looking at all cards.
func (w *world) cardOf(u *ent.User, isDefault bool) *ent.Card {
	var c *ent.Card
	w.tx(func(ctx context.Context, tx *store.Tx) (err error) {
		id := pay.NewCardID(tx.Now)
		c, err = tx.Card.Create().SetID(id).SetMerchantID(w.merchant.ID).SetUserID(u.ID).SetProvider("fake").SetAccount("fake").
			SetRefSealed([]byte{1}).SetRefHash(id.Bytes()).SetStatus(pay.CardActive).SetMask("411111******1111").
			SetIsDefault(isDefault).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
		return err
	})
	return c.Unwrap()
}

func (w *world) subscribe(p *person) {
	in := subscriptions.NewSubscription{Key: uuid.NewString(), Price: p.price.ID.String(), Card: new(p.cards[len(p.cards)-1].ID.String())}
	w.bills.nextNumber = func(id pay.SubscriptionID) { w.know(p, id) }
	o, err := w.engines[0].Create(w.as(p.user), in)
	w.bills.nextNumber = nil
	if err != nil {
		return // the process died; its subscription is there
	}
	if !o.Subscription.IsZero() {
		w.know(p, o.Subscription)
	}
}

func (w *world) know(p *person, id pay.SubscriptionID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.number[id]; known {
		return
	}
	for n, other := range w.people {
		if other == p {
			w.number[id] = uint64(n)<<16 | uint64(len(p.subs))
		}
	}
	p.subs = append(p.subs, id)
}

// draw is a number below n that follows from the seed, a charge and a label.
func (w *world) draw(b *ent.Bill, try int, label string, n uint64) uint64 {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, []uint64{w.seed, w.number[*b.SubscriptionID], uint64(b.PeriodStart.UnixMicro()), uint64(try)})
	h.Write([]byte(label))
	return binary.LittleEndian.Uint64(h.Sum(nil)) % n
}

// bank answers a charge, and sometimes the process dies before it hears that.
func (w *world) bank(b *ent.Bill, try int) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	says, key := approved, pending{b.ID, try}
	hours := time.Duration(1+w.draw(b, try, "hours", 60)) * time.Hour
	fate := answer{status: pay.AttemptDeclined, decline: "session_expired"}
	if w.draw(b, try, "fate", 2) == 0 {
		fate = approved
	}
	switch odds := w.draw(b, try, "odds", 100); {
	case odds < 80 || try == 1 && odds < 86:
	case odds < 92:
		says = declined("insufficient_funds")
	case odds < 93:
		says = declined("stolen_card")
	case odds < 94:
		says = answer{status: pay.AttemptActionRequired}
		w.pending[key] = resolution{now.Add(hours), fate}
	case odds < 97:
		says = answer{status: pay.AttemptFailed}
	default:
		says = answer{status: pay.AttemptUnknown}
		if fate.status == pay.AttemptDeclined {
			fate = declined("insufficient_funds")
		}
		w.pending[key] = resolution{now.Add(hours), fate}
	}
	if w.draw(b, try, "death", 60) == 0 && says.status != pay.AttemptActionRequired {
		if says.status != pay.AttemptUnknown {
			w.pending[key] = resolution{now.Add(hours), says}
		}
		w.bills.taken = fmt.Errorf("the process died after charge %d", try)
	}
	w.charges[b.ID] = append(w.charges[b.ID], charge{at: now, says: says})
	return says
}

// pass moves the clock: by hours, by weeks of downtime, by a leap back.
func (w *world) pass() {
	switch odds := w.dice.IntN(400); {
	case odds == 0:
		w.clock.Advance(time.Duration(3+w.dice.IntN(40)) * day)
	case odds < 4:
		w.clock.Advance(-time.Duration(w.dice.IntN(7200)) * time.Second)
	default:
		w.clock.Advance(10*time.Minute + time.Duration(w.dice.IntN(30*3600))*time.Second)
	}
}

// resolve has those who ask the bank write down what came of charges in doubt.
func (w *world) resolve() {
	now := w.clock.Now()
	w.mu.Lock()
	due := map[pending]answer{}
	for key, r := range w.pending {
		if !r.at.After(now) {
			due[key] = r.says
			delete(w.pending, key)
		}
	}
	w.mu.Unlock()
	for key, says := range due {
		b, err := w.store.Read().Bill.Get(viewer.AsProgram(w.t.Context()), key.bill)
		require.NoError(w.t, err)
		if b.Status != pay.BillPending && says.status == pay.AttemptCaptured {
			continue // its page was closed when the bill ended: nobody can pay it any more
		}
		require.NoError(w.t, w.bills.record(w.t.Context(), key.bill, key.try, says))
	}
}

// run has one of the processes do what is due.
func (w *world) run() {
	_, err := w.runners[w.dice.IntN(len(w.runners))].RunDue(w.t.Context())
	require.NoError(w.t, err)
}

// act has a person do something to their subscription, whatever it stands at: what
// does not fit is refused.
func (w *world) act(p *person) {
	if len(p.subs) == 0 {
		return
	}
	id := p.subs[len(p.subs)-1]
	engine, ctx, key := w.engines[w.dice.IntN(2)], w.as(p.user), uuid.NewString()
	days := time.Duration(1+w.dice.IntN(80)) * day
	var err error
	switch w.dice.IntN(14) {
	case 0:
		until := w.clock.Now().Add(days)
		_, err = engine.Pause(ctx, key, id.String(), &until)
	case 1:
		_, err = engine.Pause(ctx, key, id.String(), nil)
	case 2, 3, 4:
		_, err = engine.Resume(ctx, key, id.String())
	case 5:
		_, err = engine.Cancel(ctx, key, id.String(), true)
	case 6:
		if days < 10*day {
			_, err = engine.Cancel(ctx, key, id.String(), false)
		}
	case 7:
		give := pay.Period{Days: int(days / day)}
		if days < 20*day {
			give = pay.Period{Months: 1}
		}
		failed := w.store.InTx(w.t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := engine.AddTime(ctx, tx, p.user.ID, p.price.ProductID, give, pay.NewBillID(tx.Now))
			return err
		})
		if pay.CodeOf(failed) != pay.CodeConflict {
			err = failed
		}
	case 8, 9:
		p.cards = append(p.cards, w.cardOf(p.user, false))
		var o *subscriptions.Outcome
		o, err = engine.ChangeCard(ctx, key, id.String(), p.cards[len(p.cards)-1].ID.String(), days < 60*day)
		if err == nil && len(o.Errors) == 0 {
			w.tookByHand(id)
		}
	case 10:
		if days < 20*day {
			w.removeCard(p.cards[len(p.cards)-1])
			p.cards = append(p.cards, w.cardOf(p.user, false))
		}
	default:
		if !w.now(id).Status.IsLive() {
			w.subscribe(p)
		}
	}
	require.NoError(w.t, err)
}

// tookByHand marks that the next charge of the open bill is no retry of ours.
func (w *world) tookByHand(id pay.SubscriptionID) {
	if open := w.now(id).OpenBillID; open != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.charges[*open] = append(w.charges[*open], charge{at: w.clock.Now(), byHand: true})
	}
}

// judge checks everything that must hold and returns a hash of all that happened.
func (w *world) judge() string {
	t, ctx := w.t, viewer.AsProgram(w.t.Context())
	trace := sha256.New()
	var periods, declines, bills int
	for n, p := range w.people {
		for _, id := range p.subs {
			sub := w.now(id)
			fmt.Fprintln(trace, n, sub.Status, sub.Version, sub.CurrentPeriodEnd, w.history(id))
			paid := map[pay.BillID]bool{}
			list := w.periods(id) // without gap or overlap
			for _, period := range list {
				require.True(t, period.EndsAt.After(period.StartsAt))
				fmt.Fprintln(trace, period.Kind, period.StartsAt.UnixMicro(), period.EndsAt.UnixMicro())
				if period.Kind == "paid" {
					require.NotNil(t, period.BillID)
					require.False(t, paid[*period.BillID], "one bill pays one period")
					paid[*period.BillID] = true
				}
			}
			if len(list) > 0 {
				require.True(t, list[len(list)-1].EndsAt.Equal(*sub.CurrentPeriodEnd))
			}
			periods += len(list)
			for _, b := range w.billsOf(id) {
				bills++
				require.Equal(t, b.Status == pay.BillDone, paid[b.ID], "bill %s is %s", b.ID, b.Status)
				captured, err := w.store.Read().Attempt.Query().Where(attempt.BillID(b.ID), attempt.StatusEQ(pay.AttemptCaptured)).Count(ctx)
				require.NoError(t, err)
				require.LessOrEqual(t, captured, 1, "one charge takes the money")
				declines += w.judgeDunning(b)
				fmt.Fprintln(trace, b.Status, b.PeriodStart.UnixMicro(), len(w.charges[b.ID]))
			}
			if sub.Status.IsLive() && sub.NextActionAt != nil {
				require.True(t, sub.NextActionAt.After(w.clock.Now()), "subscription %d is due since %s", n, sub.NextActionAt)
			}
		}
		live, err := w.store.Read().BillingSubscription.Query().
			Where(billingsubscription.UserID(p.user.ID), billingsubscription.StatusIn(pay.LiveSubscriptionStatuses()...)).Count(ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, live, 1, "one live subscription of a product")
	}
	hash := hex.EncodeToString(trace.Sum(nil))
	t.Logf("seed %d: %d people, %d periods, %d bills, %d refusals, trace %s", w.seed, len(w.people), periods, bills, declines, hash[:16])
	return hash
}

// pastDueSince is when the refusal of a charge at an instant was taken note of, and
// its payer told: a downtime may lie between. The grace begins then.
func (w *world) pastDueSince(b *ent.Bill, charged time.Time) time.Time {
	ctx := viewer.AsProgram(context.Background())
	line, err := w.store.Read().ObjectEvent.Query().Where(
		objectevent.SubscriptionID(*b.SubscriptionID), objectevent.To(string(pay.SubscriptionPastDue)), objectevent.AtGTE(charged),
	).Order(ent.Asc(objectevent.FieldID)).First(ctx)
	if ent.IsNotFound(err) {
		return charged // of a first bill, or one whose subscription ended meanwhile
	}
	require.NoError(w.t, err)
	return line.At
}

// judgeDunning wants the charges of a bill that the engine made by itself to keep
// to the policy, and returns how many were refused.
func (w *world) judgeDunning(b *ent.Bill) int {
	policy := pay.DefaultDunning()
	var since time.Time
	refused, byHand, stopped := 0, 0, false
	free := false // a payer has asked for the next one
	for _, c := range w.charges[b.ID] {
		if c.byHand {
			byHand, free, stopped = byHand+1, true, false
			continue
		}
		require.False(w.t, stopped, "bill %s is charged after a refusal for good", b.ID)
		if !since.IsZero() && !free {
			require.True(w.t, c.at.Before(since.Add(policy.Grace)), "bill %s is charged after the grace", b.ID)
			require.False(w.t, c.at.Before(since.Add(policy.Outage)), "bill %s is charged again at once", b.ID)
		}
		if c.says.status != pay.AttemptDeclined && c.says.status != pay.AttemptActionRequired {
			continue
		}
		refused++
		if since.IsZero() {
			since = w.pastDueSince(b, c.at)
		}
		stopped = pay.ClassOfDecline(c.says.decline) == pay.DeclineHard || c.says.status == pay.AttemptActionRequired
		free = false
	}
	require.LessOrEqual(w.t, refused, policy.MaxCharges()+byHand, "bill %s", b.ID)
	return refused
}
