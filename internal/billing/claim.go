package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// claimLease is how long a call with a key may run before a repetition takes
// its work over: more than a provider's two answers may take.
const claimLease = 30 * time.Second

// A claim is one call's hold on its idempotency key. begin writes it in the
// transaction of the work itself, finish stores the answer in the transaction
// that ends the work.
type claim struct {
	scope idempotency.Scope
	hash  idempotency.Hash
	left  *idempotency.Record // what an earlier call left unfinished; nil for a fresh key
	id    pay.IdempotencyRecordID
}

// errKeyTaken says that another call with the key was faster: its record
// decides.
var errKeyTaken = errors.New("another call with this key was faster")

// claimKey looks up what key did before. A finished call gives its outcome, to
// be returned as it is; otherwise the claim is the caller's to begin.
func (s *Service) claimKey(ctx context.Context, mutation, key string, input any) (*claim, *Outcome, error) {
	v := viewer.From(ctx)
	if err := idempotency.CheckKey(v.Role, key); err != nil {
		outcome, err := outcomeOf(pay.BillID{}, err)
		return nil, outcome, err
	}
	hash, err := idempotency.HashOf(input)
	if err != nil {
		return nil, nil, fmt.Errorf("hash the input of %s: %w", mutation, err)
	}
	c := &claim{
		scope: idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: key},
		hash:  hash,
	}
	record, err := s.keys.Look(ctx, c.scope, c.hash)
	if err != nil {
		outcome, err := outcomeOf(pay.BillID{}, err)
		return nil, outcome, err
	}
	if record == nil {
		return c, nil, nil
	}
	if !record.Finished {
		c.left, c.id = record, record.ID
		return c, nil, nil
	}
	outcome, err := replay(record)
	return nil, outcome, err
}

// replay is the outcome of a call that was finished before.
func replay(record *idempotency.Record) (*Outcome, error) {
	outcome := &Outcome{Replayed: true}
	if record.ObjectID != "" {
		id, err := pay.ParseBillID(record.ObjectID)
		if err != nil {
			return nil, fmt.Errorf("read idempotency record %s: %w", record.ID, err)
		}
		outcome.Bill = id
	}
	errs, err := idempotency.DecodeErrors(record.Errors)
	if err != nil {
		return nil, fmt.Errorf("read idempotency record %s: %w", record.ID, err)
	}
	outcome.Errors = errs
	return outcome, nil
}

// begin takes the key within tx: a fresh one by inserting its record, one that a
// dead call left by a guarded UPDATE. It returns errKeyTaken when somebody was
// faster; the transaction must then be rolled back.
func (c *claim) begin(ctx context.Context, tx *store.Tx, objectID string) error {
	if c.left != nil {
		taken, err := idempotency.TakeOver(ctx, tx, c.left.ID, claimLease)
		if err == nil && !taken {
			return errKeyTaken
		}
		return err
	}
	id, err := idempotency.Begin(ctx, tx, c.scope, c.hash, objectID, claimLease)
	if store.IsUniqueViolation(err) {
		return errKeyTaken
	}
	if err != nil {
		return err
	}
	c.id = id
	return nil
}

// finish ends the call within tx: its errors are stored as the answer for ever,
// unless one of them invites to try again with the same key.
func (c *claim) finish(ctx context.Context, tx *store.Tx, errs ...*pay.Error) error {
	for _, e := range errs {
		if e.Retry == pay.RetrySameKey {
			return idempotency.Release(ctx, tx, c.id)
		}
	}
	return idempotency.Finish(ctx, tx, c.id, idempotency.EncodeErrors(errs))
}

// afterRace answers a call that lost its key to another: what that one did, or
// that it still runs.
func (s *Service) afterRace(ctx context.Context, c *claim) (*Outcome, error) {
	record, err := s.keys.Look(ctx, c.scope, c.hash)
	if err != nil {
		return outcomeOf(pay.BillID{}, err)
	}
	if record == nil || !record.Finished {
		return refuse(pay.Errorf(pay.CodeIdempotencyInFlight, "idempotency_key.in_flight", "The first call with this key still runs.").At("idempotencyKey")), nil
	}
	return replay(record)
}
