package cards

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// ReturnPath is where providers send browsers back to, with a token after it.
const ReturnPath = "/return/cards/"

// Return takes a payer's browser that comes back from a provider's page. That it
// came proves nothing: the provider's list is read by a job. It returns the
// merchant's page to go on to, "" when there is none, and CodeNotFound for a token
// that is not ours.
func (s *Service) Return(ctx context.Context, token string) (string, error) {
	ctx = viewer.AsProgram(ctx)
	id, err := s.readReturnToken(token)
	if err != nil {
		return "", err
	}
	r, err := s.Store.Read().CardRegistration.Get(ctx, id)
	if ent.IsNotFound(err) {
		return "", errNoReturn()
	}
	if err != nil {
		return "", fmt.Errorf("read card registration %s: %w", id, err)
	}
	return deref(r.ReturnURL), s.lookSoon(ctx, r)
}

// Hint takes a notification that a customer's cards have changed; customer is what
// the vendor calls it. It proves nothing: the list is read for the registrations
// of that user that are watched, by a job. It reports false, and does nothing, when
// the customer is nobody's. It is safe to repeat.
func (s *Service) Hint(ctx context.Context, account, customer string) (known bool, err error) {
	ctx = viewer.AsProgram(ctx)
	of, configured := s.Accounts.ByCode(account)
	if !configured {
		return false, nil
	}
	owners, err := s.customersNamed(ctx, of, customer)
	if err != nil || len(owners) == 0 {
		return false, err
	}
	watched, err := s.Store.Read().CardRegistration.Query().
		Where(cardregistration.UserIDIn(owners...), cardregistration.Account(account), cardregistration.WatchUntilGT(s.now())).
		All(ctx)
	if err != nil {
		return true, fmt.Errorf("read what waits for a notification of account %s: %w", account, err)
	}
	return true, s.lookSoon(ctx, watched...)
}

// lookSoon has the list read for those of the registrations that have a page and
// are watched, as soon as it may be.
func (s *Service) lookSoon(ctx context.Context, all ...*ent.CardRegistration) error {
	due := slices.DeleteFunc(slices.Clone(all), func(r *ent.CardRegistration) bool {
		return r.RedirectURL == nil || !isWatched(r, s.now())
	})
	if len(due) == 0 {
		return nil
	}
	return s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.AfterCommit(s.Runner.Wake)
		for _, r := range due {
			if err := s.lookAt(ctx, tx, r.ID, soonest(r, tx.Now)); err != nil {
				return err
			}
		}
		return nil
	})
}

// customersNamed are the users whom the vendor may mean by a customer's name.
// Vendors' names of our customers end in our id of the user, or in the merchant's;
// an adapter that can say what it calls one (CustomerName) decides.
func (s *Service) customersNamed(ctx context.Context, account providers.Account, name string) ([]pay.UserID, error) {
	const mostEndings, longestName = 8, 300
	if name == "" || len(name) > longestName {
		return nil, nil
	}
	var ids []pay.UserID
	ends := []string{name}
	for rest := name; len(ends) < mostEndings; {
		_, after, found := strings.Cut(rest, "-")
		if !found {
			break
		}
		rest = after
		ends = append(ends, after)
	}
	for _, end := range ends {
		if id, err := pay.ParseUserID("user_" + end); err == nil {
			ids = append(ids, id)
		}
	}
	found, err := s.Store.Read().User.Query().
		Where(user.MerchantID(account.Merchant), user.Or(user.IDIn(ids...), user.ExternalIDIn(ends...))).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for a customer of account %s: %w", account.Code, err)
	}
	namer, can := account.Provider.(interface {
		CustomerName(who providers.Customer) string
	})
	var owners []pay.UserID
	for _, u := range found {
		if !can || namer.CustomerName(customerOf(u)) == name {
			owners = append(owners, u.ID)
		}
	}
	return owners, nil
}

// returnToken names a registration in our own return URL, so that the page cannot
// be used to find out which registrations there are.
func (s *Service) returnToken(id pay.CardRegistrationID) string {
	return id.Suffix() + "." + base64.RawURLEncoding.EncodeToString(returnMAC(s.ReturnKey, id))
}

func returnMAC(key []byte, id pay.CardRegistrationID) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("paygraph card return page\x00"))
	mac.Write(id.Bytes())
	return mac.Sum(nil)[:16]
}

func (s *Service) readReturnToken(token string) (pay.CardRegistrationID, error) {
	suffix, sent, _ := strings.Cut(token, ".")
	id, err := pay.ParseCardRegistrationID("creg_" + suffix)
	mac, decodeErr := base64.RawURLEncoding.DecodeString(sent)
	isSigned := func(key []byte) bool { return hmac.Equal(mac, returnMAC(key, id)) }
	if err != nil || decodeErr != nil || !isSigned(s.ReturnKey) && !slices.ContainsFunc(s.OldKeys, isSigned) {
		return pay.CardRegistrationID{}, errNoReturn()
	}
	return id, nil
}

func errNoReturn() *pay.Error {
	return pay.Errorf(pay.CodeNotFound, "card_registration.not_found", "There is no such card registration.")
}

// NextActionOf returns the page that the payer of r has to go to at now, and when
// it closes; "" when there is none. A registration that is PENDING without one is
// being opened: wait.
func NextActionOf(r *ent.CardRegistration, now time.Time) (redirect string, expires time.Time) {
	if r.Status != pay.RegistrationActionRequired || r.RedirectURL == nil || !now.Before(r.ExpiresAt) {
		return "", time.Time{}
	}
	return *r.RedirectURL, r.ExpiresAt.UTC()
}
