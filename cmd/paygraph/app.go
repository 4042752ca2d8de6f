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
	"github.com/paygraph/paygraph/internal/entitlements"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/vault"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
)

// assembly is what the server is put together from. Dev and serve differ in
// nothing else.
type assembly struct {
	Store      *store.Store
	Accounts   *providers.Accounts
	Rules      rules
	Issuers    []auth.Issuer
	DevSecret  []byte // nil in production
	GuestKeys  [][]byte
	ReturnKeys [][]byte // the first signs
	Vault      vault.Keys
	Mail       mailing
	PublicURL  string
	Logger     *slog.Logger

	DrainDelay time.Duration      // from "not ready" to closing the door
	Drain      time.Duration      // for what is under way to finish; 0: drainTime
	Web        func(*web.Options) // the last word on the edge
}

// mailing is who sends mails, and from whom they are. Without a Sender there are
// none.
type mailing struct {
	Sender notify.Sender
	From   string
}

// app is the whole server, put together but not running.
type app struct {
	*services

	store *store.Store
	auth  *auth.Authenticator
	web   *web.Server
	drain time.Duration
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
	rooms, err := newServices(a, tokens)
	if err != nil {
		tokens.Close()
		return nil, err
	}
	schema := graph.NewSchema(graph.Services{
		Billing: rooms.bills, Catalogue: rooms.products, Users: rooms.users, Wallets: rooms.ledger, Merchants: rooms.shops,
		Cards: rooms.cards, Subscriptions: rooms.subscriptions, Gifts: rooms.gifts,
		Entitlements: entitlements.NewReader(a.Store), Hub: rooms.hub, Feed: rooms.feed, Objects: rooms.objects,
		Clock: clock, Logger: a.Logger, ClientIP: web.ClientIP,
	})
	if err := graph.CheckAuth(schema.Schema()); err != nil {
		tokens.Close()
		return nil, err
	}
	options := web.Options{
		Schema: schema, Presenter: graph.Presenter(a.Logger, store.IsAway), Auth: tokens, Billing: returns{rooms.bills, rooms.cards}, Store: a.Store,
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
	return &app{services: rooms, store: a.Store, auth: tokens, web: server, drain: a.Drain}, nil
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
	if err := a.begin(ctx); err != nil {
		return fmt.Errorf("take up what an earlier process left: %w", err)
	}
	// The jobs and the feed outlive the web: what a last request has begun
	// still finds them.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return a.runner.Run(background) })
	for _, feed := range []*events.Feed{a.feed, a.objects} {
		group.Go(func() error { return feed.Follow(background) })
		select {
		case <-feed.Ready(): // who subscribes from here on misses nothing
		case <-ctx.Done():
		}
	}
	err := a.web.Serve(ctx, listener, a.drain)
	stop()
	return errors.Join(err, group.Wait())
}
