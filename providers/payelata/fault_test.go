package payelata

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// call is one method of the adapter, as every fault meets it.
type call struct {
	op  providers.Op
	run func(context.Context, *Client) (providers.Result, error)
}

func calls() []call {
	return []call{
		{providers.OpStart, func(ctx context.Context, c *Client) (providers.Result, error) { return c.Start(ctx, startRequest()) }},
		{providers.OpChargeSaved, func(ctx context.Context, c *Client) (providers.Result, error) { return c.Charge(ctx, chargeRequest()) }},
		{providers.OpRefund, func(ctx context.Context, c *Client) (providers.Result, error) { return c.Refund(ctx, refundRequest()) }},
		{providers.OpSync, func(ctx context.Context, c *Client) (providers.Result, error) {
			return c.Sync(ctx, providers.Ref{OrderNumber: order, ProviderRef: invoiceID})
		}},
	}
}

// kindOf is what a fault means: of a write it is in doubt.
func kindOf(op providers.Op, read providers.Kind) providers.Kind {
	if op == providers.OpSync {
		return read
	}
	return providers.Unknown
}

func TestClient_Faults(t *testing.T) {
	t.Parallel()

	const unavailable, malformed = providers.Unavailable, providers.Malformed
	good := anInvoice(t, paid())
	withHeader := func(status int, name, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(name, value)
			says(status, good)(w, r)
		}
	}
	tests := []struct {
		name   string
		handle http.HandlerFunc
		read   providers.Kind // of Sync; every write is Unknown
	}{
		{"500", says(500, good), unavailable},
		{"502", says(502, good), unavailable},
		{"503", withHeader(503, "Retry-After", "5"), unavailable},
		{"204", says(204, ``), malformed},
		{"206", says(206, good), malformed},
		{"Redirect301", withHeader(301, "Location", "/api/elsewhere"), malformed},
		{"Redirect302", withHeader(302, "Location", "https://login.example/?next=x"), malformed},
		{"Redirect307", withHeader(307, "Location", "/api/elsewhere"), malformed},
		{"Empty", says(200, ``), malformed},
		{"Blank", says(200, " \r\n "), malformed},
		{"HTML", says(200, `<!DOCTYPE html><html><head><title>Login</title></head><body>processed</body></html>`), malformed},
		{"XML", says(200, `<data status="processed"/>`), malformed},
		{"Null", says(200, `null`), malformed},
		{"Cut", says(200, good[:len(good)/2]), malformed},
		{"CutBeforeTheEnd", says(200, good[:len(good)-1]), malformed},
		{"HalfABody", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "90000")
			_, _ = io.WriteString(w, good)
		}, malformed},
		{"TenMegabytes", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, good)
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
		}, malformed},
		{"TwoDocuments", says(200, good+good), malformed},
		{"TextAfterwards", says(200, good+"warning"), malformed},
		{"BadUTF8", says(200, strings.Replace(good, "USD", "\xff", 1)), malformed},
		{"DeepNesting", says(200, strings.Repeat(`{"data":`, 20000)), malformed},
		{"AnotherOrder", says(200, strings.ReplaceAll(good, order, "another")), malformed},
		{"ErrorBesideIt", says(200, strings.Replace(good, `{"data"`, `{"errors":[{"code":"x"}],"data"`, 1)), malformed},
		{"ClosedWithoutAnswer", vendortest.HangUp(""), unavailable},
		{"ClosedInTheHeader", vendortest.HangUp("HTTP/1.1 200 OK\r\nContent-"), unavailable},
		{"NotHTTP", vendortest.HangUp("SSH-2.0-OpenSSH " + canaryKey + "\r\n\r\n"), unavailable},
	}
	for _, tt := range tests {
		for _, each := range calls() {
			t.Run(tt.name+" "+string(each.op), func(t *testing.T) {
				t.Parallel()
				v := vendortest.New(t, tt.handle)
				result, err := each.run(t.Context(), newClient(t, v.URL))
				requireError(t, err, each.op, kindOf(each.op, tt.read), "")
				require.ErrorContains(t, err, order)
				requireSilent(t, err)
				require.Zero(t, result)
				require.Len(t, v.Seen(), 1)
			})
		}
	}

	t.Run("RetryAfterIsTold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, withHeader(429, "Retry-After", "7"))
		_, err := newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: order})
		var e *providers.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, providers.RateLimited, e.Kind)
		require.Equal(t, 7*time.Second, e.RetryAfter)
	})
}

