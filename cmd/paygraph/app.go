package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/graph"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/wallets"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
)

// assembly is what the server is put together from. Dev and serve differ in
// nothing else.
type assembly struct {
	Store     *store.Store
	Accounts  *providers.Accounts
	Issuers   []auth.Issuer
	DevSecret []byte // nil in production
	GuestKeys [][]byte
	ReturnKey []byte
	PublicURL string
	Logger    *slog.Logger

	DrainDelay time.Duration      // from "not ready" to closing the door
	Drain      time.Duration      // for what is under way to finish; 0: drainTime
	Web        func(*web.Options) // the last word on the edge
}

// app is the whole server, put together but not running.
type app struct {
	store  *store.Store
	auth   *auth.Authenticator
	bills  *billing.Service
	runner *jobs.Runner
	feed   *events.Feed
	web    *web.Server
	drain  time.Duration
}

// assemble wires the services, top to bottom: each knows only what stands above
// it.
func assemble(a assembly) (*app, error) {
	clock := a.Store.Clock()
	tokens, err := auth.New(auth.Options{
		Store: a.Store, Clock: clock, Logger: a.Logger,
		Issuers: a.Issuers, DevSecret: a.DevSecret, GuestKeys: a.GuestKeys,
	})
	if err != nil {
		return nil, err
	}
	hub := events.NewHub()
	feed := events.NewFeed(a.Store, hub, clock, a.Logger)
	runner := jobs.New(jobs.Options{Store: a.Store, Clock: clock, Logger: a.Logger, Lease: jobLease})
	shops := merchants.New(a.Store)
	products := catalogue.New(a.Store)
	ledger := wallets.New(a.Store)
	bills := billing.New(billing.Config{
		Store: a.Store, Accounts: a.Accounts, Catalogue: products, Merchants: shops, Ledger: ledger,
		Tokens: tokens, Feed: feed, Runner: runner,
		Fulfillers:  map[pay.ProductKind]billing.Fulfiller{pay.ProductDirect: entitlements.New()},
		CheckReturn: auth.ReturnURL, ReturnKey: a.ReturnKey, PublicURL: a.PublicURL, Logger: a.Logger,
	})
	schema := graph.NewSchema(graph.Services{
		Billing: bills, Catalogue: products, Users: users.New(a.Store), Wallets: ledger, Merchants: shops,
		Entitlements: entitlements.NewReader(a.Store), Hub: hub, Feed: feed, Clock: clock, Logger: a.Logger, ClientIP: web.ClientIP,
	})
	if err := graph.CheckAuth(schema.Schema()); err != nil {
		tokens.Close()
		return nil, err
	}
	options := web.Options{
		Schema: schema, Presenter: graph.Presenter(a.Logger, store.IsAway), Auth: tokens, Billing: bills, Store: a.Store,
		Clock: clock, Logger: a.Logger, PublicURL: a.PublicURL, DrainDelay: a.DrainDelay,
	}
	if a.Web != nil {
		a.Web(&options)
	}
	server, err := web.New(options)
	if err != nil {
		tokens.Close()
		return nil, err
	}
	if a.Drain == 0 {
		a.Drain = drainTime
	}
	return &app{store: a.Store, auth: tokens, bills: bills, runner: runner, feed: feed, web: server, drain: a.Drain}, nil
}

// jobLease is how long the jobs of a killed process wait for another: less than a
// person waits for their payment. A job that takes longer has its lease extended.
const jobLease = 12 * time.Second

// listen opens a TCP listener; port 0 picks a free one.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	return (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
}

// drainTime is how long a stopping server waits for what it has begun.
const drainTime = 20 * time.Second

// run serves on the listener, runs the jobs and follows the feed until ctx ends,
// then lets what has begun end.
func (a *app) run(ctx context.Context, listener net.Listener) error {
	defer a.auth.Close()
	if err := a.bills.Begin(ctx); err != nil {
		return fmt.Errorf("take up what an earlier process left: %w", err)
	}
	// The jobs and the feed outlive the web: what a last request has begun
	// still finds them.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return a.runner.Run(background) })
	group.Go(func() error { return a.feed.Follow(background) })
	select {
	case <-a.feed.Ready(): // who subscribes from here on misses nothing
	case <-ctx.Done():
	}
	err := a.web.Serve(ctx, listener, a.drain)
	stop()
	return errors.Join(err, group.Wait())
}
