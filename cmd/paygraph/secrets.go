package main

import (
	"context"
	"log/slog"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/vault"
)

// The names of the installation's own secrets that seal and find again what the
// database may keep, where none are configured.
const (
	sealingKeyName = "sealing"
	lookupKeyName  = "lookup"
)

// vaultKeys are the keys configured, or in test mode and dev the installation's
// own: those are beside what they seal, which keeps nothing from who has the
// database.
func vaultKeys(ctx context.Context, s *store.Store, sealing [][]byte, lookup []byte) (vault.Keys, error) {
	if len(sealing) == 0 {
		own, err := auth.InstallationSecret(ctx, s, sealingKeyName)
		if err != nil {
			return vault.Keys{}, err
		}
		sealing = [][]byte{own}
	}
	if lookup == nil {
		own, err := auth.InstallationSecret(ctx, s, lookupKeyName)
		if err != nil {
			return vault.Keys{}, err
		}
		lookup = own
	}
	return vault.Keys{Current: sealing[0], Older: sealing[1:], Hash: lookup}, nil
}

// configuredMail is the mail server of the settings; without one there is no mail,
// which is said here and by package notify.
func configuredMail(ctx context.Context, m config.Mail, logger *slog.Logger) (mailing, error) {
	if !m.Enabled() {
		logger.WarnContext(ctx, "no mail is sent: set --smtp-host (PAYGRAPH_SMTP_HOST) for receipts, gifts and failed renewals")
		return mailing{}, nil
	}
	server, err := notify.NewServer(notify.SMTP{
		Host: m.Host, Port: m.Port, User: m.User, Password: notify.Password(m.Password), TLS: notify.TLSMode(m.TLS),
	})
	if err != nil {
		return mailing{}, err
	}
	return mailing{Sender: server, From: m.From}, nil
}
