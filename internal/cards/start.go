package cards

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// The times of a registration's life.
const (
	callTimeout  = 10 * time.Second    // one answer of a provider
	openingLease = 30 * time.Second    // an opening without an answer recorded by then died with its process
	pendingLife  = 10 * time.Minute    // so long a page that was not opened may be tried again with the same key
	defaultLife  = time.Hour           // of a page whose account does not say
	watchAfter   = 15 * time.Minute    // cards are looked for this long after a page's end
	sharedLife   = time.Minute         // so long after it was opened a page is given again: to a double click, not to who comes back
	tokenLife    = 30 * 24 * time.Hour // of a registration's access token, from its creation
	openingTries = 2                   // an opening in doubt is tried once more in the same call
)

// maxWatched bounds the registrations of one user that are watched at a time: each
// costs the provider a session, and us its questions.
const maxWatched = 12

// work is one call of Start on its way.
type work struct {
	claim   *idempotency.Claim
	in      NewRegistration
	account providers.Account
	saver   providers.CardSaver
	user    *ent.User
	id      pay.CardRegistrationID // decided when it is committed

	known *[]string // hashes of the cards that the provider has; nil: it was not asked yet
	over  bool      // nothing is to be opened: another page is good enough, or the work is done
}

// Start begins the adding of a card and opens the provider's page for it. It
// makes the user's wallet in the account's currency when there is none. A USER
// starts for itself; SERVER and ADMIN name one of the merchant's users.
//
// A page of the same user, account and return address that was opened less than a
// minute ago is returned again; otherwise the new one supersedes what is open. An
// older page may be dead though it is not over: vendors do not say how many of its
// cards have been tried.
//
// Repeating it with the same key and input returns the same registration. It
// waits on the provider, up to three times ten seconds, and must not be called
// inside a transaction. Outcome.Errors: CodeInvalid with the field, CodeNotFound,
// CodeForbidden, CodeUnsupported (card.saving_unsupported), CodeLimitExceeded and
// CodeProviderUnavailable, which may be repeated with the same key.
func (s *Service) Start(ctx context.Context, in NewRegistration) (*Outcome, error) {
	outcome, err := s.start(ctx, in)
	if err != nil {
		if refused := pay.Readable(err); refused != nil {
			return refuse(refused), nil
		}
		return nil, err
	}
	return s.withAccessToken(ctx, outcome)
}

func (s *Service) start(ctx context.Context, in NewRegistration) (*Outcome, error) {
	claim, done, err := s.keys.Open(ctx, "cardRegistrationStart", in.Key, in)
	if err != nil {
		return nil, err
	}
	if done != nil {
		return replay(done)
	}
	w := &work{claim: claim, in: in}
	if claim.IsTakenOver() {
		err = s.resume(ctx, w)
	} else {
		var refused []*pay.Error
		if refused, err = s.plan(ctx, w); len(refused) > 0 {
			return refuse(refused...), err
		}
	}
	if err != nil {
		return nil, err
	}
	return s.open(ctx, w)
}

// plan decides everything that needs no provider.
func (s *Service) plan(ctx context.Context, w *work) ([]*pay.Error, error) {
	var err error
	if w.user, err = s.decideUser(ctx, w.in.User); err != nil {
		return nil, err
	}
	refused, err := s.check(ctx, w.in)
	if len(refused) > 0 || err != nil {
		return refused, err
	}
	account, cannot := s.chooseAccount(ctx, w.user.MerchantID, w.in.Provider)
	if cannot != nil {
		return asList(cannot), nil
	}
	w.account, w.saver, err = s.account(account.Code)
	return nil, err
}

// resume takes up a start that died: its registration is there, because the key's
// record was committed with it.
func (s *Service) resume(ctx context.Context, w *work) error {
	id, err := pay.ParseCardRegistrationID(w.claim.ObjectID())
	if err != nil {
		return fmt.Errorf("resume a card registration: %w", err)
	}
	r, err := s.Store.Read().CardRegistration.Query().Where(cardregistration.ID(id)).WithUser().Only(viewer.AsProgram(ctx))
	if err != nil {
		return fmt.Errorf("resume card registration %s: %w", id, err)
	}
	w.id, w.user = id, r.Edges.User
	if w.account, w.saver, err = s.account(r.Account); err != nil {
		return errUnavailable().Because(err)
	}
	return nil
}

