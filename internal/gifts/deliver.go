package gifts

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// The jobs of gifts: one for each that is delivered later, keyed by it, and the
// sweep of the whole installation.
const (
	jobDeliver jobs.Kind = "gift.deliver"
	jobExpire  jobs.Kind = "gift.expire"
)

const (
	priorityDeliver = 40
	priorityExpire  = 60
)

// expireEvery is how often codes that have run out are marked. A code does not
// work from its very end on, whatever its row says.
const expireEvery = time.Hour

func (s *Service) registerJobs() {
	always := jobs.Policy{
		Delays: []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute},
		Last:   -1,
	}
	s.Runner.Handle(jobDeliver, always, s.deliverJob)
	s.Runner.Handle(jobExpire, always, s.expireJob)
}

// Begin sets the sweep of expired gifts going. Call it at each start, before the
// jobs run; it may be repeated, and several processes may.
func (s *Service) Begin(ctx context.Context) error {
	return s.Store.InTx(viewer.AsProgram(ctx), func(ctx context.Context, tx *store.Tx) error {
		return jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobExpire, Key: "all", RunAt: tx.Now, Priority: priorityExpire})
	})
}

// deliverJob hands a gift over at its time: its code begins to work and is
// mailed, in one transaction. A gift that was voided meanwhile stays where it is.
func (s *Service) deliverJob(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseGiftID(job.Key)
	if err != nil {
		return jobs.Park(err)
	}
	var early *time.Time
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		early = nil
		g, err := tx.Gift.Query().Where(gift.ID(id)).WithBill().WithProduct().Only(ctx)
		if err != nil {
			return fmt.Errorf("read gift %s: %w", id, err)
		}
		issued, err := issueDue(ctx, tx, g.ID)
		if err != nil {
			return err
		}
		if !issued {
			if g.Status == pay.GiftScheduled && g.DeliverAt != nil && g.DeliverAt.After(tx.Now) {
				early = g.DeliverAt // the clock was set back
			}
			return nil
		}
		code, err := s.codeOf(g)
		if err != nil {
			return err
		}
		parcel, err := parcelOf(ctx, tx, g, g.Edges.Bill, g.Edges.Product, code)
		if err != nil {
			return err
		}
		return s.mailRecipient(ctx, tx, parcel)
	})
	if err == nil && early != nil {
		return jobs.Snooze(*early)
	}
	return err
}

// issueDue moves a scheduled gift whose time has come to ISSUED within tx, and
// reports whether this call did.
func issueDue(ctx context.Context, tx *store.Tx, id pay.GiftID) (bool, error) {
	n, err := tx.Gift.Update().
		Where(gift.ID(id), gift.StatusEQ(pay.GiftScheduled), gift.DeliverAtLTE(tx.Now)).
		SetStatus(pay.GiftIssued).SetUpdatedAt(tx.Now).
		Save(ctx)
	if err != nil {
		return false, fmt.Errorf("issue gift %s: %w", id, err)
	}
	return n == 1, nil
}

// expireJob marks the gifts whose codes have run out, and comes back.
func (s *Service) expireJob(ctx context.Context, _ jobs.Job) error {
	var next time.Time
	err := s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		next = tx.Now.Add(expireEvery)
		return tx.Gift.Update().
			Where(gift.StatusIn(pay.GiftScheduled, pay.GiftIssued), gift.ExpiresAtLTE(tx.Now)).
			SetStatus(pay.GiftExpired).SetUpdatedAt(tx.Now).
			Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("mark expired gifts: %w", err)
	}
	return jobs.Snooze(next)
}

// parcel is a gift ready to be mailed.
type parcel struct {
	gift   *ent.Gift
	bill   *ent.Bill
	given  *ent.Product
	buyer  *ent.User // nil for a guest
	code   pay.GiftCode
	locale string
}

// parcelOf readies a gift to be mailed, in the bill's language, else its buyer's.
func parcelOf(ctx context.Context, tx *store.Tx, g *ent.Gift, b *ent.Bill, given *ent.Product, code pay.GiftCode) (parcel, error) {
	p := parcel{gift: g, bill: b, given: given, code: code, locale: notify.LocaleOf(b.Locale)}
	if g.BuyerID == nil {
		return p, nil
	}
	buyer, err := tx.User.Get(ctx, *g.BuyerID)
	if err != nil {
		return p, fmt.Errorf("read the buyer of gift %s: %w", g.ID, err)
	}
	p.buyer, p.locale = buyer, notify.LocaleOf(b.Locale, buyer.Locale)
	return p, nil
}

// mailRecipient has the code mailed to whom it is for.
func (s *Service) mailRecipient(ctx context.Context, tx *store.Tx, p parcel) error {
	data := notify.GiftForRecipient{
		Product: p.given.Title, Message: value(p.gift.Message), Occasion: value(p.gift.Occasion),
		RedeemURL: s.RedeemURL, ExpiresAt: p.gift.ExpiresAt,
	}
	if p.buyer != nil {
		data.From = value(p.buyer.Name)
	}
	return s.mail(ctx, tx, p, notify.KindGiftForRecipient, "recipient", p.gift.RecipientEmail, data)
}

// mailBuyer has the code mailed to who paid, if their address is known.
func (s *Service) mailBuyer(ctx context.Context, tx *store.Tx, p parcel) error {
	to := value(p.bill.Email)
	if to == "" && p.buyer != nil {
		to = value(p.buyer.Email)
	}
	return s.mail(ctx, tx, p, notify.KindGiftForBuyer, "buyer", to, notify.GiftForBuyer{
		Product: p.given.Title, Recipient: p.gift.RecipientEmail, DeliverAt: p.gift.DeliverAt,
		RedeemURL: s.RedeemURL, ExpiresAt: p.gift.ExpiresAt,
	})
}

// mail queues one mail. An address that is none is no reason to undo what was paid
// for: the gift's buyer sees its code.
func (s *Service) mail(ctx context.Context, tx *store.Tx, p parcel, kind notify.Kind, whom, to string, data any) error {
	err := s.Mailer.Queue(ctx, tx, notify.Mail{
		Merchant: p.gift.MerchantID, Kind: kind, Key: "gift/" + p.gift.ID.String() + "/" + whom,
		To: to, Locale: p.locale, Data: data, Secret: p.code.Reveal(),
	})
	switch {
	case pay.CodeOf(err) == pay.CodeInvalid:
		s.Logger.LogAttrs(ctx, slog.LevelWarn, "a gift is not mailed: the address is none",
			slog.String("gift", p.gift.ID.String()), slog.String("whom", whom))
	case err != nil:
		return fmt.Errorf("mail gift %s to its %s: %w", p.gift.ID, whom, err)
	}
	return nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
