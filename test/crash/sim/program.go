package sim

import (
	"bytes"
	"context"
	"log/slog"

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
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// The accounts of the shop, all at the same terminal.
const (
	oneStage   = "payture"
	secondOne  = "payture-second"
	twoStage   = "payture-two-stage"
	secondHeld = "payture-second-two-stage"
)

// boot starts the program on the database that is there, as a new process does.
func (w *world) boot() error {
	if w.tokens != nil {
		w.tokens.Close()
	}
	var list []providers.Account
	for _, code := range []string{oneStage, secondOne, twoStage, secondHeld} {
		p, err := payture.New(
			payture.Config{
				BaseURL: sandboxURL + "/payture", Key: "Merchant", Password: "123",
				TwoStage: code == twoStage || code == secondHeld, TestMode: true, Settling: settling, Wallet: walletOf(code),
			},
			providers.Deps{HTTP: w.wire, Clock: w.clock},
		)
		if err != nil {
			return err
		}
		if code == oneStage {
			w.saver = p
		}
		list = append(list, providers.Account{Code: code, Merchant: w.merchant.ID, TestMode: true, Provider: p})
	}
	accounts, err := providers.NewAccounts(list...)
	if err != nil {
		return err
	}
	silent := slog.New(slog.DiscardHandler)
	key := func(of string) []byte { return bytes.Repeat([]byte(of), 32) }
	w.tokens, err = auth.New(auth.Options{Store: w.store, Clock: w.clock, Logger: silent, GuestKeys: [][]byte{key("g")}})
	if err != nil {
		return err
	}
	w.runner = jobs.New(jobs.Options{Store: w.store, Clock: w.clock, Logger: silent, Lease: jobLease})
	if err := w.assemble(accounts, key, silent); err != nil {
		return err
	}
	w.dead = false
	return nil
}

// walletOf is the wallet of an account: only one of them saves cards.
func walletOf(code string) *payture.Wallet {
	if code != oneStage {
		return nil
	}
	return &payture.Wallet{AddTerminal: "MerchantAdd", PayTerminal: "MerchantPay", Password: "123", CustomerSecret: "the members of the simulated shop"}
}

// assemble makes the program's services, as cmd does, but for its mail, which is
// off.
func (w *world) assemble(accounts *providers.Accounts, key func(of string) []byte, silent *slog.Logger) error {
	safe, err := vault.New(vault.Keys{Current: key("v"), Hash: key("h")})
	if err != nil {
		return err
	}
	mail, err := notify.New(notify.Config{Store: w.store, Runner: w.runner, Vault: safe, PublicURL: publicURL, Logger: silent})
	if err != nil {
		return err
	}
	hub, shops, direct := events.NewHub(), merchants.New(w.store), entitlements.New()
	objects := events.NewObjectFeed(w.store, hub, w.clock, silent)
	w.ledger = wallets.New(w.store)
	w.cards = cards.New(cards.Config{
		Store: w.store, Accounts: accounts, Merchants: shops, Wallets: w.ledger, Vault: safe, Tokens: w.tokens, Feed: objects, Runner: w.runner,
		CheckReturn: auth.ReturnURL, ReturnKey: key("r"), PublicURL: publicURL, Logger: silent,
	})
	w.bills = billing.New(billing.Config{
		Store: w.store, Accounts: accounts, Catalogue: catalogue.New(w.store), Merchants: shops, Ledger: w.ledger, Cards: savedCards{w.cards},
		Tokens: w.tokens, Feed: events.NewFeed(w.store, hub, w.clock, silent), Runner: w.runner,
		CheckReturn: auth.ReturnURL, ReturnKey: key("r"), PublicURL: publicURL, Logger: silent,
	})
	w.subs = subscriptions.New(subscriptions.Config{
		Store: w.store, Runner: w.runner, Bills: w.bills, Cards: w.cards, Merchants: shops, Mailer: mail, Feed: objects, Logger: silent,
	})
	w.presents = gifts.New(gifts.Config{
		Store: w.store, Runner: w.runner, Vault: safe, Mailer: mail, Subscriptions: w.subs, Entitlements: direct, Wallets: w.ledger,
		Validity: gifts.DefaultValidity(), Logger: silent,
	})
	topUp := wallets.NewTopUp(w.ledger)
	w.bills.Fulfillers = map[pay.ProductKind]billing.Fulfiller{
		pay.ProductDirect: direct, pay.ProductSubscription: w.subs, pay.ProductGift: w.presents, pay.ProductTopUp: topUp,
	}
	w.bills.Returners = map[pay.ProductKind]billing.Returner{
		pay.ProductDirect: direct, pay.ProductSubscription: w.subs, pay.ProductGift: w.presents, pay.ProductTopUp: topUp,
	}
	w.bills.Observers = []billing.Observer{w.subs, w.presents, notify.NewReceipts(mail)}
	w.cards.Observers = []cards.CardObserver{w.subs}
	return nil
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

// publicURL is where the program's own pages are.
const publicURL = "http://127.0.0.1:8080"
