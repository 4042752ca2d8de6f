package idempotency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// claimLease is how long a call with a key may run before a repetition takes
// its work over: more than a provider's two answers may take.
const claimLease = 30 * time.Second

// A Claim is one call's hold on its key, for a mutation that calls a provider in
// the middle. Begin writes it in the first transaction of the work, Finish stores
// the answer in the last.
type Claim struct {
	scope Scope
	hash  Hash
	left  *Record // what an earlier call left unfinished; nil for a fresh key
	id    pay.IdempotencyRecordID
}

// Answer is what a finished call with a key came to.
type Answer struct {
	ObjectID string // the TypeID of what it made; "" when nothing
	Errors   []*pay.Error
}

// ErrTaken says that another call with the key was faster: roll back, and see
// AfterRace.
var ErrTaken = errors.New("another call with this key was faster")

// Open looks up what the viewer's key did before. A finished call gives its
// answer; otherwise the claim is the caller's to Begin. It writes nothing.
//
// It returns CodeInvalid for a key that is none, CodeIdempotencyMismatch and
// CodeIdempotencyInFlight.
func (k *Keys) Open(ctx context.Context, mutation, key string, input any) (*Claim, *Answer, error) {
	v := viewer.From(ctx)
	if err := CheckKey(v.Role, key); err != nil {
		return nil, nil, err
	}
	hash, err := HashOf(input)
	if err != nil {
		return nil, nil, fmt.Errorf("hash the input of %s: %w", mutation, err)
	}
	c := &Claim{scope: Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: key}, hash: hash}
	record, err := k.Look(ctx, c.scope, c.hash)
	switch {
	case err != nil:
		return nil, nil, err
	case record == nil:
		return c, nil, nil
	case !record.Finished:
		c.left, c.id = record, record.ID
		return c, nil, nil
	}
	answer, err := answerOf(record)
	return nil, answer, err
}

// IsTakenOver reports whether a call that died had begun under this key.
func (c *Claim) IsTakenOver() bool { return c.left != nil }

// ObjectID returns the TypeID of what that call had begun; "" for a fresh key.
func (c *Claim) ObjectID() string {
	if c.left == nil {
		return ""
	}
	return c.left.ObjectID
}

// Begin takes the key within tx: a fresh one by inserting its record, one that a
// dead call left by a guarded UPDATE. It returns ErrTaken when somebody was
// faster; the transaction must then be rolled back.
func (c *Claim) Begin(ctx context.Context, tx *store.Tx, objectID string) error {
	if c.left != nil {
		taken, err := TakeOver(ctx, tx, c.left.ID, claimLease)
		if err == nil && !taken {
			return ErrTaken
		}
		return err
	}
	id, err := Begin(ctx, tx, c.scope, c.hash, objectID, claimLease)
	if store.IsUniqueViolation(err) {
		return ErrTaken
	}
	if err != nil {
		return err
	}
	c.id = id
	return nil
}

// Finish ends the call within tx: its errors are stored as the answer for ever,
// unless one of them invites to try again with the same key.
func (c *Claim) Finish(ctx context.Context, tx *store.Tx, errs ...*pay.Error) error {
	for _, e := range errs {
		if e.Retry == pay.RetrySameKey {
			return Release(ctx, tx, c.id)
		}
	}
	return Finish(ctx, tx, c.id, EncodeErrors(errs))
}

// AfterRace answers a call that lost its key to another: what that one did, or
// CodeIdempotencyInFlight while it still runs.
func (k *Keys) AfterRace(ctx context.Context, c *Claim) (*Answer, error) {
	record, err := k.Look(ctx, c.scope, c.hash)
	if err != nil {
		return nil, err
	}
	if record == nil || !record.Finished {
		return nil, pay.Errorf(pay.CodeIdempotencyInFlight, "idempotency_key.in_flight", "The first call with this key still runs.").At(keyPath)
	}
	return answerOf(record)
}

func answerOf(record *Record) (*Answer, error) {
	errs, err := DecodeErrors(record.Errors)
	if err != nil {
		return nil, fmt.Errorf("read idempotency record %s: %w", record.ID, err)
	}
	return &Answer{ObjectID: record.ObjectID, Errors: errs}, nil
}
