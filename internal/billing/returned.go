package billing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

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
func (s *Service) returnToken(id pay.AttemptID) string { return s.addressToken(forReturn, id) }

func (s *Service) readReturnToken(token string) (pay.AttemptID, error) {
	return s.readAddressToken(forReturn, token)
}

// notifyToken names an attempt in the address that its provider's notifications go
// to: who knows it was told by us, or by the provider.
func (s *Service) notifyToken(id pay.AttemptID) string { return s.addressToken(forNotice, id) }

// purpose keeps the tokens of different addresses apart.
type purpose string

const (
	forReturn purpose = "paygraph return page\x00"
	forNotice purpose = "paygraph notification\x00"
)

func (s *Service) addressToken(what purpose, id pay.AttemptID) string {
	return addressTokenBy(s.ReturnKey, what, id)
}

func addressTokenBy(key []byte, what purpose, id pay.AttemptID) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(what))
	mac.Write(id.Bytes())
	return id.Suffix() + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// readAddressToken returns the attempt that a token names. It is the token's text that
// has to be right, not what it decodes to: an attempt has one address of a kind for
// each key.
func (s *Service) readAddressToken(what purpose, token string) (pay.AttemptID, error) {
	suffix, _, _ := strings.Cut(token, ".")
	id, err := pay.ParseAttemptID("att_" + suffix)
	isSigned := s.isSigned(func(key []byte) bool { return hmac.Equal([]byte(token), []byte(addressTokenBy(key, what, id))) })
	if err != nil || !isSigned {
		return pay.AttemptID{}, pay.NotFound("payment") // without the cause, which may quote the token
	}
	return id, nil
}

// isSigned reports whether a return key, of now or of before, signed what by checks. A
// key that is changed must not lose the orders that are open: at a vendor that cannot
// be asked, the address of its notification is the only proof of a payment.
func (s *Service) isSigned(by func(key []byte) bool) bool {
	return by(s.ReturnKey) || slices.ContainsFunc(s.OldKeys, by)
}
