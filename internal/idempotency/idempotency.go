// Package idempotency remembers what a caller's key did, so that a call that is
// repeated after a lost answer gives the first result again and does nothing
// twice.
//
// It owns the table of idempotency records and nothing else: it does not know
// what a key made, only that object's id and the errors that were answered. A
// mutation that fits in one transaction uses Once. One that calls a provider in
// the middle does Look, then Begin in its first transaction and Finish or
// Release in its last; when it dies in between, its lease passes and a repeat
// takes the work over. Start with Once and Look.
package idempotency

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/idempotencyrecord"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Scope is where a key means one call: two callers may use the same key, and so
// may two mutations of one caller.
type Scope struct {
	Merchant  pay.MerchantID
	Principal string // viewer.Viewer's
	Mutation  string // the root field, such as "billCreate"
	Key       string // as the caller sent it; CheckKey has judged it
}

// Record is what a key did so far.
type Record struct {
	ID       pay.IdempotencyRecordID
	ObjectID string          // the TypeID of what the first call made
	Errors   json.RawMessage // what it answered, for DecodeErrors; nil when nothing went wrong or it is not finished
	Finished bool            // false: its lease has passed, and TakeOver decides who goes on
}

// Keys looks keys up.
type Keys struct{ store *store.Store }

// New returns the keys of a database.
func New(s *store.Store) *Keys { return &Keys{store: s} }

// Look finds what the key did, with one read and outside any transaction. It
// returns nil, nil when the key is new.
//
// It returns CodeIdempotencyMismatch when the key came with other input, and
// CodeIdempotencyInFlight while the first call runs; both name the object that
// call made, in an IdempotencyDetail.
func (k *Keys) Look(ctx context.Context, scope Scope, h Hash) (*Record, error) {
	// The table is nobody's to read; the scope holds the caller's own name.
	found, err := k.store.Read().IdempotencyRecord.Query().
		Where(
			idempotencyrecord.MerchantID(scope.Merchant),
			idempotencyrecord.Principal(scope.Principal),
			idempotencyrecord.Mutation(scope.Mutation),
			idempotencyrecord.Key(scope.Key),
		).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nothing was found, and that is no error
	}
	if err != nil {
		return nil, fmt.Errorf("look up a key of %s: %w", scope.Mutation, err)
	}
	if !h.equals(found.InputHash) {
		return nil, mismatch(found.ObjectID)
	}
	now := k.store.Clock().Now()
	if until := found.LeaseUntil; until != nil && until.After(now) && !until.After(now.Add(maxLease)) {
		return nil, inFlight(found.ObjectID)
	}
	return &Record{
		ID:       found.ID,
		ObjectID: found.ObjectID,
		Errors:   found.Errors,
		Finished: found.FinishedAt != nil,
	}, nil
}

// maxLease is longer than any lease: one that ends later was given before the
// clock was set back, and is over.
const maxLease = 5 * time.Minute

// Begin inserts the running record of a call inside the caller's transaction,
// with the id of the object that the call makes, and returns its id. The lease
// is how long a repeat is told to wait; it must outlast the call.
//
// When somebody with the same key was faster it returns an error that
// store.IsUniqueViolation recognises: the caller rolls back and calls Look.
func Begin(ctx context.Context, tx *store.Tx, scope Scope, h Hash, objectID string, lease time.Duration) (pay.IdempotencyRecordID, error) {
	id := pay.NewIdempotencyRecordID(tx.Now)
	if err := record(tx, id, scope, h, objectID).SetLeaseUntil(tx.Now.Add(lease)).Exec(ctx); err != nil {
		return pay.IdempotencyRecordID{}, fmt.Errorf("begin %s on %q: %w", scope.Mutation, objectID, err)
	}
	return id, nil
}

// TakeOver gives the caller a running record whose lease has passed, and reports
// whether it did: false when another call was faster or has finished. The guard
// is in the UPDATE, so of any number of repeats one goes on.
func TakeOver(ctx context.Context, tx *store.Tx, id pay.IdempotencyRecordID, lease time.Duration) (bool, error) {
	n, err := tx.IdempotencyRecord.Update().
		Where(idempotencyrecord.ID(id), idempotencyrecord.FinishedAtIsNil(),
			idempotencyrecord.Or(idempotencyrecord.LeaseUntilLTE(tx.Now), idempotencyrecord.LeaseUntilGT(tx.Now.Add(maxLease)))).
		SetLeaseUntil(tx.Now.Add(lease)).
		Save(ctx)
	if err != nil {
		return false, fmt.Errorf("take over %s: %w", id, err)
	}
	return n == 1, nil
}

