package graph

import (
	"context"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Viewer is who is asking.
func (r query) Viewer(ctx context.Context) (*viewer.Viewer, error) {
	v := viewer.From(ctx)
	return &v, nil
}

// permissionsOf reads from the schema's @auth what each role may do, so that the
// words and the rule cannot part.
func permissionsOf(schema *ast.Schema) map[pay.Role][]string {
	words := make(map[pay.Role][]string)
	add := func(word string, roles []pay.Role, but func(pay.Role) bool) {
		for _, role := range roles {
			if but == nil || but(role) {
				words[role] = append(words[role], word)
			}
		}
	}
	query := func(field string) []pay.Role { return rolesOf(schema.Query.Fields.ForName(field)) }
	mutation := func(field string) []pay.Role { return rolesOf(schema.Mutation.Fields.ForName(field)) }
	add("catalogue.read", query("products"), nil)
	add("catalogue.write", mutation("productUpsert"), nil)
	add("bills.create", mutation("billCreate"), nil)
	add("bills.create_custom", mutation("billCreate"), pay.Role.IsMerchantSide)
	add("bills.read_own", []pay.Role{pay.RoleGuest, pay.RoleUser}, nil)
	add("bills.read_all", query("bills"), nil)
	add("bills.pay", mutation("billPay"), nil)
	add("bills.refresh", mutation("billRefresh"), nil)
	add("bills.cancel", mutation("billCancel"), nil)
	add("bills.capture", mutation("billCapture"), nil)
	add("bills.claim", mutation("billClaim"), nil)
	add("bills.share", mutation("billAccessTokenCreate"), nil)
	add("refunds.create", mutation("refundCreate"), nil)
	add("refunds.approve", mutation("refundApprove"), nil)
	add("cards.register", mutation("cardRegistrationStart"), nil)
	add(mayFinishCards, mutation("cardRegistrationFinish"), nil)
	add("cards.manage", mutation("cardRemove"), nil)
	add("subscriptions.read_all", query("billingSubscriptions"), nil)
	add(mayManageSubscriptions, mutation("billingSubscriptionCreate"), nil)
	add("gifts.read", query("gift"), nil)
	add("gifts.redeem", mutation("giftRedeem"), nil)
	add("clocks.manage", mutation("testClockCreate"), nil)
	add("reviews.read", query("reviewCases"), nil)
	add("reviews.resolve", mutation("reviewResolve"), nil)
	add("users.read", query("users"), nil)
	add("users.write", mutation("userUpsert"), nil)
	return words
}

// Permissions is what the caller may do.
func (r viewerFields) Permissions(_ context.Context, v *viewer.Viewer) ([]string, error) {
	return r.permissions[v.Role], nil
}

// Merchant is whose key or token it is.
func (r viewerFields) Merchant(ctx context.Context, v *viewer.Viewer) (*ent.Merchant, error) {
	return r.Merchants.Cached(ctx, v.Merchant)
}

// User is the signed-in payer.
func (r viewerFields) User(ctx context.Context, v *viewer.Viewer) (*ent.User, error) {
	if v.Role != pay.RoleUser {
		return nil, nil
	}
	return orNull(r.Users.User(ctx, v.User))
}

// Now is the server's clock.
func (r viewerFields) Now(context.Context, *viewer.Viewer) (*time.Time, error) {
	now := r.Clock.Now()
	return &now, nil
}

// Currencies are those of the catalogue and of the providers.
func (r merchantFields) Currencies(ctx context.Context, _ *ent.Merchant) ([]*model.CurrencyInfo, error) {
	used, err := r.Catalogue.Currencies(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := r.Billing.Providers(ctx, nil, nil)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		used = append(used, account.Provider.Capabilities().Currencies...)
	}
	slices.Sort(used)
	shown := []*model.CurrencyInfo{}
	for _, c := range slices.Compact(used) {
		info := &model.CurrencyInfo{Code: c, Exponent: c.Exponent()}
		if symbol := c.Symbol(); symbol != "" {
			info.Symbol = &symbol
		}
		shown = append(shown, info)
	}
	return shown, nil
}

// WebhookEventTypes are what the merchant's servers can be told about; payers
// need not know.
func (r merchantFields) WebhookEventTypes(ctx context.Context, _ *ent.Merchant) ([]string, error) {
	if !viewer.From(ctx).Role.IsMerchantSide() {
		return []string{}, nil
	}
	return []string{
		"bill.created", "bill.authorized", "bill.paid", "bill.done", "bill.amount_mismatch", "bill.failed",
		"bill.expired", "bill.canceled", "bill.refunded", "review_case.opened", "review_case.resolved",
	}, nil
}
