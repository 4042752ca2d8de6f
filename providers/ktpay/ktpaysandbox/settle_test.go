package ktpaysandbox_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// told has orders tell a shop how they end.
const told = `,"callback_post_url":"http://shop.example/hook/o1"`

func TestSettle_Ecom(t *testing.T) {
	t.Parallel()

	t.Run("Case06_EcomGoesToCompletedAndNotifiesOnce", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			b := inBubble(t, options{stateFile: file})
			defer b.Close()
			hash := b.open(ecom("o1", told, `,"description":"Тест"`))
			b.quiet(time.Minute)
			paid := b.pay(hash, cardGood, "approve")
			require.Equal(t, "completed", paid.State)
			require.Equal(t, "o1", paid.OrderRef)
			require.Empty(t, paid.ErrCode)
			require.Equal(t, []string{"pending", "authorized", "success", "completed"}, kept(t, file))

			n := b.next()
			require.Equal(t, "http://shop.example/hook/o1", n.URL)
			require.Equal(t, "application/json", n.Header.Get("Content-Type"))
			require.Equal(t, map[string]any{
				"merchant_id": 1.0, "order_id": "o1", "description": "Тест", "amount": 1000.0, "transaction_hash": hash,
				"created_at": "2000-01-01T06:00:00+06:00", "updated_at": "2000-01-01T06:01:00+06:00",
				"status": map[string]any{"status": "completed", "created_at": "2000-01-01T06:01:00+06:00", "updated_at": nil, "error": nil},
			}, n.body)
			b.quiet(24 * time.Hour)

			require.Len(t, b.Book(), 1)
			entry := b.Book()[0]
			require.Equal(t, "payment", entry.Kind)
			require.Equal(t, "completed", entry.State)
			require.Equal(t, int64(100000), entry.CapturedMinor)
			require.Equal(t, 1, entry.Captures)
			require.Zero(t, entry.RefundedMinor)
		})
	})

	t.Run("AmountsAreWrittenShortly", func(t *testing.T) {
		t.Parallel()
		for sent, want := range map[string]string{"1000.5": "1000.5", "1000.55": "1000.55", "0.29": "0.29", "1000.00": "1000", "10.10": "10.1"} {
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, options{})
				defer b.Close()
				b.pay(b.open(`{"order":{"order_id":"o1","amount":`+sent+`,"type":"ecom"`+told+`}}`), "", "approve")
				require.Contains(t, b.next().Body, `"amount":`+want+`,`)
			})
		}
	})

	t.Run("Case21_WrongAmountFaultTakesAndTells999For1000", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			b.Control("faults", `{"provider":"ktpay","op":"charge","fault":"wrong_amount"}`)
			b.pay(b.open(ecom("o1", told)), "", "approve")
			require.InEpsilon(t, 999.0, b.next().body["amount"], 0)
			require.Equal(t, int64(100000), b.Book()[0].AmountMinor)
			require.Equal(t, int64(99900), b.Book()[0].CapturedMinor)
		})
	})

	t.Run("PaidTwiceTakesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		b.pay(hash, cardGood, "approve")
		require.Equal(t, "completed", b.pay(hash, cardNoFunds, "approve").State)
		require.Equal(t, 1, b.Book()[0].Captures)
	})
}

func TestSettle_Service(t *testing.T) {
	t.Parallel()

	t.Run("Case07_HoldStaysUntilTheServiceIsCredited", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			b := inBubble(t, options{stateFile: file})
			defer b.Close()
			require.NoError(t, b.Server.SetNotifyURL("ktpay", appID, "http://shop.example/default"))
			hash := b.open(toService("o1", 2, "0012"))
			require.Contains(t, b.Get(pagePath(hash)).Body, `id="contract">0012<`, "zeros are kept")
			require.Equal(t, "authorized", b.pay(hash, cardGood, "approve").State)
			began := time.Now()
			b.quiet(89 * time.Second)
			require.Equal(t, "authorized", b.Book()[0].State)
			require.Zero(t, b.Book()[0].Captures)

			n := b.next()
			require.Equal(t, 90*time.Second, n.At.Sub(began))
			require.Equal(t, "completed", n.status()["status"])
			require.Nil(t, n.status()["error"])
			require.Equal(t, 1, b.Book()[0].Captures)
			require.Equal(t, []string{"pending", "authorized", "success", "completed"}, kept(t, file))
			require.Contains(t, b.Get(pagePath(hash)).Body, "0012")
		})
	})

	refusals := []struct {
		name, contract, kind string
		service              int
	}{
		{"Case08_ServiceRefusesAndTheHoldIsReleased", "0012", "ERROR_SYSTEM", 3},
		{"Case08_UnknownContractReleasesTheHold", "9999999", "ERROR_PAYMENT", 1},
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "state")
				b := inBubble(t, options{stateFile: file})
				defer b.Close()
				require.NoError(t, b.Server.SetNotifyURL("ktpay", appID, "http://shop.example/default"))
				hash := b.open(toService("o1", tt.service, tt.contract))
				b.pay(hash, cardGood, "approve")
				n := b.next()
				require.Equal(t, "denied", n.status()["status"])
				wrong, ok := n.status()["error"].(map[string]any)
				require.True(t, ok)
				require.Equal(t, tt.kind, wrong["error_type"])
				require.NotEmpty(t, wrong["error_message"])
				require.Equal(t, []string{"pending", "authorized", "denied"}, kept(t, file))
				require.Equal(t, "denied", b.Book()[0].State)
				require.Zero(t, b.Book()[0].Captures)
				require.Contains(t, b.Get(pagePath(hash)).Body, `data-state="denied"`)
				b.quiet(time.Hour)
			})
		})
	}

	t.Run("SpeedShortensTheService", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			require.NoError(t, b.Server.SetNotifyURL("ktpay", appID, "http://shop.example/default"))
			b.Control("clock", `{"speed":60}`)
			b.pay(b.open(toService("o1", 2, "1")), "", "approve")
			began := time.Now()
			require.Equal(t, 1500*time.Millisecond, b.next().At.Sub(began))
		})
	})

	t.Run("RestartedSandboxGoesOnWithTheService", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			b := inBubble(t, options{stateFile: file})
			require.NoError(t, b.Server.SetNotifyURL("ktpay", appID, "http://shop.example/default"))
			hash := b.open(toService("o1", 2, "1"))
			b.pay(hash, "", "approve")
			began := time.Now()
			b.quiet(30 * time.Second)
			b.Close()
			b = inBubble(t, options{stateFile: file})
			defer b.Close()
			require.Equal(t, "authorized", b.Book()[0].State)
			n := b.next()
			require.Equal(t, 90*time.Second, n.At.Sub(began))
			require.Equal(t, hash, n.body["transaction_hash"])
			require.Equal(t, 1, b.Book()[0].Captures)
			b.refused(b.send(toService("o1", 2, "1")), 422, 4220002)
		})
	})
}

