package subscriptions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// letter is what every mail about a subscription tells.
type letter struct {
	product string
	amount  pay.Money
	card    string // its mask; "" without one
}

// tell queues a mail to the subscription's user within tx. One who has no address,
// or none that is one, is not told; that keeps nothing else from happening.
func (s *Service) tell(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, kind notify.Kind, what string, data func(letter) any) error {
	if s.Mailer == nil {
		return nil
	}
	owner, err := tx.User.Get(ctx, row.UserID)
	if err != nil {
		return fmt.Errorf("read the user of subscription %s: %w", row.ID, err)
	}
	if owner.Email == nil {
		return nil
	}
	sold, cost, err := s.offer(ctx, tx, row)
	if err != nil {
		return err
	}
	l := letter{product: sold.Title, amount: cost.Amount()}
	if row.CardID != nil {
		found, err := tx.Card.Get(ctx, *row.CardID)
		if err != nil {
			return fmt.Errorf("read the card of subscription %s: %w", row.ID, err)
		}
		l.card = found.Mask
	}
	m := notify.Mail{Merchant: row.MerchantID, Kind: kind, Key: string(kind) + "/" + row.ID.String() + "/" + what, To: *owner.Email, Data: data(l)}
	if owner.Locale != nil {
		m.Locale = *owner.Locale
	}
	if err := s.Mailer.Queue(ctx, tx, m); err != nil && pay.CodeOf(err) != pay.CodeInvalid {
		return fmt.Errorf("tell the user of subscription %s: %w", row.ID, err)
	}
	return nil
}

// tellRenewalComing tells once for each period that it will be charged, or where
// it can be paid by hand.
func (s *Service) tellRenewalComing(ctx context.Context, tx *store.Tx, st state) error {
	end := *st.row.CurrentPeriodEnd
	return s.tell(ctx, tx, st.row, notify.KindRenewalComing, strconv.FormatInt(end.Unix(), 10), func(l letter) any {
		return notify.RenewalComing{
			Product: l.product, Amount: l.amount, At: end, Card: l.card,
			IsTrial: st.row.Status == pay.SubscriptionTrialing, PayURL: s.payURL(st), ManageURL: s.manageURL(st.id()),
		}
	})
}

// tellRenewalFailed tells once for each refused charge what can be done.
func (s *Service) tellRenewalFailed(ctx context.Context, tx *store.Tx, st state) error {
	row := st.row
	class := pay.ClassOfDecline(*row.DeclineCode)
	// Another card may be named by now, which was not refused and need not be changed.
	isOther := st.charge != nil && failure{card: st.charge.CardID}.isOfOther(row.CardID)
	accessUntil := row.PastDueSince.Add(s.Policy.Dunning.Grace)
	return s.tell(ctx, tx, row, notify.KindRenewalFailed, row.OpenBillID.String()+"/"+strconv.Itoa(row.DunningTry), func(l letter) any {
		if isOther {
			l.card = ""
		}
		return notify.RenewalFailed{
			Product: l.product, Amount: l.amount, Card: l.card, PayURL: s.payURL(st),
			NeedsPayer: class == pay.DeclinePayer, NeedsNewCard: class == pay.DeclineHard && l.card != "",
			NextTryAt: row.DunningNextAt, AccessUntil: &accessUntil,
		}
	})
}

// tellEnded tells that nothing is charged any more. One that never began needs no
// farewell.
func (s *Service) tellEnded(ctx context.Context, tx *store.Tx, st state, reason string) error {
	row := st.row
	if row.CurrentPeriodEnd == nil {
		return nil
	}
	var accessUntil *time.Time
	if row.CurrentPeriodEnd.After(st.now) {
		accessUntil = row.CurrentPeriodEnd
	}
	return s.tell(ctx, tx, row, notify.KindSubscriptionEnded, "ended", func(l letter) any {
		return notify.SubscriptionEnded{
			Product: l.product, EndedAt: st.now, IsUnpaid: reason == reasonUnpaid,
			AccessUntil: accessUntil, RenewURL: s.manageURL(st.id()),
		}
	})
}

// tellCardGone tells that the card a subscription is charged to cannot be any more.
func (s *Service) tellCardGone(ctx context.Context, tx *store.Tx, row *ent.BillingSubscription, c *ent.Card) error {
	return s.tell(ctx, tx, row, notify.KindCardExpiring, c.ID.String(), func(l letter) any {
		data := notify.CardExpiring{Card: c.Mask, Product: l.product, IsGone: true, RenewsAt: NextChargeAt(row), UpdateURL: s.manageURL(row.ID)}
		if c.ExpMonth != nil && c.ExpYear != nil {
			data.Month, data.Year = time.Month(*c.ExpMonth), *c.ExpYear
		}
		return data
	})
}

func (s *Service) payURL(st state) string {
	if s.PayURL == nil || st.row.OpenBillID == nil {
		return ""
	}
	return s.PayURL(*st.row.OpenBillID)
}

func (s *Service) manageURL(id pay.SubscriptionID) string {
	if s.ManageURL == nil {
		return ""
	}
	return s.ManageURL(id)
}