func TestClient_EchoedSecretsAreNotTold(t *testing.T) {
	t.Parallel()

	bodies := []string{
		`{"errors":[{"code":"` + canaryKey + `","title":"` + canarySigner + `","source":{"pointer":"/data/attributes/` + cardToken + `"}}]}`,
		`{"error":"` + canaryKey + ` ` + cardToken + `"}`,
		`{"error_codes":["x_` + canarySigner + `"]}`,
		`{"data":{"type":"` + canaryKey + `","id":"` + cardToken + `"}}`,
		canaryKey + cardToken,
	}
	for _, status := range []int{200, 201, 400, 401, 404, 409, 422, 429, 500} {
		for _, body := range bodies {
			for _, each := range calls() {
				t.Run(http.StatusText(status)+" "+string(each.op), func(t *testing.T) {
					t.Parallel()
					v := vendortest.New(t, says(status, body))
					result, err := each.run(t.Context(), newClient(t, v.URL))
					requireSilent(t, err)
					requireNoSecret(t, result.RawStatus)
					require.True(t, err != nil || result.Status == providers.Declined)
					require.True(t, result.Decline == nil || result.Decline.ProviderCode == "")
				})
			}
		}
	}
}

func TestClient_NeverSent(t *testing.T) {
	t.Parallel()

	t.Run("NobodyListens", func(t *testing.T) {
		t.Parallel()
		v := vendortest.NewStopped(says(200, ""))
		base := "http://" + v.Listener.Addr().String()
		require.NoError(t, v.Listener.Close())
		for _, each := range calls() {
			_, err := each.run(t.Context(), newClient(t, base))
			requireError(t, err, each.op, providers.Unavailable, "")
		}
	})
	t.Run("NoSuchHost", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Transport = vendortest.NoSuchHost()
		c, err := New(testConfig("https://payelata.example"), deps)
		require.NoError(t, err)
		for _, each := range calls() {
			_, err := each.run(t.Context(), c)
			requireError(t, err, each.op, providers.Unavailable, "")
		}
	})
	t.Run("CertificateNotTrusted", func(t *testing.T) {
		t.Parallel()
		v := vendortest.NewStopped(says(200, ""))
		v.Config.ErrorLog = log.New(io.Discard, "", 0)
		v.StartTLS()
		defer v.Close()
		for _, each := range calls() {
			_, err := each.run(t.Context(), newClient(t, v.URL))
			requireError(t, err, each.op, providers.Unavailable, "")
		}
		require.Empty(t, v.Seen())
	})
	t.Run("CanceledBefore", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(201, golden(t, "invoice.json")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, each := range calls() {
			_, err := each.run(ctx, newClient(t, v.URL))
			requireError(t, err, each.op, providers.Unavailable, "")
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Empty(t, v.Seen())
	})
}

func TestClient_MayHaveBeenSent(t *testing.T) {
	t.Parallel()

	for _, each := range calls() {
		t.Run("Hangs "+string(each.op), func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := each.run(ctx, newClient(t, v.URL))
			requireError(t, err, each.op, kindOf(each.op, providers.Unavailable), "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("HangsInTheBody "+string(each.op), func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, `{"data":`)
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := each.run(ctx, newClient(t, v.URL))
			requireError(t, err, each.op, kindOf(each.op, providers.Unavailable), "")
		})
		t.Run("CanceledAfterSending "+string(each.op), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			v := vendortest.New(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			_, err := each.run(ctx, newClient(t, v.URL))
			requireError(t, err, each.op, kindOf(each.op, providers.Unavailable), "")
			require.ErrorIs(t, err, context.Canceled)
		})
		t.Run("TransportThatTellsNothing "+string(each.op), func(t *testing.T) {
			t.Parallel()
			deps := testDeps()
			deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(r.Body)
				return nil, errors.New("lost " + string(body) + r.Header.Get("Authorization") + canaryKey)
			})
			c, err := New(testConfig("https://payelata.example"), deps)
			require.NoError(t, err)
			_, err = each.run(t.Context(), c)
			requireError(t, err, each.op, kindOf(each.op, providers.Unavailable), "")
			requireSilent(t, err)
		})
	}
}