func TestSettle_Decline(t *testing.T) {
	t.Parallel()

	declines := []struct{ name, card, outcome, state, kind, code string }{
		{"Case09_NoFundsIsAnErrorOfThePayment", cardNoFunds, "approve", "error", "ERROR_PAYMENT", "51"},
		{"DeclinedCardIsAnErrorOfThePayment", cardDeclined, "approve", "error", "ERROR_PAYMENT", "05"},
		{"BlockedCardIsDenied", cardBlocked, "approve", "denied", "ERROR_PAYMENT", "43"},
		{"SilentBankIsAnErrorOfTheSystem", cardSilent, "approve", "error", "ERROR_SYSTEM", "91"},
		{"DeclinedAfter3DSecure", card3DSThen5, "approve", "error", "ERROR_PAYMENT", "05"},
		{"ToldToDecline", cardGood, "decline", "error", "ERROR_PAYMENT", "05"},
		{"ToldToDeclineAfter3DSecure", card3DS, "decline", "error", "ERROR_PAYMENT", "05"},
	}
	for _, tt := range declines {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, options{})
				defer b.Close()
				hash := b.open(ecom("o1", told, `,"callback_failed_url":"https://shop.example/failed"`))
				paid := b.pay(hash, tt.card, tt.outcome)
				require.Equal(t, tt.state, paid.State)
				require.Equal(t, tt.code, paid.ErrCode)
				require.Equal(t, "https://shop.example/failed", paid.ReturnURL)
				n := b.next()
				require.Equal(t, tt.state, n.status()["status"])
				wrong, ok := n.status()["error"].(map[string]any)
				require.True(t, ok)
				require.Equal(t, tt.kind, wrong["error_type"])
				require.Contains(t, wrong["error_message"], tt.code)
				require.Empty(t, b.Book(), "no money was held")
				require.Equal(t, tt.state, b.pay(hash, cardGood, "approve").State, "final")
				b.quiet(time.Hour)
			})
		})
	}

	t.Run("SilentBankTakes40Seconds", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			began := time.Now()
			b.pay(b.open(ecom("o1")), cardSilent, "approve")
			require.Equal(t, 40*time.Second, time.Since(began))
		})
	})

	t.Run("WrongDateMayBeTypedAgainTwice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			hash := b.open(ecom("o1", told))
			for range 2 {
				paid := b.pay(hash, cardExpired, "approve")
				require.Equal(t, "pending", paid.State)
				require.Equal(t, "54", paid.ErrCode)
			}
			b.quiet(time.Hour)
			require.Equal(t, "error", b.pay(hash, cardExpired, "approve").State)
			wrong, ok := b.next().status()["error"].(map[string]any)
			require.True(t, ok)
			require.Equal(t, "ERROR_INPUT", wrong["error_type"])
			hash = b.open(ecom("o2", told))
			b.pay(hash, cardExpired, "approve")
			require.Equal(t, "completed", b.pay(hash, cardGood, "approve").State)
		})
	})

	t.Run("AbandonedAt3DSecureStaysPending", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		hash := b.open(ecom("o1"))
		paid := b.pay(hash, cardGood, "abandon")
		require.Equal(t, "pending", paid.State)
		require.Empty(t, paid.ReturnURL)
		require.Empty(t, b.Book())
		require.Equal(t, "completed", b.pay(hash, cardGood, "approve").State)
	})
}

func TestPay(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	hash := b.open(ecom("o1"))

	t.Run("TakesTestCardsOnly", func(t *testing.T) {
		t.Parallel()
		a := b.Control("pay", `{"url":"http://sandbox.test`+pagePath(hash)+`","card":"4242424242424242"}`)
		require.Equal(t, 400, a.Status)
		require.Contains(t, a.Body, "test cards")
	})

	for _, path := range []string{pagePath("none"), "/ktpay/payment-card", "/ktpay/other?hash=" + hash} {
		t.Run("KnowsNoPageAt"+path, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 404, b.Control("pay", `{"url":"http://sandbox.test`+path+`"}`).Status)
		})
	}
}