// open commits the registration, opens the provider's page with no transaction
// open, and records it.
//
// The provider's list is read before the registration is committed, so that what
// is in it can be no card of this page. An opening in doubt is worth nothing,
// because nobody got its page: it is opened again under another order number, in
// this call or by whoever repeats it.
func (s *Service) open(ctx context.Context, w *work) (*Outcome, error) {
	if reusable, err := s.isReusable(ctx, w); err != nil {
		return nil, err
	} else if !reusable && !w.claim.IsTakenOver() {
		if err := s.askKnown(ctx, w); err != nil {
			return nil, err
		}
	}
	r, refused, err := s.commit(ctx, w)
	if errors.Is(err, errNotListed) { // the page that was good enough a moment ago is gone
		if err := s.askKnown(ctx, w); err != nil {
			return nil, err
		}
		r, refused, err = s.commit(ctx, w)
	}
	if err != nil || w.over {
		return s.ended(ctx, w, refused, err)
	}
	// From here on the work is finished even if the caller hangs up.
	ctx = context.WithoutCancel(ctx)
	crashpoint.Here(crashpoint.RegistrationCommitted)
	session, err := s.call(ctx, w, r)
	crashpoint.Here(crashpoint.RegistrationAnswered)
	refused, err = s.recordOpening(ctx, w, session, err)
	crashpoint.Here(crashpoint.RegistrationRecorded)
	return s.ended(ctx, w, refused, err)
}

// ended turns how a keyed piece of work ended into its outcome.
func (s *Service) ended(ctx context.Context, w *work, refused *pay.Error, err error) (*Outcome, error) {
	if errors.Is(err, idempotency.ErrTaken) {
		done, err := s.keys.AfterRace(ctx, w.claim)
		if err != nil {
			return nil, err
		}
		return replay(done)
	}
	if err != nil {
		return nil, err
	}
	return &Outcome{Registration: w.id, Errors: asList(refused)}, nil
}

// replay is the outcome of a call that was finished before.
func replay(done *idempotency.Answer) (*Outcome, error) {
	outcome := &Outcome{Replayed: true, Errors: done.Errors}
	if done.ObjectID == "" {
		return outcome, nil
	}
	id, err := pay.ParseCardRegistrationID(done.ObjectID)
	if err != nil {
		return nil, fmt.Errorf("read what an idempotency key made: %w", err)
	}
	outcome.Registration = id
	return outcome, nil
}

// withAccessToken adds the capability that a server hands to its payer, on replays
// too: it is derived from what never changes, so it is the same each time.
func (s *Service) withAccessToken(ctx context.Context, o *Outcome) (*Outcome, error) {
	if o.Registration.IsZero() || viewer.From(ctx).Role != pay.RoleServer {
		return o, nil
	}
	r, err := s.Store.Read().CardRegistration.Get(viewer.AsProgram(ctx), o.Registration)
	if err != nil {
		return nil, fmt.Errorf("read card registration %s: %w", o.Registration, err)
	}
	o.AccessToken = s.Tokens.RegistrationToken(r.MerchantID, r.ID, r.CreatedAt.Add(tokenLife))
	return o, nil
}

// errNotListed says that a registration cannot be committed before the provider
// has listed its cards.
var errNotListed = errors.New("the provider's cards are not known yet")

// askKnown has the provider list the user's cards before the page is opened.
func (s *Service) askKnown(ctx context.Context, w *work) error {
	list, err := s.list(ctx, w.saver, customerOf(w.user))
	if err != nil {
		s.Logger.WarnContext(ctx, "a provider's cards could not be read", "account", w.account.Code, "error", err)
		return s.unavailable(err)
	}
	removing, err := s.removing(ctx, s.Store.Read(), w.user.ID, w.account.Code)
	if err != nil {
		return err
	}
	known := []string{}
	for _, c := range list {
		if !removing[c.hash] { // it goes; added again, it is new
			known = append(known, c.hash)
		}
	}
	w.known = &known
	return nil
}

// commit inserts the registration, or finds that none is needed (w.over): a page
// is open already, or the work of a call that died was done by another.
func (s *Service) commit(ctx context.Context, w *work) (r *ent.CardRegistration, refused *pay.Error, err error) {
	err = s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		r, refused, w.over = nil, nil, false
		if w.claim.IsTakenOver() {
			r, refused, err = s.takeUp(ctx, tx, w)
			return err
		}
		if err := holdStill(ctx, tx, w.user.ID); err != nil {
			return err
		}
		open, err := openOnes(ctx, tx.Client(), w)
		if err != nil {
			return err
		}
		if len(open) > 0 && w.accepts(open[0], tx.Now) {
			w.over, w.id = true, open[0].ID
			if err := w.claim.Begin(ctx, tx, w.id.String()); err != nil {
				return err
			}
			return w.claim.Finish(ctx, tx)
		}
		if w.known == nil {
			return errNotListed
		}
		w.id = pay.NewCardRegistrationID(s.now()) // after those that we have waited for: ids tell which page is newer
		r, err = s.insert(ctx, tx, w, open)
		return err
	})
	if err != nil || r == nil {
		return nil, refused, err
	}
	return r.Unwrap(), refused, nil
}

