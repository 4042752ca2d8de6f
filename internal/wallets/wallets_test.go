package wallets_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/wallets"
)

// bundle is one test's ledger, with a merchant that has one user.
type bundle struct {
	clock    *storetest.Clock
	store    *store.Store
	service  *wallets.Service
	merchant pay.MerchantID
	user     pay.UserID
}

func setup(t testing.TB, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	s := storetest.Open(t, url, clock)
	b := &bundle{clock: clock, store: s, service: wallets.New(s), merchant: pay.NewMerchantID(clock.Now())}
	b.user = b.newUser(t, "alice")
	return b
}

func (b *bundle) newUser(t testing.TB, externalID string) pay.UserID {
	t.Helper()
	var id pay.UserID
	require.NoError(t, b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewUserID(tx.Now)
		return tx.User.Create().SetID(id).SetMerchantID(b.merchant).SetExternalID(externalID).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	}))
	return id
}

func (b *bundle) wallet(currency pay.Currency) (id pay.WalletID, err error) {
	err = b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) error {
		w, err := b.service.WalletOf(ctx, tx, b.merchant, b.user, currency)
		if err == nil {
			id = w.ID
		}
		return err
	})
	return id, err
}

func (b *bundle) mustWallet(t testing.TB, currency pay.Currency) pay.WalletID {
	t.Helper()
	id, err := b.wallet(currency)
	require.NoError(t, err)
	return id
}

// post posts in a transaction of its own, a second later than the one before.
func (b *bundle) post(transfer pay.Transfer) (posted bool, err error) {
	b.clock.Advance(time.Second)
	err = b.store.InTx(context.Background(), func(ctx context.Context, tx *store.Tx) (err error) {
		posted, err = b.service.Post(ctx, tx, b.merchant, nil, transfer)
		return err
	})
	return posted, err
}

func (b *bundle) mustPost(t testing.TB, transfer pay.Transfer) {
	t.Helper()
	posted, err := b.post(transfer)
	require.NoError(t, err)
	require.True(t, posted)
}

func (b *bundle) entries(t *testing.T, id pay.WalletID) []*ent.LedgerEntry {
	t.Helper()
	read, err := b.service.Entries(viewer.AsProgram(t.Context()), id, page.Request{First: new(100)})
	require.NoError(t, err)
	return read.Entries
}

func (b *bundle) requireBalances(t *testing.T, id pay.WalletID, available, held int64) {
	t.Helper()
	w, err := b.service.Wallet(viewer.AsProgram(t.Context()), id)
	require.NoError(t, err)
	require.Equal(t, []int64{available, held}, []int64{w.AvailableMinor, w.HeldMinor})
	require.Equal(t, pay.Of(available+held, w.Currency), wallets.Balance(w))
	b.requireSound(t)
}

// requireSound has the ledger checked by code that shares nothing with Post.
func (b *bundle) requireSound(t *testing.T) {
	t.Helper()
	report, err := check.Run(t.Context(), check.Options{Store: b.store})
	require.NoError(t, err)
	require.Empty(t, report.Breaches)
}

// leg is on a wallet's account when owner names one.
func leg(kind pay.AccountKind, owner string, amount int64) pay.Leg {
	return pay.Leg{Kind: kind, Owner: owner, Amount: pay.Of(amount, pay.RUB)}
}

func topUp(key string, id pay.WalletID, amount int64) pay.Transfer {
	return pay.Transfer{Key: key, Entry: pay.EntryTopUp, Legs: []pay.Leg{
		leg(pay.AccountClearing, "payture", -amount), leg(pay.AccountWalletAvailable, id.UUID(), amount),
	}}
}

func purchase(key string, id pay.WalletID, amount int64) pay.Transfer {
	return pay.Transfer{Key: key, Entry: pay.EntryPurchase, Legs: []pay.Leg{
		leg(pay.AccountWalletAvailable, id.UUID(), -amount), leg(pay.AccountSales, "", amount),
	}}
}

func hold(key string, id pay.WalletID, amount int64) pay.Transfer {
	return pay.Transfer{Key: key, Entry: pay.EntryHold, Legs: []pay.Leg{
		leg(pay.AccountWalletAvailable, id.UUID(), -amount), leg(pay.AccountWalletHeld, id.UUID(), amount),
	}}
}

