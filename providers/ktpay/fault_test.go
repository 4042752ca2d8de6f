package ktpay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// success is a good answer.
const success = `{"error":[],"response":{"success":true,"data":{"transaction_hash":"` + sampleHash + `","show_close_button":true}}}`

// answers answers with an HTTP status, headers and a body that would be a success.
func answers(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for at := 0; at+1 < len(header); at += 2 {
			w.Header().Set(header[at], header[at+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, success)
	}
}

// A creation without a clear answer may have been done, and is sent once.
func TestClient_Faults(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"500", answers(500)},
		{"502", says(502, "<html>Bad gateway</html>")},
		{"503", answers(503, "Retry-After", "5")},
		{"429", answers(429, "Retry-After", "7")},
		{"400", answers(400)},
		{"403", answers(403)},
		{"404", says(404, `{}`)},
		{"204", says(204, "")},
		{"Redirect301", answers(301, "Location", "/api/v1/elsewhere")},
		{"Redirect302", answers(302, "Location", "https://login.example/?next=x")},
		{"Redirect307", answers(307, "Location", "/api/v1/elsewhere")},
		{"Empty", says(200, "")},
		{"Blank", says(200, " \r\n ")},
		{"HTML", says(200, `<!DOCTYPE html><html><body>"success":true</body></html>`)},
		{"XML", says(200, `<?xml version="1.0"?><success>true</success>`)},
		{"Text", says(200, `success`)},
		{"List", says(200, `[`+success+`]`)},
		{"Null", says(200, `null`)},
		{"Number", says(200, `1`)},
		{"Garbage", says(200, "\x00\xff\xfe{")},
		{"Cut", says(200, success[:60])},
		{"CutBeforeTheEnd", says(200, success[:len(success)-1])},
		{"Twice", says(200, success+success)},
		{"TextAfterwards", says(200, success+"Warning: CANARY")},
		{"TextBefore", says(200, "Warning: CANARY\n"+success)},
		{"ResponseIsAList", says(200, `{"error":[],"response":[]}`)},
		{"DataIsAList", says(200, `{"error":[],"response":{"success":true,"data":[]}}`)},
		{"HalfABody", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "400")
			_, _ = io.WriteString(w, success)
		}},
		{"TenMegabytes", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, success)
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
		}},
		{"ClosedWithoutAnswer", vendortest.HangUp("")},
		{"ClosedInTheHeader", vendortest.HangUp("HTTP/1.1 200 OK\r\nContent-")},
		{"NotHTTP", vendortest.HangUp("SSH-2.0-OpenSSH CANARY\r\n\r\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, tt.answer)
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, providers.Unknown, "")
			require.ErrorContains(t, err, orderNumber)
			require.Zero(t, result)
			require.Len(t, v.Seen(), 1)
		})
	}
}

// What KTPay repeats of our request is told by no error, wherever it stands.
func TestClient_EchoesAreNotTold(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, body string }{
		{"InTheCode", `{"success":false,"error":{"code":"` + contract + `"}}`},
		{"InAMessage", `{"success":false,"error":{"code":4220002,"messages":{"callback_post_url":"` + notifyURL + `"}}}`},
		{"AsAField", `{"success":false,"error":{"code":4220002,"validation":{"` + notifyURL + `":["x"]}}}`},
		{"InTheHint", `{"success":false,"error":{"code":5000001,"hint":"` + notifyURL + testAppID + `"}}`},
		{"AsTheHash", `{"success":true,"data":{"transaction_hash":"` + notifyURL + `"}}`},
		{"InBrokenJSON", `{"` + notifyURL + `" "` + testAppID + `"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, says(422, tt.body))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			require.Error(t, err)
			require.Zero(t, result)
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				requireNoSecret(t, cause.Error())
			}
		})
	}
}

func TestClient_NeverSent(t *testing.T) {
	t.Parallel()

	t.Run("NobodyListens", func(t *testing.T) {
		t.Parallel()
		v := newStoppedVendor(t, nil)
		base := "http://" + v.Listener.Addr().String()
		require.NoError(t, v.Listener.Close())
		_, err := newClient(t, base).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unavailable, "")
	})
	t.Run("NoSuchHost", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Transport = vendortest.NoSuchHost()
		c, err := New(testConfig(t, ""), deps)
		require.NoError(t, err)
		_, err = c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unavailable, "")
		require.ErrorContains(t, err, "not resolved")
	})
	t.Run("CertificateNotTrusted", func(t *testing.T) {
		t.Parallel()
		v := newStoppedVendor(t, nil)
		v.Config.ErrorLog = log.New(io.Discard, "", 0)
		v.StartTLS()
		defer v.Close()
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unavailable, "")
		require.ErrorContains(t, err, "certificate")
		require.Empty(t, v.Seen())
	})
	t.Run("CanceledBefore", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := newClient(t, v.URL).Start(ctx, startRequest())
		requireError(t, err, providers.OpStart, providers.Unavailable, "")
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, v.Seen())
	})
}

func TestClient_MayHaveBeenSent(t *testing.T) {
	t.Parallel()

	t.Run("Hangs", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := newClient(t, v.URL).Start(ctx, startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("HangsInTheBody", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, success[:30])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := newClient(t, v.URL).Start(ctx, startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	t.Run("CanceledAfterSending", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		v := newVendor(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		})
		_, err := newClient(t, v.URL).Start(ctx, startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("TransportThatTellsNothing", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("lost CANARY " + r.Header.Get("Auth-Identifier"))
		})
		c, err := New(testConfig(t, ""), deps)
		require.NoError(t, err)
		_, err = c.Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
	})
}
