package subscriptions

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A plan is a subscription that may be begun as it is: what can be judged without a
// lock is judged.
type plan struct {
	in       NewSubscription
	merchant *ent.Merchant
	owner    pay.UserID
	price    *ent.Price
	product  *ent.Product
	card     *pay.CardID // nil: none is known, or the payer pays on a page
	byPage   bool        // the first payment is on a page, and leaves a card
}

// plan judges the input.
func (s *Service) plan(ctx context.Context, in NewSubscription) (*plan, error) {
	v := viewer.From(ctx)
	if err := mayAct(v); err != nil {
		return nil, err
	}
	p := &plan{in: in}
	var err error
	if p.merchant, err = s.Merchants.Cached(ctx, v.Merchant); err != nil {
		return nil, err
	}
	if p.owner, err = s.ownerOf(ctx, v, in.User); err != nil {
		return nil, err
	}
	if err = p.decidePrice(ctx, s); err != nil {
		return nil, err
	}
	return p, p.decideCard(ctx, s)
}

// ownerOf finds whose subscription it is: a signed-in payer's own, or one that the
// merchant's side names.
func (s *Service) ownerOf(ctx context.Context, v viewer.Viewer, raw *string) (pay.UserID, error) {
	switch {
	case v.Role == pay.RoleUser && (raw == nil || *raw == v.User.String()):
		return v.User, nil
	case v.Role == pay.RoleUser:
		return pay.UserID{}, pay.Errorf(pay.CodeForbidden, "user.not_yours_to_name", "Only a server or a person of the merchant may name the user.").At("user")
	case raw == nil:
		return pay.UserID{}, pay.Invalid("user.missing", "Name the user whose subscription it is.", "user")
	}
	id, err := pay.ParseUserID(*raw)
	if err != nil {
		return id, pay.NotFound("user", "user").Because(err)
	}
	n, err := s.Store.Read().User.Query().Where(user.ID(id)).Count(ctx)
	if err != nil {
		return id, fmt.Errorf("find user %s: %w", id, err)
	}
	if n == 0 {
		return id, pay.NotFound("user", "user")
	}
	return id, nil
}

// decidePrice finds what is subscribed to: a price on sale that comes again.
func (p *plan) decidePrice(ctx context.Context, s *Service) error {
	id, err := pay.ParsePriceID(p.in.Price)
	if err != nil {
		return pay.NotFound("price", "price").Because(err)
	}
	found, err := s.Store.Read().Price.Query().Where(price.ID(id)).WithProduct().Only(ctx)
	if ent.IsNotFound(err) {
		return pay.NotFound("price", "price")
	}
	if err != nil {
		return fmt.Errorf("find price %s: %w", id, err)
	}
	p.price, p.product = found, found.Edges.Product
	switch {
	case p.product == nil || !p.product.Active:
		return pay.NotFound("price", "price")
	case p.product.Kind != pay.ProductSubscription:
		return pay.Invalid("price.not_a_subscription", "This price is not of a SUBSCRIPTION product.", "price")
	case !found.Active:
		return pay.Invalid("price.inactive", "This price is no longer on sale.", "price")
	case found.Interval == nil || found.Interval.IsZero():
		return pay.Invalid("price.no_interval", "This price is not charged again, so nobody can subscribe to it.", "price")
	}
	return nil
}

// decideCard finds what pays: the card that is named, a page, or the user's default
// card. A trial can begin without any.
func (p *plan) decideCard(ctx context.Context, s *Service) error {
	if err := checkWays(p.in); err != nil {
		return err
	}
	named, path := p.in.Card, []string{cardField}
	if with := p.in.PayWith; with != nil {
		if with.Provider != nil {
			p.byPage = true
			return nil
		}
		named, path = with.Card, []string{"payWith", cardField}
	}
	if named != nil {
		id, err := pay.ParseCardID(*named)
		if err != nil {
			return pay.NotFound("card", path...).Because(err)
		}
		p.card = &id
		_, err = s.chargeable(ctx, p.merchant.ID, p.owner, id, p.price.Amount(), path...)
		return err
	}
	usual, err := s.Store.Read().Card.Query().
		Where(card.UserID(p.owner), card.IsDefault(true), card.StatusEQ(pay.CardActive)).Only(viewer.AsProgram(ctx))
	switch {
	case err == nil:
		if _, err = s.chargeable(ctx, p.merchant.ID, p.owner, usual.ID, p.price.Amount(), cardField); err == nil {
			p.card = &usual.ID
		} else if pay.Readable(err) == nil {
			return err
		}
	case !ent.IsNotFound(err):
		return fmt.Errorf("find the default card of user %s: %w", p.owner, err)
	}
	return nil
}

// checkWays wants one thing that pays, or none for the default card.
func checkWays(in NewSubscription) error {
	with := in.PayWith
	switch {
	case with == nil:
		return nil
	case with.Wallet != nil:
		return pay.Errorf(pay.CodeUnsupported, "pay_with.wallet_unsupported", "A subscription is not paid from a wallet.").At("payWith", "wallet")
	case in.Card != nil || (with.Card == nil) == (with.Provider == nil):
		return pay.Invalid("pay_with.one", "Name one thing that pays: a card, or a provider in payWith.", "payWith")
	}
	return nil
}

// cardMissing refuses what costs something now when nothing is there to pay it.
func cardMissing() *pay.Error {
	return pay.Errorf(pay.CodeInvalid, "subscription.card_missing", "Name a saved card, or a provider on whose page the first period is paid.").At(cardField)
}

// lockUser makes the transactions that begin a subscription of one user wait for
// each other, on both databases: what is counted afterwards stays true.
func lockUser(ctx context.Context, tx *store.Tx, id pay.UserID) error {
	if _, err := tx.Raw(ctx, `UPDATE users SET updated_at = updated_at WHERE id = ?`, id); err != nil {
		return fmt.Errorf("lock user %s: %w", id, err)
	}
	return nil
}

// judgeHistory refuses a second live subscription of a product, and reports
// whether the user has had a trial of it. The user must be locked.
func judgeHistory(ctx context.Context, tx *store.Tx, owner pay.UserID, product pay.ProductID) (hadTrial bool, err error) {
	rows, err := tx.BillingSubscription.Query().
		Where(billingsubscription.UserID(owner), billingsubscription.ProductID(product)).All(ctx)
	if err != nil {
		return false, fmt.Errorf("read the subscriptions of user %s: %w", owner, err)
	}
	for _, row := range rows {
		if row.Status.IsLive() {
			return false, pay.Errorf(pay.CodeConflict, "subscription.exists", "The user subscribes to this product already.").At("price")
		}
		hadTrial = hadTrial || row.TrialEnd != nil
	}
	return hadTrial, nil
}