func TestService_Post(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		b.mustPost(t, topUp("credit/1", id, 1000))
		b.requireBalances(t, id, 1000, 0)

		posted, err := b.post(topUp("credit/1", id, 1000))
		require.NoError(t, err)
		require.False(t, posted, "a key is posted once")
		b.requireBalances(t, id, 1000, 0)

		b.mustPost(t, hold("aside/1", id, 400))
		b.requireBalances(t, id, 600, 400)
		b.mustPost(t, pay.Transfer{Key: "spend/1", Entry: pay.EntryPurchase, Legs: []pay.Leg{
			leg(pay.AccountWalletHeld, id.UUID(), -400), leg(pay.AccountWalletAvailable, id.UUID(), 100), leg(pay.AccountSales, "", 300),
		}})
		b.requireBalances(t, id, 700, 0)

		var amounts []int64
		var after []*int64
		for _, e := range b.entries(t, id) {
			amounts = append(amounts, e.AmountMinor)
			after = append(after, e.BalanceAfterMinor)
		}
		require.Equal(t, []int64{100, -400, 400, -400, 1000}, amounts, "newest first")
		require.Equal(t, []*int64{new(int64(700)), new(int64(600)), nil, nil, new(int64(1000))}, after, "a hold leaves the balance as it is")
	})
}

func TestService_PostShort(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		b.mustPost(t, topUp("credit/1", id, 1000))

		_, err := b.post(purchase("purchase/1", id, 1001))
		var typed *pay.Error
		require.ErrorAs(t, err, &typed)
		require.Equal(t, pay.CodeInsufficientFunds, typed.Code)
		require.Equal(t, pay.LimitDetail{Available: new(pay.Of(1000, pay.RUB))}, typed.Detail)
		b.requireBalances(t, id, 1000, 0)

		b.mustPost(t, hold("aside/1", id, 1000))
		_, err = b.post(purchase("purchase/1", id, 1))
		require.Equal(t, pay.CodeInsufficientFunds, pay.CodeOf(err), "held money cannot be spent")
		b.requireBalances(t, id, 0, 1000)
	})
}

func TestService_PostRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		b.mustPost(t, topUp("credit/most", id, pay.MaxAmount))

		unbalanced := topUp("x", id, 10)
		unbalanced.Legs[0].Amount.Amount = -9
		inDollars := topUp("x", id, 10)
		inDollars.Legs[0].Amount.Currency, inDollars.Legs[1].Amount.Currency = pay.USD, pay.USD
		nameless := topUp("x", id, 10)
		nameless.Legs[1].Owner = id.String()
		for name, transfer := range map[string]pay.Transfer{
			"Unbalanced":      unbalanced,
			"OtherCurrency":   inDollars,
			"OwnerIsNoUUID":   nameless,
			"UnknownWallet":   topUp("x", pay.NewWalletID(b.clock.Now()), 10),
			"AboveTheLargest": topUp("x", id, 1),
			"WithoutKey":      topUp("", id, 1),
			"UnknownEntry":    {Key: "x", Entry: "TIP", Legs: topUp("x", id, 1).Legs},
			"UnknownAccount":  {Key: "x", Entry: pay.EntryTopUp, Legs: []pay.Leg{leg("TILL", "", 1), leg(pay.AccountSales, "", -1)}},
		} {
			posted, err := b.post(transfer)
			require.Error(t, err, name)
			require.False(t, posted, name)
			require.Equal(t, pay.CodeInternal, pay.CodeOf(err), name)
		}
		b.requireBalances(t, id, pay.MaxAmount, 0)

		strangers := &bundle{clock: b.clock, store: b.store, service: b.service, merchant: pay.NewMerchantID(b.clock.Now())}
		_, err := strangers.post(purchase("x", id, 1))
		require.Error(t, err, "another merchant's wallet")
		b.requireBalances(t, id, pay.MaxAmount, 0)
	})
}

// Accounts that a transaction made and did not commit are made again.
func TestService_PostRolledBack(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		sale := pay.Transfer{Key: "spend/1", Entry: pay.EntryPurchase, Legs: []pay.Leg{
			leg(pay.AccountClearing, "payture", -5), leg(pay.AccountSales, "", 5),
		}}
		changedMind := errors.New("changed my mind")
		err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			posted, err := b.service.Post(ctx, tx, b.merchant, nil, sale)
			require.NoError(t, err)
			require.True(t, posted)
			return changedMind
		})
		require.ErrorIs(t, err, changedMind)
		b.mustPost(t, sale)
		sale.Key = "capture/2"
		b.mustPost(t, sale)
	})
}

