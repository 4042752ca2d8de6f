package cards

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// call asks the provider to open the page. No transaction is open. An opening in
// doubt is tried once more: the first page, if there is one, is nobody's.
func (s *Service) call(ctx context.Context, w *work, r *ent.CardRegistration) (session providers.CardSession, err error) {
	order := r.OrderNumber
	if w.claim.IsTakenOver() {
		order = s.freshOrder() // the row's own was perhaps used by the call that died
	}
	for range openingTries {
		if session, err = s.callOnce(ctx, w, r, order); !isInDoubt(err) {
			return session, err
		}
		s.Logger.WarnContext(ctx, "the opening of a card registration is in doubt", "registration", r.ID, "account", r.Account, "error", err)
		order = s.freshOrder()
	}
	return session, err
}

func (s *Service) freshOrder() string { return pay.NewCardRegistrationID(s.now()).Suffix() }

func (s *Service) callOnce(ctx context.Context, w *work, r *ent.CardRegistration, order string) (providers.CardSession, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	customer := customerOf(w.user)
	if customer.Phone == "" {
		customer.Phone = deref(w.in.Payer.Phone)
	}
	session, err := w.saver.StartCard(ctx, providers.CardRequest{
		OrderNumber: order,
		Customer:    customer,
		Amount:      r.Verification(),
		ReturnURL:   s.PublicURL + ReturnPath + s.returnToken(r.ID),
		NotifyURL:   s.PublicURL + "/webhooks/" + r.Provider + "/" + r.Account,
		Payer: providers.Payer{
			Email: customer.Email, Phone: customer.Phone, Locale: deref(w.in.Payer.Locale), IP: w.in.Payer.IP, Note: deref(w.in.Payer.Note),
		},
	})
	if err == nil && (session.Redirect.URL == "" || session.Redirect.Method == http.MethodPost) {
		err = &providers.Error{Provider: w.account.Provider.Name(), Op: providers.OpSaveCard, Kind: providers.Malformed, Err: errNoPage}
	}
	return session, err
}

// errNoPage says that a provider opened what no link leads to.
var errNoPage = errors.New("the session has no page that a link leads to")

func isInDoubt(err error) bool {
	kind := providers.KindOf(err)
	return kind == providers.Unknown || kind == providers.Conflict
}

// recordOpening writes what StartCard came to and ends the caller's key. While a
// repetition may help the registration stays PENDING for it, and says why.
func (s *Service) recordOpening(ctx context.Context, w *work, session providers.CardSession, callErr error) (refused *pay.Error, err error) {
	var why *failure
	var told *pay.Error
	if callErr != nil {
		told, why = s.judgeOpening(ctx, w, callErr)
	} else if session.AttemptsLeft != nil && *session.AttemptsLeft <= 0 {
		why = triesUsed()
	}
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		refused = told
		r, err := tx.CardRegistration.Get(ctx, w.id)
		switch {
		case err != nil:
			return fmt.Errorf("read card registration %s: %w", w.id, err)
		case r.Status != pay.RegistrationPending:
			refused = refusal(r) // given up or superseded while the call was out
		case why != nil:
			if err := s.fail(ctx, tx, r, *why); err != nil {
				return err
			}
			if refused == nil {
				r.FailureCode, r.FailureMessage, r.FailureRetry = &why.Code, &why.Message, &why.Retry
				refused = refusal(r)
			}
		case callErr == nil:
			if err := s.recordPage(ctx, tx, r, session); err != nil {
				return err
			}
		default:
			if err := s.advance(ctx, tx, r, move{To: r.Status, Reason: "card_registration.unreachable", Set: unreachable().set}); err != nil {
				return err
			}
		}
		return w.claim.Finish(ctx, tx, asList(refused)...)
	})
	return refused, err
}

// recordPage writes the page that the payer goes to, and has its list read soon.
func (s *Service) recordPage(ctx context.Context, tx *store.Tx, r *ent.CardRegistration, session providers.CardSession) error {
	err := s.advance(ctx, tx, r, move{To: pay.RegistrationActionRequired, Reason: "card_registration.opened", Set: func(u *ent.CardRegistrationUpdate) {
		clearFailure(u)
		u.SetRedirectURL(session.Redirect.URL).SetNillableAttemptsLeft(session.AttemptsLeft)
		if ends := pay.Instant(session.Redirect.Expires); !session.Redirect.Expires.IsZero() {
			u.SetExpiresAt(ends).SetWatchUntil(ends.Add(watchAfter))
		}
	}})
	if err != nil {
		return err
	}
	return s.lookAt(ctx, tx, r.ID, tx.Now.Add(firstLook))
}

// judgeOpening says what the caller is told of a failed call, and why the
// registration failed: nil when a repetition may help.
func (s *Service) judgeOpening(ctx context.Context, w *work, err error) (*pay.Error, *failure) {
	refused := s.unavailable(err)
	if refused.Retry == pay.RetrySameKey {
		s.Logger.WarnContext(ctx, "a card registration could not be opened", "registration", w.id, "account", w.account.Code, "error", err)
		return refused, nil
	}
	s.Logger.ErrorContext(ctx, "a provider refused to open a card registration", "registration", w.id, "account", w.account.Code, "error", err)
	why := &failure{Code: failedRefused, Message: refused.Message, Retry: refused.Retry}
	if e, ok := errors.AsType[*providers.Error](err); ok {
		why.ProviderCode = e.Code
	}
	return refused, why
}

// unavailable is what a caller is told of a provider's error: try the same again,
// or, when our request or our contract with the vendor is wrong, another one.
func (s *Service) unavailable(err error) *pay.Error {
	switch providers.KindOf(err) {
	case providers.Unsupported:
		return errCannotSave().Because(err)
	case providers.Rejected, providers.Auth, providers.NotFound, providers.Malformed:
		e := pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot add cards. Another one may.").Because(err)
		e.Retry = pay.RetryOtherMethod
		return e
	case "", providers.Unavailable, providers.Unknown, providers.Conflict, providers.RateLimited:
	}
	return errUnavailable().Because(err)
}

func errUnavailable() *pay.Error {
	return pay.Errorf(pay.CodeProviderUnavailable, "provider.unavailable", "The provider cannot be reached right now. No card was added.")
}

// unreachable marks a registration as one whose opening has ended without a page:
// a repetition with the same key may still bring it.
func unreachable() failure {
	return failure{Code: failedAbandoned, Message: "The provider cannot be reached right now. Try again.", Retry: pay.RetrySameKey}
}

func triesUsed() *failure {
	return &failure{Code: failedTriesUsed, Message: "All tries of this registration are used up. Start a new one.", Retry: pay.RetryNewKey}
}
