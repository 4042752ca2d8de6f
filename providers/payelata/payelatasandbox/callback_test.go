package payelatasandbox_test

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// signature is X-Signature computed apart from the sandbox.
func signature(secret, body string) string {
	h := sha1.New()
	h.Write([]byte(secret))
	h.Write([]byte(body))
	h.Write([]byte(secret))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// pass lets d of a synctest bubble's time go by.
func pass(d time.Duration) { <-time.After(d) }

func TestCallback(t *testing.T) {
	t.Parallel()

	t.Run("Case13_SignatureCoversTheExactBytes", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		i := b.paid("o1", attrs{"return_url": "https://shop.test/r"})
		d := b.callback()
		require.Equal(t, "http://shop.test/default", d.URL)
		require.Equal(t, "application/json", d.Header.Get("Content-Type"))
		require.Equal(t, signature("sk_test_sandbox", d.Body), d.Header.Get("X-Signature"))
		require.Contains(t, d.Body, `https:\/\/shop.test\/r`, "whoever encodes again has other bytes")
		require.Equal(t, i, b.parse(d.Body), "the body is the resource of the API")
		var again any
		require.NoError(t, json.Unmarshal([]byte(d.Body), &again))
		require.NotEqual(t, d.Header.Get("X-Signature"), signature("sk_test_sandbox", b.encode(again)))
	})

	t.Run("LiveInvoiceIsSignedWithTheLiveKey", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		create := func(ref, key string, mode any) invoice {
			body := b.encode(attrs{"data": attrs{"type": "payment-invoices", "attributes": order(ref, attrs{"test_mode": mode})}})
			return b.decode(b.request("POST", "/api/payment-invoices", basic("other-account", key), body), http.StatusCreated)
		}
		live := create("o1", "sk_live_other", false)
		require.False(t, live.Attributes.TestMode)
		b.submit(live, plainCard, "12/30")
		d := b.callback()
		require.Equal(t, "http://other.test/default", d.URL)
		require.Equal(t, signature("sk_live_other", d.Body), d.Header.Get("X-Signature"))

		b.submit(create("o2", "sk_live_other", true), plainCard, "12/30")
		d = b.callback()
		require.Equal(t, signature("sk_test_other", d.Body), d.Header.Get("X-Signature"), "test_mode chooses the key, not the caller's")
		require.True(t, create("o3", "sk_test_other", nil).Attributes.TestMode, "the mode of the key by default")
	})

	t.Run("Case15_GapsGrowByAMinuteUntil200", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, options{clock: sandboxtest.BubbleClock{}, answer: func(n int) int { return []int{500, 500, 200}[n-1] }})
			b.listen()
			began := time.Now()
			b.paid("o1", nil)
			first, second := b.callback(), b.callback()
			require.Equal(t, first.Body, second.Body, "the same bytes again")
			require.Equal(t, first.Header, second.Header)
			require.Equal(t, first.URL, second.URL)
			require.Equal(t, time.Minute, time.Since(began))
			b.callback()
			require.Equal(t, 3*time.Minute, time.Since(began))
			pass(200 * time.Hour)
			require.Empty(t, b.shop.Got, "200 ends it")
			b.Close()
		})
	})

	t.Run("Case15_OnlyExactly200IsAYes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			statuses := []int{201, 204, 302, 200}
			b := setup(t, options{clock: sandboxtest.BubbleClock{}, answer: func(n int) int { return statuses[n-1] }})
			b.listen()
			b.paid("o1", nil)
			pass(200 * time.Hour)
			require.Len(t, b.shop.Got, len(statuses))
			b.Close()
		})
	})

	t.Run("Case15_GivesUpAfterAHundredFailures", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := setup(t, options{clock: sandboxtest.BubbleClock{}, answer: func(int) int { return 500 }})
			b.listen()
			b.paid("o1", nil)
			pass(1000 * time.Hour)
			require.Len(t, b.shop.Got, 100)
			b.Close()
		})
	})

	t.Run("Case25_OwnAddressComesBeforeTheAccounts", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		send := func(ref, beside, inside string) invoice {
			more := attrs{}
			if inside != "" {
				more["callback_url"] = inside
			}
			data := attrs{"type": "payment-invoices", "attributes": order(ref, more)}
			if beside != "" {
				data["callback_url"] = beside
			}
			return b.decode(b.api("POST", "/payment-invoices", b.encode(attrs{"data": data})), http.StatusCreated)
		}
		tests := []struct{ ref, beside, inside, shown, want string }{
			{"both", "http://shop.test/beside", "http://shop.test/inside", "http://shop.test/inside", "http://shop.test/inside"},
			{"beside", "http://shop.test/beside", "", "http://shop.test/beside", "http://shop.test/beside"},
			{"inside", "", "http://shop.test/inside", "http://shop.test/inside", "http://shop.test/inside"},
			{"neither", "", "", "", "http://shop.test/default"},
		}
		for _, tt := range tests {
			i := send(tt.ref, tt.beside, tt.inside)
			require.Equal(t, tt.shown, i.Attributes.CallbackURL)
			b.submit(i, plainCard, "12/30")
			require.Equal(t, tt.want, b.callback().URL, tt.ref)
		}
	})

	t.Run("EveryChangeOfStatusIsTold", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		i := b.paid("o1", nil)
		b.refund(i.ID, "r1", 30)
		b.refund(i.ID, "r2", 70)
		told := map[string]bool{}
		for range 3 {
			told[b.parse(b.callback().Body).Attributes.Status] = true
		}
		require.Equal(t, map[string]bool{"processed": true, "partially_refunded": true, "refunded": true}, told)

		expiring := b.made(order("o2", nil))
		b.clock.Advance(time.Hour)
		b.get(expiring.ID)
		require.Equal(t, "expired", b.parse(b.callback().Body).Attributes.Status)
		require.Empty(t, b.shop.Got)
	})

	t.Run("Case13_VendorsVectors", func(t *testing.T) {
		t.Parallel()
		text, err := os.ReadFile("testdata/x_signature.json")
		require.NoError(t, err)
		var vectors []struct {
			Secret    string `json:"secret"`
			Body      string `json:"body"`
			Signature string `json:"x_signature"`
		}
		require.NoError(t, json.Unmarshal(text, &vectors))
		require.Len(t, vectors, 3)
		for _, v := range vectors {
			require.Equal(t, v.Signature, signature(v.Secret, v.Body), "the tests' own signature, which the callbacks are held against")
		}
	})
}
