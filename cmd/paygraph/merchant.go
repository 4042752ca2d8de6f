package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

func runMerchantCreate(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "merchant create", "--name NAME [--time-zone ZONE] [--test] [--default-provider ACCOUNT] CODE",
		"Makes a merchant. CODE is its short name in the other commands and in the accounts\nfile. Prints the merchant's id.")
	database := addDatabaseFlags(flags)
	in := merchants.NewMerchant{}
	flags.StringVar(&in.Name, "name", "", "the name that payers read (needed)")
	flags.StringVar(&in.TimeZone, "time-zone", "UTC", "the IANA time zone of its days")
	flags.StringVar(&in.DefaultProvider, "default-provider", "", "the provider account used when a payer names none")
	flags.BoolVar(&in.TestMode, "test", false, "no real money, for ever: its keys and provider accounts are test ones")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	in.Code = flags.Arg(0)
	return withMerchants(ctx, env, database, func(ctx context.Context, _ *store.Store, shops *merchants.Service) error {
		m, err := shops.Create(ctx, in)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(env.Stdout, m.ID)
		return nil
	})
}

func runMerchantList(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "merchant list", "", "Lists the merchants: id, code, test or live, name.")
	database := addDatabaseFlags(flags)
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	return withMerchants(ctx, env, database, func(ctx context.Context, _ *store.Store, shops *merchants.Service) error {
		list, err := shops.List(ctx)
		for _, m := range list {
			mode := "live"
			if m.TestMode {
				mode = "test"
			}
			_, _ = fmt.Fprintf(env.Stdout, "%s\t%s\t%s\t%s\n", m.ID, m.Code, mode, m.Name)
		}
		return err
	})
}

func runOriginAdd(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "origin add", "--merchant CODE ORIGIN",
		"Registers a web origin, such as https://shop.example: payers are sent back only to\npages of a registered one. It is safe to repeat.")
	database := addDatabaseFlags(flags)
	code := flags.String("merchant", "", "the merchant's code (needed)")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	return withMerchant(ctx, env, database, *code, func(ctx context.Context, s *store.Store, m *ent.Merchant) error {
		added, err := merchants.New(s).AddOrigin(ctx, m.ID, flags.Arg(0), auth.NormalOrigin)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(env.Stdout, added)
		return nil
	})
}

// withMerchants opens the database for a command that works on merchants.
func withMerchants(ctx context.Context, env environment, d databaseFlags, f func(context.Context, *store.Store, *merchants.Service) error) (err error) {
	s, err := d.open(ctx, env, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(viewer.AsProgram(ctx), s, merchants.New(s))
}

// withMerchant opens the database for a command that works on one merchant.
func withMerchant(ctx context.Context, env environment, d databaseFlags, code string, f func(context.Context, *store.Store, *ent.Merchant) error) error {
	return withMerchants(ctx, env, d, func(ctx context.Context, s *store.Store, shops *merchants.Service) error {
		m, err := shops.ByCode(ctx, code)
		if err != nil {
			return fmt.Errorf("find merchant %q (paygraph merchant list names them): %w", code, err)
		}
		return f(ctx, s, m)
	})
}