// Finish stores the errors that the call answers, as EncodeErrors wrote them,
// and makes the record final. A record that another call finished first stays as
// it is: repeats already got that answer.
func Finish(ctx context.Context, tx *store.Tx, id pay.IdempotencyRecordID, answered json.RawMessage) error {
	update := tx.IdempotencyRecord.Update().
		Where(idempotencyrecord.ID(id), idempotencyrecord.FinishedAtIsNil()).
		SetFinishedAt(tx.Now).
		ClearLeaseUntil()
	if len(answered) > 0 {
		update.SetErrors(answered)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("finish %s: %w", id, err)
	}
	return nil
}

// Release ends the lease now and leaves the record running, so that the next
// repeat takes the work over at once. It is for outcomes that advise
// RETRY_SAME_KEY: they are never stored as final.
func Release(ctx context.Context, tx *store.Tx, id pay.IdempotencyRecordID) error {
	err := tx.IdempotencyRecord.Update().
		Where(idempotencyrecord.ID(id), idempotencyrecord.FinishedAtIsNil()).
		SetLeaseUntil(tx.Now).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("release %s: %w", id, err)
	}
	return nil
}

// maxTries bounds how often Once runs its work after losing to somebody else.
const maxTries = 4

// Once runs a mutation that fits in one transaction: f and a finished record
// commit together, or nothing does. f returns the TypeID of what it made; it must
// have no effect outside tx, and it is run again when a unique index says that
// somebody else was faster, with this key or with the same object.
//
// replayed is true when the key had done its work before, or while f ran and was
// refused: f did not count, and objectID is the first call's. Errors of f are not
// stored: nothing was done, so a repeat is judged anew. Besides them Once returns what
// Look does.
func Once(ctx context.Context, s *store.Store, scope Scope, h Hash, f func(ctx context.Context, tx *store.Tx) (string, error)) (objectID string, replayed bool, err error) {
	keys := New(s)
	for try := 1; ; try++ {
		done, err := keys.Look(ctx, scope, h)
		if err != nil {
			return "", false, err
		}
		if done != nil {
			return done.ObjectID, true, nil
		}
		err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if objectID, err = f(ctx, tx); err != nil {
				return err
			}
			id := pay.NewIdempotencyRecordID(tx.Now)
			if err := record(tx, id, scope, h, objectID).SetFinishedAt(tx.Now).Exec(ctx); err != nil {
				return fmt.Errorf("finish %s on %q: %w", scope.Mutation, objectID, err)
			}
			return nil
		})
		switch {
		case err == nil:
			return objectID, false, nil
		case !store.IsUniqueViolation(err):
			return keys.afterRefusal(ctx, scope, h, err)
		case try == maxTries:
			return "", false, err
		}
	}
}

// afterRefusal answers a call whose work was refused. The same call, sent twice at
// once, may have done the work between this one's look at the key and its work, which
// was refused for that very reason: then the key says so.
func (k *Keys) afterRefusal(ctx context.Context, scope Scope, h Hash, refused error) (objectID string, replayed bool, err error) {
	done, err := k.Look(ctx, scope, h)
	if pay.CodeOf(err) == pay.CodeIdempotencyMismatch {
		return "", false, err
	}
	if err != nil || done == nil {
		return "", false, refused
	}
	return done.ObjectID, true, nil
}

func record(tx *store.Tx, id pay.IdempotencyRecordID, scope Scope, h Hash, objectID string) *ent.IdempotencyRecordCreate {
	return tx.IdempotencyRecord.Create().
		SetID(id).
		SetMerchantID(scope.Merchant).
		SetPrincipal(scope.Principal).
		SetMutation(scope.Mutation).
		SetKey(scope.Key).
		SetInputHash(h[:]).
		SetObjectID(objectID).
		SetCreatedAt(tx.Now)
}

func mismatch(objectID string) error {
	e := pay.Errorf(pay.CodeIdempotencyMismatch, "idempotency_key.mismatch",
		"This idempotency key was used before with other input.").At(keyPath)
	e.Detail = pay.IdempotencyDetail{OriginalID: objectID}
	return e
}

func inFlight(objectID string) error {
	e := pay.Errorf(pay.CodeIdempotencyInFlight, "idempotency_key.in_flight",
		"The first call with this idempotency key is still running.").At(keyPath)
	e.Detail = pay.IdempotencyDetail{OriginalID: objectID}
	return e
}
