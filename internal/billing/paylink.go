package billing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// PayURL is the address at which a bill is paid by hand, for a mail to its payer.
// Whoever has it can pay the bill and see nothing of it.
func (s *Service) PayURL(id pay.BillID) string {
	return s.PublicURL + "/pay/" + id.Suffix() + "." + base64.RawURLEncoding.EncodeToString(payMAC(s.ReturnKey, id))
}

func payMAC(key []byte, id pay.BillID) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("paygraph pay link\x00"))
	mac.Write(id.Bytes())
	return mac.Sum(nil)[:16]
}

// FollowPayURL takes who comes by a PayURL, and returns the provider's page to go
// on to: the open one, or a new one. It returns "" when there is nothing to pay any more, CodeNotFound for a token that
// is not ours, and the typed error of a page that could not be opened.
func (s *Service) FollowPayURL(ctx context.Context, token string) (string, error) {
	ctx = viewer.AsProgram(ctx)
	const suffix = 26
	if len(token) <= suffix || token[suffix] != '.' {
		return "", pay.NotFound("bill")
	}
	id, err := pay.ParseBillID("bill_" + token[:suffix])
	sent, decodeErr := base64.RawURLEncoding.DecodeString(token[suffix+1:])
	if err != nil || decodeErr != nil || !s.isSigned(func(key []byte) bool { return hmac.Equal(sent, payMAC(key, id)) }) {
		return "", pay.NotFound("bill")
	}
	b, err := s.Store.Read().Bill.Get(ctx, id)
	if ent.IsNotFound(err) {
		return "", pay.NotFound("bill")
	}
	if err != nil {
		return "", fmt.Errorf("read bill %s: %w", id, err)
	}
	if !b.Status.IsPayable() || !s.now().Before(b.ExpiresAt) {
		return "", nil
	}
	// No card is saved: a mail may be forwarded, and who pays need not be its user.
	refused, err := s.OpenPage(ctx, id, PageRequest{Payer: Payer{Locale: b.Locale}, ReturnURL: b.ReturnURL})
	if err != nil {
		return "", err
	}
	if len(refused) > 0 {
		return "", refused[0]
	}
	found, err := s.Bill(ctx, id.String(), Want{Attempts: true})
	if err != nil || found == nil {
		return "", err
	}
	next := NextActionOf(found, found.Edges.Attempts, s.now())
	if next == nil || next.Redirect == nil || next.Redirect.Method != http.MethodGet {
		return "", pay.Errorf(pay.CodeConflict, "bill.no_page", "The page is being opened. Try again in a moment.")
	}
	return next.Redirect.URL, nil
}
