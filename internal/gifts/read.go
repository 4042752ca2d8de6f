package gifts

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// ByCode returns the gift of a code of the viewer's merchant, or nil when there
// is none. Whoever knows a code may look, so the gift is read as the program
// reads it: its caller shows what CodeFor and the viewer's rights allow, and no
// more.
//
// It returns CodeLimitExceeded gift.too_many_tries after too many wrong codes.
func (s *Service) ByCode(ctx context.Context, typed string) (*ent.Gift, error) {
	v := viewer.From(ctx)
	giveBack, err := s.tries.take(s.who(ctx, v))
	if err != nil {
		return nil, err
	}
	code, err := pay.ParseGiftCode(typed)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // what is no code is no gift's
	}
	found, err := s.Store.Read().Gift.Query().
		Where(gift.CodeHash(s.hash(code)), gift.MerchantID(v.Merchant)).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nothing was found, and that is no error
	}
	giveBack()
	if err != nil {
		return nil, fmt.Errorf("find a gift by its code: %w", err)
	}
	return found, nil
}

// CodeFor returns the code of a gift as it is shown, or nil when the viewer is
// neither its buyer, with a token of the bill or signed in, nor who redeemed it.
// The merchant's side never sees a code: it could redeem it.
func (s *Service) CodeFor(ctx context.Context, g *ent.Gift) (*string, error) {
	v := viewer.From(ctx)
	if v.Merchant != g.MerchantID || !isOf(v, g) {
		return nil, nil //nolint:nilnil // it is not for them, and that is no error
	}
	code, err := s.codeOf(g)
	if err != nil {
		return nil, err
	}
	text := code.Reveal()
	return &text, nil
}

// isOf reports whether v bought or holds the gift.
func isOf(v viewer.Viewer, g *ent.Gift) bool {
	is := func(id *pay.UserID) bool { return id != nil && *id == v.User }
	switch v.Role {
	case pay.RoleUser:
		return is(g.BuyerID) || is(g.RedeemedByID)
	case pay.RoleGuest:
		return !v.Bill.IsZero() && v.Bill == g.BillID
	case pay.RolePublic, pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin:
	}
	return false
}

// GiftsByID returns those of the gifts that the viewer may see, in no order.
func (s *Service) GiftsByID(ctx context.Context, ids []pay.GiftID) ([]*ent.Gift, error) {
	found, err := s.Store.Read().Gift.Query().Where(gift.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d gifts: %w", len(ids), err)
	}
	return found, nil
}

// OfBills returns the gifts that bills paid for, those that the viewer may see.
// A bill without one is not in the map.
func (s *Service) OfBills(ctx context.Context, bills ...pay.BillID) (map[pay.BillID]*ent.Gift, error) {
	found, err := s.Store.Read().Gift.Query().Where(gift.BillIDIn(bills...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the gifts of %d bills: %w", len(bills), err)
	}
	byBill := make(map[pay.BillID]*ent.Gift, len(found))
	for _, g := range found {
		byBill[g.BillID] = g
	}
	return byBill, nil
}

// BoughtBy returns the gifts that users paid for, those that the viewer may see,
// newest first. A user without any is not in the map.
func (s *Service) BoughtBy(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
	found, err := s.Store.Read().Gift.Query().Where(gift.BuyerIDIn(users...)).Order(ent.Desc(gift.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the gifts that %d users bought: %w", len(users), err)
	}
	byUser := make(map[pay.UserID][]*ent.Gift)
	for _, g := range found {
		byUser[*g.BuyerID] = append(byUser[*g.BuyerID], g)
	}
	return byUser, nil
}

// ReceivedBy returns the gifts that users redeemed, those that the viewer may
// see, newest first. A user without any is not in the map.
func (s *Service) ReceivedBy(ctx context.Context, users ...pay.UserID) (map[pay.UserID][]*ent.Gift, error) {
	found, err := s.Store.Read().Gift.Query().Where(gift.RedeemedByIDIn(users...)).Order(ent.Desc(gift.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the gifts that %d users redeemed: %w", len(users), err)
	}
	byUser := make(map[pay.UserID][]*ent.Gift)
	for _, g := range found {
		byUser[*g.RedeemedByID] = append(byUser[*g.RedeemedByID], g)
	}
	return byUser, nil
}
