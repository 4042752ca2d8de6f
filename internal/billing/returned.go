package billing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

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
		err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
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
