package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

// User is one user, or null.
func (r query) User(ctx context.Context, id, externalID *string) (*ent.User, error) {
	return orNull(r.Services.Users.Find(ctx, viewer.From(ctx).Merchant, id, externalID))
}

// Users are the merchant's, newest first.
func (r query) Users(ctx context.Context, search *string, first *int, after *string) (*model.UserConnection, error) {
	found, err := r.Services.Users.Users(ctx, valueOf(search), pageOf(first, after))
	if err != nil {
		return nil, err
	}
	if err := r.fillUsers(ctx, selected(ctx).rows(), found.Users); err != nil {
		return nil, err
	}
	return model.NewUserConnection(found.Users, found.Info, users.Cursor, valueOf(search)), nil
}

// userOf reads one user, or nil.
func (r *Resolver) userOf(ctx context.Context, id *pay.UserID) (*ent.User, error) {
	if id == nil {
		return nil, nil
	}
	found, err := r.usersByID(ctx, *id)
	return found[*id], err
}

// walletOf reads one wallet, or nil.
func (r *Resolver) walletOf(ctx context.Context, id *pay.WalletID) (*ent.Wallet, error) {
	if id == nil {
		return nil, nil
	}
	found, err := r.walletsByID(ctx, *id)
	return found[*id], err
}

// fillWallets reads the wallets of all users at once.
func (r *Resolver) fillWallets(ctx context.Context, list []*ent.User) error {
	ids := make([]pay.UserID, len(list))
	for at, u := range list {
		ids[at] = u.ID
	}
	byUser, err := r.Wallets.WalletsOf(ctx, ids...)
	if err != nil {
		return err
	}
	for _, u := range list {
		u.Edges.Wallets = append([]*ent.Wallet{}, byUser[u.ID]...)
	}
	return nil
}

// TotalCount counts the whole list.
func (r userPageFields) TotalCount(ctx context.Context, c *model.UserConnection) (int, error) {
	return r.Users.Count(ctx, c.Search)
}

// Wallets are the user's stored value.
func (r userFields) Wallets(ctx context.Context, u *ent.User) ([]*ent.Wallet, error) {
	if u.Edges.Wallets != nil {
		return u.Edges.Wallets, nil
	}
	byUser, err := r.Services.Wallets.WalletsOf(ctx, u.ID)
	return byUser[u.ID], err
}

// Bills are the user's, newest first.
func (r userFields) Bills(ctx context.Context, u *ent.User, first *int, after *string, filter *billing.Filter) (*model.BillConnection, error) {
	own := valueOf(filter)
	own.User = new(u.ID.String())
	return r.billPage(ctx, billing.ListRequest{Request: pageOf(first, after), Filter: &own})
}

// Entitlements are what the user may use.
func (r userFields) Entitlements(ctx context.Context, u *ent.User, kind, resource *string, active *bool) ([]*ent.Entitlement, error) {
	found, err := r.Services.Entitlements.Of(ctx, u.ID, kind, resource, active)
	if err != nil {
		return nil, err
	}
	var ids []pay.BillID
	for _, e := range found {
		if e.BillID != nil {
			ids = append(ids, *e.BillID)
		}
	}
	bills, err := r.billsOf(ctx, selected(ctx).at("bill"), slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	for _, e := range found {
		if e.BillID != nil {
			e.Edges.Bill = bills[*e.BillID]
		}
	}
	if asked := selected(ctx).at("billingSubscription"); !asked.isEmpty() {
		of, err := r.subscriptionsByID(ctx, namedBy(found, func(e *ent.Entitlement) *pay.SubscriptionID { return e.SubscriptionID })...)
		if err != nil {
			return nil, err
		}
		return found, r.fillSubscriptions(ctx, asked, valuesOf(of))
	}
	return found, nil
}

// BillingSubscription is what the entitlement lasts as long as.
func (r entitlementFields) BillingSubscription(ctx context.Context, e *ent.Entitlement) (*ent.BillingSubscription, error) {
	return r.subscriptionOf(ctx, e.SubscriptionID)
}

// Bill is what paid for the entitlement.
func (r entitlementFields) Bill(ctx context.Context, e *ent.Entitlement) (*ent.Bill, error) {
	if e.Edges.Bill != nil {
		return e.Edges.Bill, nil
	}
	return r.billOf(ctx, e.BillID)
}

// Resource is what the entitlement opens; null when its kind alone says it.
func (r entitlementFields) Resource(_ context.Context, e *ent.Entitlement) (*string, error) {
	if e.Resource == "" {
		return nil, nil
	}
	return &e.Resource, nil
}

// Balance is all that is in the wallet.
func (r walletFields) Balance(_ context.Context, w *ent.Wallet) (*pay.Money, error) {
	balance := wallets.Balance(w)
	return &balance, nil
}

// Entries are the wallet's changes, newest first.
func (r walletFields) Entries(ctx context.Context, w *ent.Wallet, first *int, after *string) (*model.LedgerEntryConnection, error) {
	found, err := r.Wallets.Entries(ctx, w.ID, pageOf(first, after))
	if err != nil {
		return nil, err
	}
	var ids []pay.BillID
	for _, e := range found.Entries {
		if e.BillID != nil {
			ids = append(ids, *e.BillID)
		}
	}
	bills, err := r.billsOf(ctx, selected(ctx).rows().at("bill"), ids)
	if err != nil {
		return nil, err
	}
	for _, e := range found.Entries {
		if e.BillID != nil && bills[*e.BillID] != nil {
			e.Edges.Bill = bills[*e.BillID]
		}
	}
	return model.NewLedgerEntryConnection(found.Entries, found.Info, wallets.Cursor), nil
}

// BalanceAfter is the wallet's balance after the entry.
func (r entryFields) BalanceAfter(_ context.Context, e *ent.LedgerEntry) (*pay.Money, error) {
	if e.BalanceAfterMinor == nil {
		return nil, nil
	}
	balance := pay.Of(*e.BalanceAfterMinor, e.Currency)
	return &balance, nil
}

// Bill is the bill that the entry belongs to, if the caller may see it.
func (r entryFields) Bill(ctx context.Context, e *ent.LedgerEntry) (*ent.Bill, error) {
	found, err := e.Edges.BillOrErr()
	if ent.IsNotLoaded(err) {
		return r.billOf(ctx, e.BillID)
	}
	return found, nil // what was looked for and not found is null
}

// UserUpsert tells us of a payer.
func (r mutation) UserUpsert(ctx context.Context, in model.UserUpsertInput) (*model.UserPayload, error) {
	user, replayed, err := r.Users.Upsert(ctx, viewer.From(ctx), users.Upsert{
		Key: in.IdempotencyKey, ExternalID: in.ExternalID,
		Email: given(in.Email), Phone: given(in.Phone), Name: given(in.Name), Locale: given(in.Locale),
	})
	errs, err := r.shownErrors(ctx, err)
	if err != nil {
		return nil, err
	}
	return &model.UserPayload{User: user, Errors: errs, Replayed: replayed}, nil
}

// given keeps apart what was left out, which stays, and null, which empties.
func given(input graphql.Omittable[*string]) users.Field {
	value, ok := input.ValueOK()
	if !ok {
		return users.Field{}
	}
	return users.Set(value)
}
