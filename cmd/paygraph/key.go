package main

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

func runKeyCreate(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "key create", "--merchant CODE",
		"Makes a publishable key, for pages, and a secret key, for the merchant's server. They\nare shown once: only their hashes are stored. Prints id, role and key.")
	database := addDatabaseFlags(flags)
	code := flags.String("merchant", "", "the merchant's code (needed)")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	return withMerchant(ctx, env, database, *code, func(ctx context.Context, s *store.Store, m *ent.Merchant) error {
		for _, role := range []pay.Role{pay.RolePublic, pay.RoleServer} {
			key, err := auth.NewKey(role, m.TestMode)
			if err != nil {
				return err
			}
			var row *ent.APIKey
			err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				row, err = auth.CreateKey(ctx, tx, m.ID, key)
				return err
			})
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(env.Stdout, "%s\t%s\t%s\n", row.ID, role, key.Text)
		}
		return nil
	})
}

func runKeyRevoke(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "key revoke", "--merchant CODE KEY_ID",
		"Ends a key. Servers that run notice within five seconds.")
	database := addDatabaseFlags(flags)
	code := flags.String("merchant", "", "the merchant's code (needed)")
	if err := parse(flags, args, 1); err != nil {
		return err
	}
	return withMerchant(ctx, env, database, *code, func(ctx context.Context, s *store.Store, m *ent.Merchant) error {
		var id pay.APIKeyID
		if err := id.UnmarshalText([]byte(flags.Arg(0))); err != nil {
			return err
		}
		return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return auth.RevokeKey(ctx, tx, m.ID, id) })
	})
}
