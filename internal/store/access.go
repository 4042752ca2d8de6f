package store

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/billevent"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/ent/billline"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/ent/entitlement"
	"github.com/paygraph/paygraph/ent/gift"
	"github.com/paygraph/paygraph/ent/ledgerentry"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/ent/product"
	"github.com/paygraph/paygraph/ent/refund"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/ent/testclock"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/ent/wallet"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// readsAllowed narrows every query to the rows its viewer may see. It switches
// on the table and denies what it does not name, so a new table is closed until
// somebody decides. What is not yours and what does not exist answer alike.
func readsAllowed() ent.Interceptor {
	return ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			if v := viewer.From(ctx); !v.IsProgram() {
				if err := narrow(q, v); err != nil {
					return nil, err
				}
			}
			return next.Query(ctx, q)
		})
	})
}

// writesInTx refuses a write that nobody decided on: only the inside of InTx
// asks as the program itself. Nor may the program write elsewhere: ent gives an
// update a transaction of its own, which the driver cannot tell from InTx's.
func writesInTx() ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			mutation, ok := m.(interface{ Tx() (*ent.Tx, error) })
			if !ok || !viewer.From(ctx).IsProgram() {
				return nil, fmt.Errorf("write %s: %w", m.Type(), errWriteOutsideTx)
			}
			if _, err := mutation.Tx(); err != nil {
				return nil, fmt.Errorf("write %s: %w", m.Type(), errWriteOutsideTx)
			}
			return next.Mutate(ctx, m)
		})
	}
}

// narrow adds to q what its viewer may see of that table.
func narrow(q ent.Query, v viewer.Viewer) error {
	merchantSide := v.Role.IsMerchantSide()
	nothing := func(s *sql.Selector) { s.Where(sql.False()) }
	switch q := q.(type) {
	case *ent.MerchantQuery:
		q.Where(merchant.ID(v.Merchant))
	case *ent.OriginQuery:
		q.Where(nothing)
	case *ent.ProductQuery:
		q.Where(product.MerchantID(v.Merchant))
	case *ent.PriceQuery:
		q.Where(price.MerchantID(v.Merchant))
	case *ent.BillQuery:
		q.Where(visibleBill(v))
	case *ent.BillLineQuery:
		q.Where(billline.HasBillWith(visibleBill(v)))
	case *ent.AttemptQuery:
		q.Where(attempt.HasBillWith(visibleBill(v)))
	case *ent.BillEventQuery:
		q.Where(billevent.HasBillWith(visibleBill(v)))
	case *ent.EntitlementQuery:
		q.Where(visibleEntitlement(v))
	case *ent.CardQuery:
		q.Where(card.MerchantID(v.Merchant), ownOr(v, card.UserID))
	case *ent.CardRegistrationQuery:
		q.Where(visibleRegistration(v))
	case *ent.BillingSubscriptionQuery:
		q.Where(billingsubscription.MerchantID(v.Merchant), ownOr(v, billingsubscription.UserID))
	case *ent.GiftQuery:
		q.Where(visibleGift(v))
	case *ent.TestClockQuery:
		if !merchantSide {
			q.Where(nothing)
			return nil
		}
		q.Where(testclock.MerchantID(v.Merchant))
	case *ent.RefundQuery:
		q.Where(refund.HasBillWith(visibleBill(v)))
	case *ent.ReviewCaseQuery:
		if !merchantSide {
			q.Where(nothing)
			return nil
		}
		q.Where(reviewcase.MerchantID(v.Merchant))
	case *ent.UserQuery:
		q.Where(user.MerchantID(v.Merchant), ownOr(v, user.ID))
	case *ent.WalletQuery:
		q.Where(wallet.MerchantID(v.Merchant), ownOr(v, wallet.UserID))
	case *ent.LedgerEntryQuery:
		q.Where(ledgerentry.MerchantID(v.Merchant), ownOr(v, func(own pay.UserID) predicate.LedgerEntry {
			return ledgerentry.HasWalletWith(wallet.UserID(own))
		}))
	default:
		return fmt.Errorf("read %T: nobody has decided who may", q)
	}
	return nil
}

// visibleBill is the predicate of the bills that v may see: those of its
// merchant for the merchant's side, its own for a user, the one for a guest.
func visibleBill(v viewer.Viewer) predicate.Bill {
	switch v.Role {
	case pay.RoleServer, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin:
		return bill.MerchantID(v.Merchant)
	case pay.RoleUser:
		return bill.And(bill.MerchantID(v.Merchant), bill.UserID(v.User))
	case pay.RoleGuest:
		if !v.Bill.IsZero() { // the token is of a card registration
			return bill.And(bill.MerchantID(v.Merchant), bill.ID(v.Bill))
		}
	case pay.RolePublic:
	}
	return func(s *sql.Selector) { s.Where(sql.False()) }
}

// visibleEntitlement is the predicate of what a bill or a subscription granted
// and v may see.
func visibleEntitlement(v viewer.Viewer) predicate.Entitlement {
	switch {
	case v.Role.IsMerchantSide():
		return entitlement.MerchantID(v.Merchant)
	case v.Role == pay.RoleUser:
		return entitlement.And(entitlement.MerchantID(v.Merchant), entitlement.UserID(v.User))
	}
	return entitlement.HasBillWith(visibleBill(v))
}

// visibleRegistration is the predicate of the card registrations that v may see:
// a guest's token may be of one.
func visibleRegistration(v viewer.Viewer) predicate.CardRegistration {
	if v.Role == pay.RoleGuest && !v.Registration.IsZero() {
		return cardregistration.And(cardregistration.MerchantID(v.Merchant), cardregistration.ID(v.Registration))
	}
	return cardregistration.And(cardregistration.MerchantID(v.Merchant), ownOr(v, cardregistration.UserID))
}

// visibleGift is the predicate of the gifts that v may see: those that a user
// bought or holds, and a guest's by the bill that paid for it. Who knows a code
// may look at its gift too; package gifts answers them.
func visibleGift(v viewer.Viewer) predicate.Gift {
	if v.Role == pay.RoleUser {
		return gift.And(gift.MerchantID(v.Merchant), gift.Or(gift.BuyerID(v.User), gift.RedeemedByID(v.User)))
	}
	if v.Role == pay.RoleGuest {
		return gift.HasBillWith(visibleBill(v))
	}
	return gift.And(gift.MerchantID(v.Merchant), ownOr(v, gift.BuyerID))
}

// ownOr narrows to what is the viewer's own: not at all for the merchant's side,
// and to nothing for who is no user.
func ownOr[P ~func(*sql.Selector)](v viewer.Viewer, own func(pay.UserID) P) P {
	switch {
	case v.Role.IsMerchantSide():
		return func(*sql.Selector) {}
	case v.User.IsZero():
		return func(s *sql.Selector) { s.Where(sql.False()) }
	}
	return own(v.User)
}
