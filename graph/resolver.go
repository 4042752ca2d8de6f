// Package graph answers GraphQL: it binds schema.graphql to the services. Its
// resolvers translate and nothing more; what may be done, and by whom, is the
// services' and the store's to say, so it knows no predicate, no client and no
// transaction.
//
// generated/ and model/ are made by gqlgen (gqlgen.yml, `go generate ./graph`);
// scalar/ reads and writes the custom scalars. Start with NewSchema, then bill.go
// for what an object shows, selection.go, fill.go and along.go for what is read
// along with it, payload.go for how a mutation answers, live.go for what is pushed,
// and errors.go for everything that goes wrong.
package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/graph/generated"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/wallets"
)

// Services are what the resolvers ask. All but ClientIP are needed.
type Services struct {
	Billing       *billing.Service
	Cards         Cards
	Subscriptions Subscriptions
	Gifts         Gifts
	Catalogue     *catalogue.Service
	Users         *users.Service
	Wallets       *wallets.Service
	Merchants     *merchants.Service
	Entitlements  *entitlements.Reader
	Hub           *events.Hub
	Feed          *events.Feed // of bills
	Objects       *events.Feed // of card registrations and subscriptions
	Clock         pay.Clock
	Logger        *slog.Logger

	// ClientIP finds the payer's address, for the providers that ask for it.
	// Nil: none is told.
	ClientIP func(ctx context.Context) string
}

// Resolver is the root of all resolvers. It is safe for concurrent use.
type Resolver struct {
	Services
	permissions map[pay.Role][]string
}

// New returns the resolvers over these services.
func New(s Services) *Resolver {
	r := &Resolver{Services: s}
	r.permissions = permissionsOf(r.schema().Schema())
	return r
}

// NewSchema returns the schema with its resolvers. Call CheckAuth on its Schema
// before serving it.
func NewSchema(s Services) graphql.ExecutableSchema { return schemaWithAlong{New(s).schema()} }

func (r *Resolver) schema() graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{
		Resolvers:  r,
		Directives: generated.DirectiveRoot{Auth: requireRole},
	})
}

type (
	query        struct{ *Resolver }
	mutation     struct{ *Resolver }
	subscription struct{ *Resolver }

	billFields        struct{ *Resolver }
	billEventFields   struct{ *Resolver }
	attemptFields     struct{ *Resolver }
	reviewFields      struct{ *Resolver }
	refundFields      struct{ *Resolver }
	entitlementFields struct{ *Resolver }
	productFields     struct{ *Resolver }
	grantsFields      struct{ *Resolver }
	priceFields       struct{ *Resolver }
	userFields        struct{ *Resolver }
	walletFields      struct{ *Resolver }
	entryFields       struct{ *Resolver }
	merchantFields    struct{ *Resolver }
	viewerFields      struct{ *Resolver }
	cardFields        struct{ *Resolver }
	giftFields        struct{ *Resolver }
	billPageFields    struct{ *Resolver }
	userPageFields    struct{ *Resolver }
	reviewPageFields  struct{ *Resolver }

	registrationFields     struct{ *Resolver }
	subscriptionFields     struct{ *Resolver }
	subscriptionPageFields struct{ *Resolver }
)

// Query resolves what reads.
func (r *Resolver) Query() generated.QueryResolver { return query{r} }

// Mutation resolves what changes.
func (r *Resolver) Mutation() generated.MutationResolver { return mutation{r} }

// Subscription resolves what is watched.
func (r *Resolver) Subscription() generated.SubscriptionResolver { return subscription{r} }

// Bill resolves what a bill's row does not hold.
func (r *Resolver) Bill() generated.BillResolver { return billFields{r} }

// BillEvent resolves what not everybody sees of a bill's history.
func (r *Resolver) BillEvent() generated.BillEventResolver { return billEventFields{r} }

// PaymentAttempt resolves what an attempt's row does not hold.
func (r *Resolver) PaymentAttempt() generated.PaymentAttemptResolver { return attemptFields{r} }

// Refund resolves what a refund's row does not hold.
func (r *Resolver) Refund() generated.RefundResolver { return refundFields{r} }

// ReviewCase resolves what a case's row does not hold.
func (r *Resolver) ReviewCase() generated.ReviewCaseResolver { return reviewFields{r} }

// Entitlement resolves what an entitlement's row does not hold.
func (r *Resolver) Entitlement() generated.EntitlementResolver { return entitlementFields{r} }

// Product resolves what a product's row does not hold.
func (r *Resolver) Product() generated.ProductResolver { return productFields{r} }

// ProductGrants resolves what a product's row does not hold of its grants.
func (r *Resolver) ProductGrants() generated.ProductGrantsResolver { return grantsFields{r} }

// Price resolves what a price's row does not hold.
func (r *Resolver) Price() generated.PriceResolver { return priceFields{r} }

// User resolves what a user's row does not hold.
func (r *Resolver) User() generated.UserResolver { return userFields{r} }

// Wallet resolves what a wallet's row does not hold.
func (r *Resolver) Wallet() generated.WalletResolver { return walletFields{r} }

// LedgerEntry resolves what an entry's row does not hold.
func (r *Resolver) LedgerEntry() generated.LedgerEntryResolver { return entryFields{r} }

// Merchant resolves what a merchant's row does not hold.
func (r *Resolver) Merchant() generated.MerchantResolver { return merchantFields{r} }

// Viewer resolves who is asking.
func (r *Resolver) Viewer() generated.ViewerResolver { return viewerFields{r} }

// Card resolves what a card's row does not hold.
func (r *Resolver) Card() generated.CardResolver { return cardFields{r} }

// CardRegistration resolves what a registration's row does not hold.
func (r *Resolver) CardRegistration() generated.CardRegistrationResolver {
	return registrationFields{r}
}

// BillingSubscription resolves what a subscription's row does not hold.
func (r *Resolver) BillingSubscription() generated.BillingSubscriptionResolver {
	return subscriptionFields{r}
}

// Gift resolves what a gift's row does not hold, or not for everybody.
func (r *Resolver) Gift() generated.GiftResolver { return giftFields{r} }

// BillConnection counts bills, when somebody asks.
func (r *Resolver) BillConnection() generated.BillConnectionResolver { return billPageFields{r} }

// UserConnection counts users, when somebody asks.
func (r *Resolver) UserConnection() generated.UserConnectionResolver { return userPageFields{r} }

// ReviewCaseConnection counts review cases, when somebody asks.
func (r *Resolver) ReviewCaseConnection() generated.ReviewCaseConnectionResolver {
	return reviewPageFields{r}
}

// BillingSubscriptionConnection counts subscriptions, when somebody asks.
func (r *Resolver) BillingSubscriptionConnection() generated.BillingSubscriptionConnectionResolver {
	return subscriptionPageFields{r}
}

// orNull turns "there is no such thing, or it is not yours" into null.
func orNull[T any](found *T, err error) (*T, error) {
	if pay.CodeOf(err) == pay.CodeNotFound {
		return nil, nil
	}
	return found, err
}

// valueOf is what p points to, or the zero value for nil.
func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
