package billing

import (
	"context"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// The life of a token that a server hands out.
const (
	defaultTokenLife = 24 * time.Hour
	maxTokenLife     = 30 * 24 * time.Hour
)

// NewAccessToken returns a GUEST token for one of the merchant's bills, for a
// server to hand to its payer. Ttl is at most P30D and PT24H when absent; older
// tokens stay good. It changes nothing.
func (s *Service) NewAccessToken(ctx context.Context, rawID string, ttl *pay.Period) (*Outcome, error) {
	b, refused, err := s.visible(ctx, rawID, "bill")
	if refused != nil || err != nil {
		return refused, err
	}
	now := s.now()
	expires := now.Add(defaultTokenLife)
	if ttl != nil {
		expires = ttl.AddTo(now)
	}
	if !expires.After(now) || expires.After(now.Add(maxTokenLife)) {
		return refuse(pay.Invalid("token.ttl_range", "A token lives at most P30D and longer than no time.", "ttl")), nil
	}
	return &Outcome{Bill: b.ID, AccessToken: s.guestToken(b.MerchantID, b.ID, b.TokenVersion, expires)}, nil
}

// Claim makes a guest's bill the signed-in payer's own, with what it granted.
// The token proves that the caller may. It is safe to repeat.
//
// Outcome.Errors: CodeNotFound when bill and token do not fit, CodeStateConflict
// when the bill is somebody else's already.
func (s *Service) Claim(ctx context.Context, rawID, token string) (*Outcome, error) {
	v := viewer.From(ctx)
	id, err := pay.ParseBillID(rawID)
	if err != nil {
		return refuse(pay.NotFound("bill", "bill")), nil //nolint:nilerr // a malformed id is no such bill
	}
	guest, err := s.Tokens.Authenticate(ctx, token)
	if err != nil || guest.Role != pay.RoleGuest || guest.Bill != id || guest.Merchant != v.Merchant {
		return refuse(pay.NotFound("bill", "bill")), nil //nolint:nilerr // a token that opens nothing is no such bill
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Bill.Get(ctx, id)
		switch {
		case ent.IsNotFound(err):
			return pay.NotFound("bill", "bill").Because(err)
		case err != nil:
			return fmt.Errorf("read bill %s: %w", id, err)
		case b.UserID == nil:
			return s.giveTo(ctx, tx, b, v.User)
		case *b.UserID != v.User:
			taken := pay.Errorf(pay.CodeStateConflict, "bill.claimed", "The bill belongs to another user.")
			taken.Retry, taken.Detail = pay.DoNotRetry, pay.StateDetail{From: string(b.Status), Allowed: []string{}}
			return taken
		}
		return nil
	})
	if err != nil {
		return outcomeOf(pay.BillID{}, err)
	}
	return &Outcome{Bill: id}, nil
}

// giveTo makes the bill and its entitlements the user's.
func (s *Service) giveTo(ctx context.Context, tx *store.Tx, b *ent.Bill, user pay.UserID) error {
	err := tx.Entitlement.Update().Where(entitlement.BillID(b.ID), entitlement.UserIDIsNil()).SetUserID(user).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give the entitlements of bill %s: %w", b.ID, err)
	}
	b.UserID = &user // the history line is the first of its new owner
	return s.advance(ctx, tx, b, move{To: b.Status, Reason: "bill.claimed", Set: func(u *ent.BillUpdate) {
		u.Where(bill.UserIDIsNil()).SetUserID(user)
	}})
}
