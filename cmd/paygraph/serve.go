package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/web"
)

func runServe(ctx context.Context, args []string, env environment) (err error) {
	c, err := config.ParseServe(args, adapters(), env.Getenv)
	if help, ok := errors.AsType[*config.HelpError](err); ok {
		_, _ = fmt.Fprint(env.Stdout, help.Text)
		return nil
	}
	if err != nil {
		_, _ = fmt.Fprintf(env.Stderr, "paygraph serve: the settings are wrong:\n%s\n\nparameters and variables: paygraph serve --help\n", err)
		return errMisused
	}
	logger := newLogger(env.Stderr, c)
	s, err := openServeStore(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	shops, err := shopsByCode(ctx, s)
	if err != nil {
		return err
	}
	a, err := assembleServe(ctx, s, c, shops, logger)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	logger.Info("paygraph serves", "addr", listener.Addr().String(), "public_url", c.PublicURL, "mode", c.Mode)
	_, _ = fmt.Fprintf(env.Stdout, "paygraph ready addr=%s\n", listener.Addr())
	return a.run(ctx, listener)
}

func newLogger(w io.Writer, c *config.Serve) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "text" {
		return slog.New(web.LogHandler(slog.NewTextHandler(w, options)))
	}
	return slog.New(web.LogHandler(slog.NewJSONHandler(w, options)))
}

// openServeStore opens a database that is migrated and, in live mode, durable.
func openServeStore(ctx context.Context, c *config.Serve) (*store.Store, error) {
	s, err := openAt(ctx, string(c.DatabaseURL), true)
	if err != nil || c.Mode != config.Live {
		return s, err
	}
	if err := s.CheckDurable(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func shopsByCode(ctx context.Context, s *store.Store) (map[string]*ent.Merchant, error) {
	list, err := merchants.New(s).List(viewer.AsProgram(ctx))
	byCode := make(map[string]*ent.Merchant, len(list))
	for _, m := range list {
		byCode[m.Code] = m
	}
	return byCode, err
}

func assembleServe(ctx context.Context, s *store.Store, c *config.Serve, shops map[string]*ent.Merchant, logger *slog.Logger) (*app, error) {
	inTest := make(map[string]bool, len(shops))
	for code, m := range shops {
		inTest[code] = m.TestMode
	}
	if err := c.CheckMerchants(inTest); err != nil {
		return nil, err
	}
	accounts, err := configuredAccounts(c, shops, s.Clock(), logger)
	if err != nil {
		return nil, err
	}
	issuers := make([]auth.Issuer, len(c.Issuers))
	for at, issuer := range c.Issuers {
		issuers[at] = auth.Issuer{
			Name: issuer.Name, Audience: issuer.Audience, Merchant: shops[issuer.Merchant].ID,
			Roles: issuer.Roles, JWKSURL: issuer.JWKSURL, PublicKeyPEM: issuer.PublicKeyPEM,
		}
	}
	guestKeys, returnKeys := config.KeyBytes(c.GuestKeys), config.KeyBytes(c.ReturnKeys)
	if guestKeys == nil {
		own, err := auth.InstallationSecret(ctx, s, guestKeyName)
		if err != nil {
			return nil, err
		}
		guestKeys = [][]byte{own}
	}
	if returnKeys == nil {
		own, err := auth.InstallationSecret(ctx, s, returnKeyName)
		if err != nil {
			return nil, err
		}
		returnKeys = [][]byte{own}
	}
	keys, err := vaultKeys(ctx, s, config.KeyBytes(c.SealingKeys), c.LookupKey)
	if err != nil {
		return nil, err
	}
	mail, err := configuredMail(ctx, c.Mail, logger)
	if err != nil {
		return nil, err
	}
	return assemble(assembly{
		Store: s, Accounts: accounts, Rules: configuredRules(c, shops), Issuers: issuers, GuestKeys: guestKeys, ReturnKeys: returnKeys, Vault: keys, Mail: mail,
		PublicURL: c.PublicURL, Logger: logger, DrainDelay: c.DrainDelay, Drain: c.Drain,
		Web: func(w *web.Options) { w.TrustedProxies, w.AllowedOrigins = c.TrustedProxies, c.AllowedOrigins },
	})
}