// However many post one key at once, it is posted once: the others find it, or
// are told that somebody was faster.
func TestService_PostRace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		posted, errs := inParallel(8, func(int) (bool, error) { return b.post(topUp("credit/1", id, 1000)) })
		for _, err := range errs {
			require.True(t, err == nil || store.IsUniqueViolation(err), "%v", err)
		}
		require.Equal(t, 1, count(posted, true))
		b.requireBalances(t, id, 1000, 0)
	})
}

// However many spend at once, the wallet is never overdrawn.
func TestService_PostRaceOfPurchases(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		b.mustPost(t, topUp("credit/1", id, 1000))
		posted, errs := inParallel(64, func(at int) (bool, error) { return b.post(purchase("purchase/"+strconv.Itoa(at), id, 300)) })
		for _, err := range errs {
			require.Contains(t, []pay.Code{"", pay.CodeInsufficientFunds}, pay.CodeOf(err), "%v", err)
		}
		require.Equal(t, 3, count(posted, true))
		b.requireBalances(t, id, 100, 0)
	})
}

func TestService_WalletOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		made, errs := inParallel(8, func(int) (pay.WalletID, error) { return b.wallet(pay.RUB) })
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 8, count(made, made[0]), "however many need it first, there is one")
		require.NotEqual(t, made[0], b.mustWallet(t, pay.USD), "one for each currency")
		b.mustPost(t, topUp("credit/1", made[0], 1000))
	})
}

func TestService_WalletsOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		rub := b.mustWallet(t, pay.RUB)
		b.clock.Advance(time.Second)
		usd := b.mustWallet(t, pay.USD)
		other := &bundle{clock: b.clock, store: b.store, service: b.service, merchant: b.merchant, user: b.newUser(t, "bob")}
		bobs := other.mustWallet(t, pay.RUB)

		read := func(v viewer.Viewer) map[pay.UserID][]pay.WalletID {
			v.Merchant = b.merchant
			byUser, err := b.service.WalletsOf(viewer.With(t.Context(), v), b.user, other.user)
			require.NoError(t, err)
			got := make(map[pay.UserID][]pay.WalletID)
			for user, list := range byUser {
				for _, w := range list {
					got[user] = append(got[user], w.ID)
				}
			}
			return got
		}
		require.Equal(t, map[pay.UserID][]pay.WalletID{b.user: {rub, usd}, other.user: {bobs}}, read(viewer.Viewer{Role: pay.RoleServer}))
		require.Equal(t, map[pay.UserID][]pay.WalletID{b.user: {rub, usd}}, read(viewer.Viewer{Role: pay.RoleUser, User: b.user}))

		asAlice := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: b.user})
		_, err := b.service.Wallet(asAlice, bobs)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
		none, err := b.service.WalletsOf(asAlice)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

func TestService_Entries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		id := b.mustWallet(t, pay.RUB)
		for at := range 5 {
			b.mustPost(t, topUp("credit/"+strconv.Itoa(at), id, int64(at+1)))
		}
		asAlice := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: b.user})
		var got []int64
		request := page.Request{First: new(2)}
		for {
			read, err := b.service.Entries(asAlice, id, request)
			require.NoError(t, err)
			for _, e := range read.Entries {
				got = append(got, e.AmountMinor)
			}
			request.After = read.Info.End
			if !read.Info.HasNext {
				break
			}
		}
		require.Equal(t, []int64{5, 4, 3, 2, 1}, got)

		newest := b.entries(t, id)[0]
		found, err := b.service.Entry(asAlice, newest.ID)
		require.NoError(t, err)
		require.Equal(t, pay.Of(5, pay.RUB), found.Amount())
		_, err = b.service.Entries(asAlice, id, page.Request{First: new(101)})
		require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))

		asBob := viewer.With(t.Context(), viewer.Viewer{Role: pay.RoleUser, Merchant: b.merchant, User: b.newUser(t, "bob")})
		others, err := b.service.Entries(asBob, id, page.Request{})
		require.NoError(t, err)
		require.Empty(t, others.Entries)
		_, err = b.service.Entry(asBob, newest.ID)
		require.Equal(t, pay.CodeNotFound, pay.CodeOf(err))
	})
}

// inParallel runs f n times at once and returns what each returned.
func inParallel[T any](n int, f func(at int) (T, error)) ([]T, []error) {
	results, errs := make([]T, n), make([]error, n)
	var wg sync.WaitGroup
	for at := range n {
		wg.Go(func() { results[at], errs[at] = f(at) })
	}
	wg.Wait()
	return results, errs
}

func count[T comparable](list []T, want T) int {
	return len(slices.DeleteFunc(slices.Clone(list), func(v T) bool { return v != want }))
}
