package gifts

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Outcome is what redeeming a code came to. With Errors nothing was done; else
// one of the last three says what was given.
type Outcome struct {
	Gift         pay.GiftID
	Subscription *pay.SubscriptionID // its time was added to this one
	Entitlement  *pay.EntitlementID  // the first of what may be used now
	Wallet       *pay.WalletID       // it has the money
	Errors       []*pay.Error
	Replayed     bool // the key had redeemed it before
}

// redeemMutation names Redeem in idempotency scopes.
const redeemMutation = "giftRedeem"

// Redeem gives the signed-in user what the code is for, once. When they have
// redeemed it before, with this key or another, they get the first answer again.
//
// Outcome.Errors: CodeForbidden gift.forbidden for who is no user, CodeNotFound
// gift.not_found, CodeStateConflict gift.already_redeemed (by somebody else),
// gift.scheduled, gift.voided, gift.expired and gift.gives_nothing,
// CodeLimitExceeded gift.too_many_tries, and the codes of the key.
func (s *Service) Redeem(ctx context.Context, key, typed string) (*Outcome, error) {
	out, err := s.redeem(ctx, key, typed)
	if e := pay.Readable(err); e != nil {
		return &Outcome{Errors: []*pay.Error{e}}, nil //nolint:nilerr // the outcome carries it
	}
	return out, err
}

func (s *Service) redeem(ctx context.Context, key, typed string) (*Outcome, error) {
	v := viewer.From(ctx)
	if v.Role != pay.RoleUser || v.User.IsZero() {
		return nil, pay.Errorf(pay.CodeForbidden, "gift.forbidden", "Sign in to redeem a gift: it becomes yours.")
	}
	if err := idempotency.CheckKey(v.Role, key); err != nil {
		return nil, err
	}
	giveBack, err := s.tries.take(s.who(ctx, v))
	if err != nil {
		return nil, err
	}
	code, err := pay.ParseGiftCode(typed)
	if err != nil {
		return nil, notFound().Because(err)
	}
	hash, err := idempotency.HashOf(map[string]string{"code": code.Canonical()})
	if err != nil {
		return nil, err
	}
	var out *Outcome
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: redeemMutation, Key: key}
	made, replayed, err := idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
		out, err = s.take(ctx, tx, v, code)
		if err != nil {
			return "", err
		}
		crashpoint.Here(crashpoint.GiftRedeeming)
		return out.Gift.String(), nil
	})
	if pay.CodeOf(err) != pay.CodeNotFound {
		giveBack()
	}
	if err != nil {
		return nil, fmt.Errorf("redeem a gift: %w", err)
	}
	if !replayed {
		crashpoint.Here(crashpoint.GiftRedeemed)
		return out, nil
	}
	id, err := pay.ParseGiftID(made)
	if err != nil {
		return nil, fmt.Errorf("redeem a gift again: %w", err)
	}
	g, err := s.Store.Read().Gift.Query().Where(gift.ID(id)).WithProduct().Only(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("redeem gift %s again: %w", id, err)
	}
	out, err = given(viewer.AsProgram(ctx), s.Store.Read(), g)
	if err != nil {
		return nil, err
	}
	out.Replayed = true
	return out, nil
}

// take makes the gift of a code the viewer's within tx, and gives what it is
// for.
//
// The guard is in the UPDATE: of any number who redeem a code at once, one finds
// it ISSUED, and the rest find whose it is.
func (s *Service) take(ctx context.Context, tx *store.Tx, v viewer.Viewer, code pay.GiftCode) (*Outcome, error) {
	g, err := tx.Gift.Query().
		Where(gift.CodeHash(s.hash(code)), gift.MerchantID(v.Merchant)).
		WithProduct().WithBill().
		Only(ctx)
	if ent.IsNotFound(err) {
		return nil, notFound()
	}
	if err != nil {
		return nil, fmt.Errorf("find a gift by its code: %w", err)
	}
	if g.Status == pay.GiftScheduled { // its mail may be faster than the job that delivers it
		if _, err := issueDue(ctx, tx, g.ID); err != nil {
			return nil, err
		}
	}
	n, err := tx.Gift.Update().
		Where(gift.ID(g.ID), gift.StatusEQ(pay.GiftIssued), gift.Or(gift.ExpiresAtIsNil(), gift.ExpiresAtGT(tx.Now))).
		SetStatus(pay.GiftRedeemed).SetRedeemedByID(v.User).SetRedeemedAt(tx.Now).SetUpdatedAt(tx.Now).
		Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("redeem gift %s: %w", g.ID, err)
	}
	if n == 1 {
		return s.give(ctx, tx, g, v.User)
	}
	now, err := tx.Gift.Query().Where(gift.ID(g.ID)).WithProduct().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read gift %s, which was not redeemed: %w", g.ID, err)
	}
	if now.Status == pay.GiftRedeemed && now.RedeemedByID != nil && *now.RedeemedByID == v.User {
		return given(ctx, tx.Client(), now)
	}
	return nil, whyNot(now)
}

// notFound is what a code gets that is no gift's of this merchant.
func notFound() *pay.Error { return pay.NotFound("gift", "code") }

// whyNot says why a gift could not be redeemed.
func whyNot(g *ent.Gift) *pay.Error {
	refuse := func(key, message string) *pay.Error {
		e := pay.Errorf(pay.CodeStateConflict, key, "%s", message).At("code")
		e.Retry, e.Detail = pay.DoNotRetry, pay.StateDetail{From: string(g.Status), Allowed: []string{}}
		return e
	}
	switch g.Status {
	case pay.GiftRedeemed:
		return refuse("gift.already_redeemed", "Somebody has redeemed this gift.")
	case pay.GiftScheduled:
		e := refuse("gift.scheduled", "This gift cannot be redeemed before its delivery time.")
		e.Retry = pay.RetryNewKey
		return e
	case pay.GiftVoided:
		return refuse("gift.voided", "This gift was taken back.")
	case pay.GiftExpired, pay.GiftIssued: // what is still ISSUED has run out, and its row does not say so yet
	}
	return refuse("gift.expired", "This gift was not redeemed in time.")
}
