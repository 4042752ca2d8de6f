package notify_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// After the last test nothing of a mail server or a runner is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestService_Queue(t *testing.T) {
	t.Parallel()

	t.Run("TheSameNewsIsMailedOnce", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			b.queue(t, b.ended("ended/1", payer))
			b.queue(t, b.ended("ended/1", "another@example.org"))
			b.runDue(t)
			b.queue(t, b.ended("ended/1", payer))
			require.Zero(t, b.runDue(t), "nor when it has been sent")

			other := b.ended("ended/1", payer)
			other.Merchant = b.newMerchant(t, "Another")
			b.queue(t, other)
			b.runDue(t)
			require.Len(t, b.rows(t), 2, "another merchant's key is another")
			require.Len(t, b.sink.Messages(), 2)
			require.Equal(t, []string{payer}, b.sink.Messages()[0].To)
		})
	})

	t.Run("WhatWasUndoneIsNotMailed", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			undone := errors.New("the payment failed")
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				return errors.Join(b.mail.Queue(ctx, tx, b.ended("ended/1", payer)), undone)
			})
			require.ErrorIs(t, err, undone)
			require.Zero(t, b.runDue(t))
			require.Empty(t, b.rows(t))
		})
	})

	t.Run("NotBeforeItsTime", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			m := b.ended("ended/1", payer)
			m.NotBefore = storetest.Epoch().Add(24 * time.Hour)
			b.queue(t, m)
			b.clock.Advance(24*time.Hour - time.Second)
			require.Zero(t, b.runDue(t))
			b.clock.Advance(time.Second)
			require.Equal(t, 1, b.runDue(t))
			require.Len(t, b.sink.Messages(), 1)
		})
	})

	t.Run("NobodyToTell", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		b.queue(t, b.ended("ended/1", ""))
		require.Empty(t, b.rows(t))
		require.Zero(t, b.runDue(t))
	})

	t.Run("AddressesThatAreNone", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		for _, to := range []string{
			"nobody", "@example.org", "a@", "a@b@c", "a b@example.org", "Alice <alice@example.org>", "a@example.org, b@example.org",
			"a@example.org\r\nBcc: b@example.org", "a@example.org\n", "\"a\r\n b\"@example.org", "a\x00@example.org", " a@example.org",
			"\"a b\"@example.org", strings.Repeat("a", 250) + "@example.org", "a@exam\xffple.org",
		} {
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return b.mail.Queue(ctx, tx, b.ended("k", to)) })
			require.Equal(t, pay.CodeInvalid, pay.CodeOf(err), "%q", to)
			typed, ok := errors.AsType[*pay.Error](err)
			require.True(t, ok)
			require.Equal(t, "email.malformed", typed.Key)
			require.NotContains(t, err.Error(), "example")
		}
		require.Empty(t, b.rows(t))
	})

	t.Run("ASecretIsKeptSealed", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			b.queue(t, notify.Mail{
				Merchant: b.merchant, Kind: notify.KindGiftForRecipient, Key: "gift/1", To: payer, Locale: "uk-UA",
				Data: notify.GiftForRecipient{Product: "News"}, Secret: "CODE-7777",
			})
			row := b.rows(t)[0]
			require.Equal(t, "uk", row.Locale)
			require.NotContains(t, string(row.Secret)+string(row.Data), "CODE-7777")
			require.True(t, strings.HasPrefix(string(row.Secret), row.ID.String()), "sealed for its own row")
			require.Equal(t, 1, b.runDue(t))
			require.Contains(t, b.sink.Messages()[0].Text, "CODE-7777")
			require.Contains(t, b.sink.Messages()[0].HTML, "CODE-7777")
		})
	})

	t.Run("AMailThatIsWrongInItself", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		otherData, otherKind, noKey := b.ended("k", payer), b.ended("k", payer), b.ended("", payer)
		otherData.Data = notify.CardExpiring{}
		otherKind.Kind = "postcard"
		for _, m := range []notify.Mail{otherData, otherKind, noKey} {
			err := b.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return b.mail.Queue(ctx, tx, m) })
			require.Equal(t, pay.CodeInternal, pay.CodeOf(err))
		}
		require.Empty(t, b.rows(t))
	})

	t.Run("WhenMailIsOffWhatWaitsWaits", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			b.queue(t, b.ended("before", payer))
			off, runner := b.service(t, nil)
			require.Contains(t, b.log.String(), "mail is off")
			require.False(t, off.Enabled())
			require.True(t, b.mail.Enabled())
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return off.Queue(ctx, tx, b.ended("meanwhile", payer)) })
			n, err := runner.RunDue(t.Context())
			require.NoError(t, err)
			require.Zero(t, n)
			require.Len(t, b.rows(t), 1)
			require.Equal(t, 1, b.runDue(t), "on again, it is sent")
		})
	})
}

func TestService_Withdraw(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url, nil)
		withdraw := func(key string) {
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return b.mail.Withdraw(ctx, tx, b.merchant, key) })
		}
		b.queue(t, b.ended("sent", payer))
		require.Equal(t, 1, b.runDue(t))
		b.queue(t, b.ended("waits", payer))
		b.queue(t, b.ended("withdrawn", payer))
		withdraw("sent")
		withdraw("withdrawn")
		withdraw("never there")
		require.Equal(t, 1, b.runDue(t))
		require.Len(t, b.sink.Messages(), 2)
		require.Equal(t, []string{"sent", "waits"}, []string{b.rows(t)[0].Key, b.rows(t)[1].Key})
		require.Len(t, b.rows(t), 2)

		b.queue(t, b.ended("withdrawn", payer))
		require.Equal(t, 1, b.runDue(t), "it became true again")
	})
}

func TestNew(t *testing.T) {
	t.Parallel()

	b := setup(t, storetest.SQLite(t), nil)
	for _, from := range []string{"", "shop", "Shop <shop>", "a@example.com\r\nBcc: b@example.com"} {
		_, err := notify.New(notify.Config{Store: b.store, Runner: b.runner, Sender: b.server(t), From: from})
		require.ErrorContains(t, err, "not an address", "%q", from)
	}
}

func TestLocaleOf(t *testing.T) {
	t.Parallel()

	of := func(s string) *string { return &s }
	tests := []struct {
		tags []*string
		want string
	}{
		{nil, "en"},
		{[]*string{nil, nil}, "en"},
		{[]*string{of("ru-RU"), of("uk")}, "ru"},
		{[]*string{nil, of("UK_ua")}, "uk"},
		{[]*string{of("de"), of("kk-Cyrl-KZ")}, "kk"},
		{[]*string{of(""), of("kkj")}, "en"},
		{[]*string{of("en-GB"), of("ru")}, "en"},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, notify.LocaleOf(tt.tags...))
	}
}
