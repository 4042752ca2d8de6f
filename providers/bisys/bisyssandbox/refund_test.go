package bisyssandbox_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func refundOf(num string, amount, remaining any) body {
	return body{"regPayNum": num, "note": "test", "refundAmount": amount, "remainingAmount": remaining}
}

func TestRefund(t *testing.T) {
	t.Parallel()

	paid := func(t *testing.T) (*bench, order) {
		t.Helper()
		b := setup(t, options{})
		o := b.anonymous("amount", 2600, "comission", 25)
		b.Pay(o.url, "", "")
		return b, o
	}

	t.Run("Case19_APartAndThenTheRest", func(t *testing.T) {
		t.Parallel()
		b, o := paid(t)
		require.Equal(t, body{
			"resultState": "success", "desc": "the refund is accepted", "regPayNum": o.num, "refundAmount": "2400", "remainingAmount": "225",
		}, b.must(refundPath, refundOf(o.num, "2400", "225")))
		s := b.status(o.num)
		require.Equal(t, "payed", s["state"])
		require.InDelta(t, 2625, s["totalAmount"], 0, "a part does not show")
		require.Equal(t, int64(2400), b.entry(o.num).RefundedMinor)
		b.clock.Advance(2 * time.Second)
		require.Equal(t, "processed", b.state(o.num))
		b.must(refundPath, refundOf(o.num, 225, 0))
		require.Equal(t, "refunded", b.state(o.num))
		require.Equal(t, int64(2625), b.entry(o.num).RefundedMinor)
		b.refused(refundPath, refundOf(o.num, 225, 0), 9007)
	})

	wrong := []struct {
		name              string
		amount, remaining any
		code              int
	}{
		{"WrongRemainder", "2400", "226", 9007},
		{"TooMuch", "2626", "0", 9007},
		{"Nothing", "0", "2625", 9007},
		{"Negative", "-1", "2626", 9005},
		{"NoRemainder", "2400", "", 9005},
	}
	for _, tt := range wrong {
		t.Run("Case20_Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			b, o := paid(t)
			b.refused(refundPath, refundOf(o.num, tt.amount, tt.remaining), tt.code)
			require.Equal(t, "payed", b.state(o.num))
			require.Zero(t, b.entry(o.num).RefundedMinor)
		})
	}

	t.Run("Case20_RefusesWhatIsNotPayed", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.anonymous()
		b.refused(refundPath, refundOf(o.num, 13750, 0), 9007)
		require.Equal(t, "created", b.state(o.num))
		b.Pay(o.url, "", "decline")
		b.refused(refundPath, refundOf(o.num, 13750, 0), 9007)
		check := b.opened(b.must("/card/registration", body{"userToken": b.user("79020000000")}))
		b.Pay(check.url, "", "")
		b.refused(refundPath, refundOf(check.num, 500, 0), 9007)
		b.refused(refundPath, refundOf("1", 1, 0), 9004)
	})

	t.Run("SameRequestTwiceIsRefused", func(t *testing.T) {
		t.Parallel()
		b, o := paid(t)
		b.must(refundPath, refundOf(o.num, "1000", "1625"))
		b.refused(refundPath, refundOf(o.num, "1000", "1625"), 9007)
		require.Equal(t, int64(1000), b.entry(o.num).RefundedMinor)
	})

	t.Run("NoteIsRequired", func(t *testing.T) {
		t.Parallel()
		b, o := paid(t)
		require.Equal(t, "ValidationException: note", b.refused(refundPath, with(refundOf(o.num, 2625, 0), "note", nil), 9005)["message"])
	})
}

// A sandbox that is started again knows its payments, users and cards.
func TestVendor_RestartGoesOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state")
	b := setup(t, options{stateFile: file})
	user := b.user("79020000000")
	card := b.card(user, good)
	waits, paid := b.anonymous(), b.anonymous("amount", 1000, "comission", 0)
	b.submit(waits)
	b.Pay(paid.url, "", "")
	b.must(refundPath, refundOf(paid.num, 400, 600))
	b.Close()

	b = setup(t, options{stateFile: file})
	require.Equal(t, card, b.cards(user)[0]["cardToken"])
	require.Equal(t, user, b.user("79020000000"))
	b.must(recurrentPath, b.recurring(user, card))
	b.Post("/bisys/cardpay/secure?order="+waits.id, "password", "12345678")
	require.Equal(t, "payed", b.state(waits.num))
	b.must(refundPath, refundOf(paid.num, 600, 0))
	require.Equal(t, "refunded", b.state(paid.num))
	b.clock.Advance(2 * time.Second)
	require.Equal(t, "processed", b.state(waits.num))
}
