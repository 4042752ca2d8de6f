package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

func runToken(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "token", "--role ROLE --subject NAME [--ttl 15m] [--data DIR | --database URL]",
		"Signs a token for development, with the secret of the database that `paygraph dev`\nworks on, and prints it alone on standard output. A production server refuses it.")
	database := addDatabaseFlags(flags)
	role := flags.String("role", "USER", "USER, SUPPORT, FINANCE or ADMIN")
	subject := flags.String("subject", "", "who: for USER the merchant's own id of the payer (needed)")
	ttl := flags.Duration("ttl", 15*time.Minute, "how long it is good")
	merchant := flags.String("merchant", demoMerchant, "the merchant's code")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	wanted := pay.Role(strings.ToUpper(*role))
	if *subject == "" || *ttl <= 0 || !slices.Contains([]pay.Role{pay.RoleUser, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin}, wanted) {
		_, _ = fmt.Fprint(env.Stderr, "paygraph token: want a --role of USER, SUPPORT, FINANCE or ADMIN, a --subject and a --ttl above zero\n\n")
		flags.Usage()
		return errMisused
	}
	return withMerchant(ctx, env, database, *merchant, func(ctx context.Context, s *store.Store, m *ent.Merchant) error {
		secret, err := auth.InstallationSecret(ctx, s, devSecretName)
		if err != nil {
			return err
		}
		now := s.Clock().Now()
		token, err := auth.SignDevToken(secret, auth.DevClaims{
			Merchant: m.ID, Role: wanted, Subject: *subject, IssuedAt: now, Expires: now.Add(*ttl),
		})
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintln(env.Stdout, token)
		return nil
	})
}
