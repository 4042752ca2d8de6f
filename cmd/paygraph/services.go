package main

import (
	"context"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/cards"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/gifts"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/subscriptions"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/internal/web"
)

// services are the rooms of the program, each made of those above it.
type services struct {
	hub           *events.Hub
	feed          *events.Feed // of bills
	objects       *events.Feed // of card registrations and subscriptions
	runner        *jobs.Runner
	shops         *merchants.Service
	products      *catalogue.Service
	users         *users.Service
	ledger        *wallets.Service
	cards         *cards.Service
	bills         *billing.Service
	subscriptions *subscriptions.Service
	gifts         *gifts.Service
}

// newServices makes the services of a, and tells those below who stand above
// them: what a bill pays for is fulfilled, and heard of, by rooms that billing
// does not know.
func newServices(a assembly, tokens *auth.Authenticator) (*services, error) {
	clock := a.Store.Clock()
	s := &services{
		hub: events.NewHub(), shops: merchants.New(a.Store), products: catalogue.New(a.Store),
		users: users.New(a.Store), ledger: wallets.New(a.Store),
	}
	s.feed = events.NewFeed(a.Store, s.hub, clock, a.Logger)
	s.objects = events.NewObjectFeed(a.Store, s.hub, clock, a.Logger)
	s.runner = jobs.New(jobs.Options{Store: a.Store, Clock: clock, Logger: a.Logger, Lease: jobLease})
	safe, err := vault.New(a.Vault)
	if err != nil {
		return nil, err
	}
	mail, err := notify.New(notify.Config{
		Store: a.Store, Runner: s.runner, Vault: safe, Sender: a.Mail.Sender, From: a.Mail.From, PublicURL: a.PublicURL, Logger: a.Logger,
	})
	if err != nil {
		return nil, err
	}
	s.cards = cards.New(cards.Config{
		Store: a.Store, Accounts: a.Accounts, Merchants: s.shops, Wallets: s.ledger, Vault: safe, Tokens: tokens, Feed: s.objects, Runner: s.runner,
		CheckReturn: auth.ReturnURL, ReturnKey: a.ReturnKeys[0], OldKeys: a.ReturnKeys[1:], PublicURL: a.PublicURL, Logger: a.Logger,
	})
	direct := entitlements.New()
	s.bills = billing.New(billing.Config{
		Store: a.Store, Accounts: a.Accounts, Catalogue: s.products, Merchants: s.shops, Ledger: s.ledger, Cards: savedCards{s.cards},
		Tokens: tokens, Feed: s.feed, Runner: s.runner, Routes: a.Rules.routesOf, RefundRules: a.Rules.refundRulesOf,
		CheckReturn: auth.ReturnURL, ReturnKey: a.ReturnKeys[0], OldKeys: a.ReturnKeys[1:], PublicURL: a.PublicURL, Logger: a.Logger,
	})
	s.subscriptions = subscriptions.New(subscriptions.Config{
		Store: a.Store, Runner: s.runner, Bills: s.bills, Cards: s.cards, Merchants: s.shops, Mailer: mail,
		Feed: s.objects, PayURL: s.bills.PayURL, Logger: a.Logger,
	})
	s.gifts = gifts.New(gifts.Config{
		Store: a.Store, Runner: s.runner, Vault: safe, Mailer: mail, Subscriptions: s.subscriptions, Entitlements: direct, Wallets: s.ledger,
		Validity: gifts.DefaultValidity(), Address: web.ClientIP, Logger: a.Logger,
	})
	topUp := wallets.NewTopUp(s.ledger)
	s.bills.Fulfillers = map[pay.ProductKind]billing.Fulfiller{
		pay.ProductDirect: direct, pay.ProductSubscription: s.subscriptions, pay.ProductGift: s.gifts, pay.ProductTopUp: topUp,
	}
	s.bills.Returners = map[pay.ProductKind]billing.Returner{
		pay.ProductDirect: direct, pay.ProductSubscription: s.subscriptions, pay.ProductGift: s.gifts, pay.ProductTopUp: topUp,
	}
	s.bills.Observers = []billing.Observer{s.subscriptions, s.gifts, notify.NewReceipts(mail)}
	s.cards.Observers = []cards.CardObserver{s.subscriptions}
	return s, nil
}

// begin takes up what an earlier process left.
func (s *services) begin(ctx context.Context) error {
	if err := s.bills.Begin(ctx); err != nil {
		return err
	}
	if err := s.cards.Begin(ctx); err != nil {
		return err
	}
	return s.gifts.Begin(ctx)
}

// savedCards is package cards as billing wants it.
type savedCards struct{ *cards.Service }

// Chargeable returns what charges a card.
func (c savedCards) Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, id pay.CardID) (billing.ChargeableCard, error) {
	account, ref, customer, card, err := c.Service.Chargeable(ctx, merchant, user, id)
	if err != nil {
		return billing.ChargeableCard{}, err
	}
	return billing.ChargeableCard{ID: card.ID, Account: account, Ref: ref, Customer: customer}, nil
}

// returns takes payers who come back from any provider's page: of a payment, or
// of a card's registration.
type returns struct {
	*billing.Service

	cards *cards.Service
}

// Return returns the merchant's page to go on to.
func (r returns) Return(ctx context.Context, token string) (string, error) {
	next, err := r.Service.Return(ctx, token)
	if pay.CodeOf(err) == pay.CodeNotFound {
		return r.cards.Return(ctx, token)
	}
	return next, err
}
