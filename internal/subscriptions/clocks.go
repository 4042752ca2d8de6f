package subscriptions

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/testclock"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// ClockOutcome is what a mutation of a test clock came to.
type ClockOutcome struct {
	Clock    pay.TestClockID // zero when nothing was done
	User     pay.UserID      // who was attached; zero otherwise
	Errors   []*pay.Error
	Replayed bool
}

const (
	longestName = 100 // of a clock, in characters
	mostYears   = 5   // that a clock moves in one call
	firstYear   = 1970
	lastYear    = 2200 // that a clock shows: periods counted from there have four-digit years, which all databases can read
)

// mayTurn returns CodeForbidden for callers who may have no test clock: only the
// server and the administrator of a merchant in test mode may.
func (s *Service) mayTurn(ctx context.Context) error {
	v := viewer.From(ctx)
	if v.Role != pay.RoleServer && v.Role != pay.RoleAdmin {
		return pay.Errorf(pay.CodeForbidden, "test_clock.not_yours", "Only the merchant's server and its administrator have test clocks.")
	}
	m, err := s.Merchants.Cached(ctx, v.Merchant)
	if err != nil {
		return err
	}
	if !m.TestMode {
		return pay.Errorf(pay.CodeForbidden, "test_clock.live_mode", "Test clocks are for merchants in test mode: with real money time is real.")
	}
	return nil
}

// CreateClock makes a test clock that stands at now, or at the real time. Users
// whom AttachUser gives it live by it with the subscriptions they begin afterwards.
// It is safe to repeat with the same key. Outcome.Errors: CodeForbidden,
// CodeInvalid.
func (s *Service) CreateClock(ctx context.Context, key, name string, now *time.Time) (*ClockOutcome, error) {
	input := struct {
		Name string     `json:"name"`
		Now  *time.Time `json:"now"`
	}{name, now}
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > longestName {
		return &ClockOutcome{Errors: []*pay.Error{pay.Invalid("test_clock.name", "A clock's name has 1 to 100 characters.", "name")}}, nil
	}
	if now != nil && (now.UTC().Year() < firstYear || now.UTC().Year() > lastYear) {
		return &ClockOutcome{Errors: []*pay.Error{pay.Invalid("test_clock.now", "A clock shows a time from 1970 to 2200.", "now")}}, nil
	}
	return s.onceOnClock(ctx, "testClockCreate", key, input, func(ctx context.Context, tx *store.Tx) (pay.TestClockID, error) {
		shows := tx.Now
		if now != nil {
			shows = pay.Instant(*now)
		}
		id := pay.NewTestClockID(tx.Now)
		err := tx.TestClock.Create().SetID(id).SetMerchantID(viewer.From(ctx).Merchant).SetName(name).
			SetNow(shows).SetCreatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return id, fmt.Errorf("insert test clock %s: %w", id, err)
		}
		return id, nil
	})
}

// AttachUser has a user live by a test clock, for good: the subscriptions that they
// begin from now on go by it, those that run keep the real time. It is safe to
// repeat. Outcome.Errors: CodeForbidden, CodeNotFound, CodeConflict for a user who
// lives by another clock.
func (s *Service) AttachUser(ctx context.Context, key, rawClock, rawUser string) (*ClockOutcome, error) {
	input := struct {
		Clock string `json:"clock"`
		User  string `json:"user"`
	}{rawClock, rawUser}
	clock, err := s.Clock(ctx, rawClock)
	if err != nil {
		return nil, err
	}
	owner, err := pay.ParseUserID(rawUser)
	known := 0
	if err == nil {
		if known, err = s.Store.Read().User.Query().Where(user.ID(owner)).Count(ctx); err != nil {
			return nil, fmt.Errorf("find user %s: %w", owner, err)
		}
	}
	switch {
	case clock == nil:
		return &ClockOutcome{Errors: []*pay.Error{pay.NotFound("test_clock", "clock")}}, nil
	case known == 0:
		return &ClockOutcome{Errors: []*pay.Error{pay.NotFound("user", "user")}}, nil
	}
	o, err := s.onceOnClock(ctx, "testClockAttach", key, input, func(ctx context.Context, tx *store.Tx) (pay.TestClockID, error) {
		n, err := tx.User.Update().
			Where(user.ID(owner), user.Or(user.TestClockIDIsNil(), user.TestClockID(clock.ID))).
			SetTestClockID(clock.ID).SetUpdatedAt(tx.Now).Save(ctx)
		if err != nil {
			return clock.ID, fmt.Errorf("attach user %s: %w", owner, err)
		}
		if n == 0 {
			return clock.ID, pay.Errorf(pay.CodeConflict, "test_clock.user_has_one", "The user lives by another test clock.").At("user")
		}
		return clock.ID, nil
	})
	if o != nil && len(o.Errors) == 0 {
		o.User = owner
	}
	return o, err
}

// onceOnClock runs a mutation of a clock in one transaction, once for each key.
func (s *Service) onceOnClock(ctx context.Context, mutation, key string, input any, f func(ctx context.Context, tx *store.Tx) (pay.TestClockID, error)) (*ClockOutcome, error) {
	v := viewer.From(ctx)
	err := s.mayTurn(ctx)
	if err == nil {
		err = idempotency.CheckKey(v.Role, key)
	}
	var id string
	o := &ClockOutcome{}
	if err == nil {
		var hash idempotency.Hash
		if hash, err = idempotency.HashOf(input); err != nil {
			return nil, fmt.Errorf("hash the input of %s: %w", mutation, err)
		}
		scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: key}
		id, o.Replayed, err = idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			made, err := f(ctx, tx)
			return made.String(), err
		})
	}
	if err != nil {
		return clockRefused(err)
	}
	if o.Clock, err = pay.ParseTestClockID(id); err != nil {
		return nil, fmt.Errorf("read what %s made: %w", mutation, err)
	}
	return o, nil
}

func clockRefused(err error) (*ClockOutcome, error) {
	e := pay.Readable(err)
	if e == nil {
		return nil, err
	}
	return &ClockOutcome{Errors: []*pay.Error{e}}, nil
}

// Clock returns a test clock that the viewer may see, nil when there is none.
func (s *Service) Clock(ctx context.Context, rawID string) (*ent.TestClock, error) {
	id, err := pay.ParseTestClockID(rawID)
	if err != nil {
		return nil, nil //nolint:nilnil,nilerr // what is no id is nobody's clock
	}
	found, err := s.Store.Read().TestClock.Query().Where(testclock.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // not there and not yours answer alike
	}
	if err != nil {
		return nil, fmt.Errorf("read test clock %s: %w", id, err)
	}
	return found, nil
}

// Clocks returns the test clocks that the viewer may see, newest first.
func (s *Service) Clocks(ctx context.Context) ([]*ent.TestClock, error) {
	found, err := s.Store.Read().TestClock.Query().Order(ent.Desc(testclock.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list test clocks: %w", err)
	}
	return found, nil
}
