package idempotency_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

const lease = time.Minute

// bundle is one test's database with a key in it that nobody used yet.
type bundle struct {
	clock *storetest.Clock
	store *store.Store
	keys  *idempotency.Keys
	scope idempotency.Scope
	hash  idempotency.Hash
}

func setup(t *testing.T, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	s := storetest.Open(t, url, clock)
	return &bundle{
		clock: clock,
		store: s,
		keys:  idempotency.New(s),
		scope: idempotency.Scope{Merchant: pay.NewMerchantID(clock.Now()), Principal: "key_1", Mutation: "billCreate", Key: "k"},
		hash:  hash(t, "input"),
	}
}

func (b *bundle) begin(t *testing.T) pay.IdempotencyRecordID {
	t.Helper()
	var id pay.IdempotencyRecordID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = idempotency.Begin(ctx, tx, b.scope, b.hash, "bill_1", lease)
		return err
	})
	return id
}

func (b *bundle) takeOver(t *testing.T, id pay.IdempotencyRecordID) (won bool) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) (err error) {
		won, err = idempotency.TakeOver(ctx, tx, id, lease)
		return err
	})
	return won
}

func (b *bundle) inTx(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), f))
}

func TestKeys_Look(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)

		found, err := b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.Nil(t, found, "a new key did nothing yet")

		id := b.begin(t)
		_, err = b.keys.Look(t.Context(), b.scope, b.hash)
		requireOriginal(t, err, pay.CodeIdempotencyInFlight)
		_, err = b.keys.Look(t.Context(), b.scope, hash(t, "other input"))
		requireOriginal(t, err, pay.CodeIdempotencyMismatch)

		b.clock.Advance(lease)
		found, err = b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.Equal(t, &idempotency.Record{ID: id, ObjectID: "bill_1"}, found, "the lease has passed")

		answered := idempotency.EncodeErrors([]*pay.Error{pay.Invalid("a.b", "No.", "a")})
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Finish(ctx, tx, id, answered) })
		found, err = b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.True(t, found.Finished)
		require.JSONEq(t, string(answered), string(found.Errors))
		_, err = b.keys.Look(t.Context(), b.scope, hash(t, "other input"))
		requireOriginal(t, err, pay.CodeIdempotencyMismatch)
	})
}

func requireOriginal(t *testing.T, err error, code pay.Code) {
	t.Helper()
	var typed *pay.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, code, typed.Code)
	require.Equal(t, pay.IdempotencyDetail{OriginalID: "bill_1"}, typed.Detail)
}

func TestKeys_LookKeepsScopesApart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.begin(t)
		for _, other := range []idempotency.Scope{
			{Merchant: pay.NewMerchantID(b.clock.Now()), Principal: "key_1", Mutation: "billCreate", Key: "k"},
			{Merchant: b.scope.Merchant, Principal: "key_2", Mutation: "billCreate", Key: "k"},
			{Merchant: b.scope.Merchant, Principal: "key_1", Mutation: "billPay", Key: "k"},
			{Merchant: b.scope.Merchant, Principal: "key_1", Mutation: "billCreate", Key: "K"},
		} {
			found, err := b.keys.Look(t.Context(), other, b.hash)
			require.NoError(t, err)
			require.Nil(t, found)
		}
	})
}

func TestBegin(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.begin(t)
		err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := idempotency.Begin(ctx, tx, b.scope, b.hash, "bill_2", lease)
			return err
		})
		require.True(t, store.IsUniqueViolation(err), "%v", err)
	})
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.begin(t)
		require.False(t, b.takeOver(t, id), "it is leased")

		b.clock.Advance(lease)
		require.True(t, b.takeOver(t, id))
		require.False(t, b.takeOver(t, id), "the one before has it now")

		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Release(ctx, tx, id) })
		found, err := b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.False(t, found.Finished)
		require.True(t, b.takeOver(t, id), "it was released")

		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Finish(ctx, tx, id, nil) })
		b.clock.Advance(lease)
		require.False(t, b.takeOver(t, id), "it is finished")
	})
}

func TestFinish(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.begin(t)
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Finish(ctx, tx, id, nil) })

		late := idempotency.EncodeErrors([]*pay.Error{pay.Invalid("a.b", "No.")})
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Finish(ctx, tx, id, late) })
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return idempotency.Release(ctx, tx, id) })
		found, err := b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.Equal(t, &idempotency.Record{ID: id, ObjectID: "bill_1", Finished: true}, found, "the first answer stays")
	})
}

func TestOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		made := func(id string) func(context.Context, *store.Tx) (string, error) {
			return func(context.Context, *store.Tx) (string, error) { return id, nil }
		}

		refused := pay.Invalid("x.y", "No.")
		_, _, err := idempotency.Once(t.Context(), b.store, b.scope, b.hash, func(context.Context, *store.Tx) (string, error) { return "", refused })
		require.ErrorIs(t, err, refused)

		id, replayed, err := idempotency.Once(t.Context(), b.store, b.scope, b.hash, made("user_1"))
		require.NoError(t, err)
		require.False(t, replayed, "a refusal is not stored")
		require.Equal(t, "user_1", id)

		id, replayed, err = idempotency.Once(t.Context(), b.store, b.scope, b.hash, made("user_2"))
		require.NoError(t, err)
		require.True(t, replayed)
		require.Equal(t, "user_1", id)

		_, _, err = idempotency.Once(t.Context(), b.store, b.scope, hash(t, "other input"), made("user_3"))
		require.Equal(t, pay.CodeIdempotencyMismatch, pay.CodeOf(err))
	})
}

// Of many callers with one key, all inside the transaction at the same time, one
// does the work and all get its result.
func TestOnce_Race(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		const callers = 8
		ids, errs, fresh := make([]string, callers), make([]error, callers), make([]bool, callers)
		var wg sync.WaitGroup
		for at := range callers {
			wg.Go(func() {
				var replayed bool
				ids[at], replayed, errs[at] = idempotency.Once(t.Context(), b.store, b.scope, b.hash, func(context.Context, *store.Tx) (string, error) {
					return "user_" + strconv.Itoa(at), nil
				})
				fresh[at] = !replayed
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		works := 0
		for at := range callers {
			require.Equal(t, ids[0], ids[at])
			works += map[bool]int{true: 1}[fresh[at]]
		}
		require.Equal(t, 1, works)
	})
}

// An object that somebody else makes in between, under another key, is a reason
// to run the work again, which then finds it.
func TestOnce_LostObject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.begin(t)
		other := b.scope
		other.Key = "other"
		runs := 0
		id, replayed, err := idempotency.Once(t.Context(), b.store, other, b.hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			runs++
			if runs > 1 {
				return "found", nil
			}
			_, err := idempotency.Begin(ctx, tx, b.scope, b.hash, "taken", lease)
			return "", err
		})
		require.NoError(t, err)
		require.False(t, replayed)
		require.Equal(t, "found", id)
		require.Equal(t, 2, runs)
	})
}

// A clock that is set back makes a lease look an hour long; nobody waits for it.
func TestKeys_ClockSetBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		b.clock.Advance(time.Hour)
		id := b.begin(t)
		b.clock.Advance(-time.Hour)
		found, err := b.keys.Look(t.Context(), b.scope, b.hash)
		require.NoError(t, err)
		require.Equal(t, &idempotency.Record{ID: id, ObjectID: "bill_1"}, found)
		require.True(t, b.takeOver(t, id))
		require.False(t, b.takeOver(t, id))
	})
}
