package billing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/providerevent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Notify takes one notification of a provider account. It is stored as it came
// before it is acknowledged, and has the provider asked at once: what settles is
// the provider's own answer. The reply is in the vendor's own dialect.
//
// It returns an Error of kind Auth for a forged notification, Malformed for one
// that cannot be read, and CodeNotFound when there is no such account.
func (s *Service) Notify(ctx context.Context, provider, code string, n providers.Notification) (providers.Reply, error) {
	ctx = viewer.AsProgram(ctx)
	account, known := s.Accounts.ByCode(code)
	if !known || string(account.Provider.Name()) != provider {
		return providers.Reply{}, pay.NotFound("provider account")
	}
	parser, err := providers.As[providers.WebhookParser](account.Provider, providers.OpWebhook)
	if err != nil {
		return providers.Reply{}, pay.NotFound("provider account").Because(err)
	}
	found, reply, err := parser.ParseWebhook(ctx, n)
	if err != nil {
		return providers.Reply{}, err
	}
	for _, event := range found {
		if err := s.takeEvent(ctx, account, event, n.Body); err != nil {
			return providers.Reply{}, err
		}
	}
	return reply, nil
}

// takeEvent stores one event, once for a signed one, and has it acted on.
func (s *Service) takeEvent(ctx context.Context, account providers.Account, event providers.Event, body []byte) error {
	a, err := s.Store.Read().Attempt.Query().
		Where(
			attempt.MerchantID(account.Merchant), attempt.Provider(string(account.Provider.Name())),
			attempt.OrderNumber(event.Ref.OrderNumber), // unique for ever; accounts of one terminal share its notifications
		).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("find the attempt of a notification: %w", err)
	}
	if a == nil || event.Hint && a.Status == pay.AttemptCaptured {
		return nil // a claim about nothing of ours, or about what we know, is worth no row
	}
	return s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id := pay.NewProviderEventID(tx.Now)
		key := event.Key
		if event.Hint {
			key = "hint/" + id.String() // never deduplicated: a forged twin must not swallow the real one
		}
		err := tx.ProviderEvent.Create().SetID(id).SetMerchantID(account.Merchant).SetAccount(account.Code).
			SetEventKey(key).SetKind(event.Kind).SetOrderNumber(event.Ref.OrderNumber).SetHint(event.Hint).
			SetBody(body).SetReceivedAt(tx.Now).
			OnConflictColumns(providerevent.FieldAccount, providerevent.FieldEventKey).DoNothing().Exec(ctx)
		if err != nil {
			if isNothingInserted(err) {
				return nil
			}
			return fmt.Errorf("store a notification: %w", err)
		}
		tx.AfterCommit(s.Runner.Wake)
		return s.askAt(ctx, tx, a.ID, soonest(a, tx.Now))
	})
}

// soonest is when an attempt may be asked about: now, or askInterval after the
// last time.
func soonest(a *ent.Attempt, now time.Time) time.Time {
	if a.AskedAt == nil || a.AskedAt.Add(askInterval).Before(now) {
		return now
	}
	return a.AskedAt.Add(askInterval)
}

// Return takes a payer's browser that comes back from a provider's page. That it
// came proves nothing: the provider is asked. It returns the merchant's page to
// go on to, "" when there is none, and CodeNotFound for a token that is not ours.
func (s *Service) Return(ctx context.Context, token string) (string, error) {
	ctx = viewer.AsProgram(ctx)
	id, err := s.readReturnToken(token)
	if err != nil {
		return "", err
	}
	a, err := s.Store.Read().Attempt.Get(ctx, id)
	if ent.IsNotFound(err) {
		return "", pay.NotFound("payment")
	}
	if err != nil {
		return "", fmt.Errorf("read attempt %s: %w", id, err)
	}
	if a.Status != pay.AttemptCaptured {
		err := s.inTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.AfterCommit(s.Runner.Wake)
			return s.askAt(ctx, tx, id, soonest(a, tx.Now))
		})
		if err != nil {
			return "", err
		}
	}
	return deref(a.ReturnURL), nil
}

// returnToken names an attempt in our own return URL, so that the page cannot be
// used to find out which attempts there are.
func (s *Service) returnToken(id pay.AttemptID) string {
	return id.Suffix() + "." + base64.RawURLEncoding.EncodeToString(s.returnMAC(id))
}

func (s *Service) returnMAC(id pay.AttemptID) []byte {
	mac := hmac.New(sha256.New, s.ReturnKey)
	mac.Write([]byte("paygraph return page\x00"))
	mac.Write(id.Bytes())
	return mac.Sum(nil)[:16]
}

func (s *Service) readReturnToken(token string) (pay.AttemptID, error) {
	const suffix = 26
	if len(token) > suffix && token[suffix] == '.' {
		id, err := pay.ParseAttemptID("att_" + token[:suffix])
		sent, decodeErr := base64.RawURLEncoding.DecodeString(token[suffix+1:])
		if err == nil && decodeErr == nil && hmac.Equal(sent, s.returnMAC(id)) {
			return id, nil
		}
	}
	return pay.AttemptID{}, pay.NotFound("payment")
}