// takeUp goes on with a registration that a call that died left behind. When it
// is not PENDING any more there is nothing left to do.
func (s *Service) takeUp(ctx context.Context, tx *store.Tx, w *work) (*ent.CardRegistration, *pay.Error, error) {
	if err := w.claim.Begin(ctx, tx, w.id.String()); err != nil {
		return nil, nil, err
	}
	r, err := tx.CardRegistration.Get(ctx, w.id)
	if err != nil {
		return nil, nil, fmt.Errorf("read card registration %s: %w", w.id, err)
	}
	if r.Status == pay.RegistrationPending {
		return r, nil, nil
	}
	w.over = true
	refused := refusal(r)
	return r, refused, w.claim.Finish(ctx, tx, asList(refused)...)
}

// insert supersedes what is open and writes version 1 of the registration, its
// history and the job that looks after it whatever happens to this call.
func (s *Service) insert(ctx context.Context, tx *store.Tx, w *work, open []*ent.CardRegistration) (*ent.CardRegistration, error) {
	if err := w.claim.Begin(ctx, tx, w.id.String()); err != nil {
		return nil, err
	}
	for _, old := range open {
		if err := s.supersede(ctx, tx, old); err != nil {
			return nil, err
		}
	}
	if err := checkWatched(ctx, tx, w.user.ID); err != nil {
		return nil, err
	}
	amount := s.verification(w.account)
	if _, err := s.Wallets.WalletOf(ctx, tx, w.user.MerchantID, w.user.ID, amount.Currency); err != nil {
		return nil, err
	}
	life := w.account.Provider.Capabilities().SessionLife
	if life <= 0 {
		life = defaultLife
	}
	r, err := tx.CardRegistration.Create().SetID(w.id).SetMerchantID(w.user.MerchantID).SetUserID(w.user.ID).
		SetProvider(string(w.account.Provider.Name())).SetAccount(w.account.Code).SetOrderNumber(w.id.Suffix()).
		SetStatus(pay.RegistrationPending).SetVerificationMinor(amount.Amount).SetCurrency(amount.Currency).
		SetKnownRefs(*w.known).SetNillableReturnURL(w.in.ReturnURL).SetVersion(1).
		SetExpiresAt(tx.Now.Add(life)).SetWatchUntil(tx.Now.Add(life + watchAfter)).
		SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("insert card registration %s: %w", w.id, err)
	}
	if err := s.record(ctx, tx, r, "", "card_registration.created"); err != nil {
		return nil, err
	}
	return r, s.lookAt(ctx, tx, r.ID, tx.Now.Add(pendingLife))
}

// supersede ends an open registration whose user starts another. Its page may be
// open in some tab, so its list is read on; one without a page has none.
func (s *Service) supersede(ctx context.Context, tx *store.Tx, old *ent.CardRegistration) error {
	why := failure{Code: failedSuperseded, Message: "A newer registration took the place of this one.", Retry: pay.DoNotRetry}
	return s.advance(ctx, tx, old, move{To: pay.RegistrationExpired, Reason: "card_registration.superseded", Set: func(u *ent.CardRegistrationUpdate) {
		why.set(u)
		if old.RedirectURL == nil {
			u.SetWatchUntil(tx.Now)
		}
	}})
}

// openOnes are the open registrations of the user at the account, newest first.
func openOnes(ctx context.Context, client *ent.Client, w *work) ([]*ent.CardRegistration, error) {
	open, err := client.CardRegistration.Query().
		Where(
			cardregistration.UserID(w.user.ID), cardregistration.Account(w.account.Code),
			cardregistration.StatusIn(pay.RegistrationPending, pay.RegistrationActionRequired),
		).
		Order(ent.Desc(cardregistration.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the open card registrations of user %s: %w", w.user.ID, err)
	}
	return open, nil
}

func (s *Service) isReusable(ctx context.Context, w *work) (bool, error) {
	open, err := openOnes(viewer.AsProgram(ctx), s.Store.Read(), w)
	return len(open) > 0 && w.accepts(open[0], s.now()), err
}

// accepts reports whether the payer can be sent to an open registration instead:
// its page leads back to the same address and was opened a moment ago, with no
// refused card since, or is being opened right now.
func (w *work) accepts(r *ent.CardRegistration, now time.Time) bool {
	if deref(r.ReturnURL) != deref(w.in.ReturnURL) || r.FailureCode != nil {
		return false
	}
	if r.Status == pay.RegistrationPending {
		return now.Before(r.CreatedAt.Add(openingLease))
	}
	// Its last version but for a failure is the one that recorded the page.
	return now.Before(r.UpdatedAt.Add(sharedLife)) && now.Before(r.ExpiresAt)
}

// checkWatched refuses one more registration of a user who has too many.
func checkWatched(ctx context.Context, tx *store.Tx, user pay.UserID) error {
	n, err := tx.CardRegistration.Query().Where(cardregistration.UserID(user), cardregistration.WatchUntilGT(tx.Now)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count the card registrations of user %s: %w", user, err)
	}
	if n < maxWatched {
		return nil
	}
	tooMany := pay.Errorf(pay.CodeLimitExceeded, "card_registration.too_many", "Too many registrations were started. Add the card on an open page, or wait.")
	tooMany.Detail = pay.LimitDetail{RetryAfter: watchAfter}
	return tooMany
}
