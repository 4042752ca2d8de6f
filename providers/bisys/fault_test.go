package bisys

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// badly answers a call's own path with handle, and everything else well.
func badly(call call, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != call.path {
			says(success(r))(w, r)
			return
		}
		handle(w, r)
	}
}

// status answers with an HTTP status and a body that would be a success.
func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for at := 0; at+1 < len(header); at += 2 {
			w.Header().Set(header[at], header[at+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, success(r))
	}
}

func TestClient_Faults(t *testing.T) {
	t.Parallel()

	const unavailable, malformed = providers.Unavailable, providers.Malformed
	tests := []struct {
		name   string
		handle http.HandlerFunc
		read   providers.Kind // of a read; every write is Unknown
	}{
		{"500", status(500), unavailable},
		{"502", status(502), unavailable},
		{"503", status(503, "Retry-After", "5"), unavailable},
		{"504WithoutBody", saysStatus(504, ""), unavailable},
		{"429", status(429, "Retry-After", "7"), providers.RateLimited},
		{"400WithoutBody", saysStatus(400, ""), malformed},
		{"404WithoutBody", saysStatus(404, ""), malformed},
		{"403", saysStatus(403, `{"message":"Forbidden"}`), malformed},
		{"404OfAGateway", saysStatus(404, `{"code":404,"message":"no such route"}`), malformed},
		{"500OfAGateway", saysStatus(500, `{"code":17,"message":"oops"}`), unavailable},
		{"201", status(201), malformed},
		{"204", status(204), malformed},
		{"Redirect301", status(301, "Location", "/elsewhere"), malformed},
		{"Redirect302", status(302, "Location", "https://login.example/?next=x"), malformed},
		{"Redirect307", status(307, "Location", "/elsewhere"), malformed},
		{"Empty", says(""), malformed},
		{"Blank", says(" \r\n "), malformed},
		{"EmptyObject", says("{}"), malformed},
		{"Null", says("null"), malformed},
		{"List", says(`[{"regPayNum":"1"}]`), malformed},
		{"HTML", says(`<!DOCTYPE html><html><head><title>Login</title></head><body>{"resultState":"success"}</body></html>`), malformed},
		{"Text", says("resultState=success"), malformed},
		{"SingleQuotes", says(`{'regPayNum':'1310958041'}`), malformed},
		{"CutInside", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)[:30]) }, malformed},
		{"CutBeforeTheEnd", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.TrimSuffix(success(r), "}"))
		}, malformed},
		{"HalfABody", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "4000")
			_, _ = io.WriteString(w, success(r))
		}, malformed},
		{"TenMegabytes", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, success(r))
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
		}, malformed},
		{"TwoObjects", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)+success(r)) }, malformed},
		{"TextAfterwards", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)+"warning") }, malformed},
		{"MemberTwice", func(w http.ResponseWriter, r *http.Request) {
			body := success(r)
			_, _ = io.WriteString(w, `{"resultState":"fail","resultState":"fail","regPayNum":"2","regPayNum":"1","state":"created",`+body[1:])
		}, malformed},
		{"BadUTF8", says("{\"state\":\"\xff\"}"), malformed},
		{"DeepNesting", says(strings.Repeat(`{"a":`, 20000)), malformed},
		{"ExceptionWithStatus200", says(`{"code":17,"message":"SomethingException"}`), malformed},
		{"ClosedWithoutAnswer", vendortest.HangUp(""), unavailable},
		{"ClosedInTheHeader", vendortest.HangUp("HTTP/1.1 200 OK\r\nContent-"), unavailable},
		{"NotHTTP", vendortest.HangUp("SSH-2.0-OpenSSH " + canarySecKey + "\r\n\r\n"), unavailable},
	}
	codes := map[string]string{"404OfAGateway": "404", "500OfAGateway": "17", "ExceptionWithStatus200": "17"}
	for _, tt := range tests {
		for _, call := range calls() {
			t.Run(tt.name+" "+call.name, func(t *testing.T) {
				t.Parallel()
				v := vendortest.New(t, badly(call, tt.handle))
				result, err := call.run(t.Context(), newClient(t, v.URL))
				requireError(t, err, call.op, call.doubtful(tt.read), codes[tt.name])
				require.Empty(t, result)
				require.Len(t, v.SeenAt(call.path), 1, "nothing is sent twice")
			})
		}
	}

	t.Run("RetryAfterIsTold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, status(429, "Retry-After", "7"))
		_, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
		var e *providers.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 7*time.Second, e.RetryAfter)
	})
}

// The customer is registered before anything that matters: when that is not clear,
// what was to follow was surely not done.
func TestClient_RegistrationFaultsStopWhatFollows(t *testing.T) {
	t.Parallel()

	faults := map[string]http.HandlerFunc{
		"500": status(500), "Closed": vendortest.HangUp(""), "HTML": says("<html></html>"), "NoToken": says(`{"login":"77020000000","state":"active"}`),
		"OtherUser": says(`{"login":"77029999999","userToken":"x"}`), "UnknownException": saysStatus(400, `{"code":1,"message":"X"}`),
	}
	for name, handle := range faults {
		for _, at := range []int{1, 3, 5} { // StartSaving, Charge, StartCard
			call := calls()[at]
			t.Run(name+" "+call.name, func(t *testing.T) {
				t.Parallel()
				v := vendortest.New(t, byPath(map[string]http.HandlerFunc{registrationPath: handle}))
				_, err := call.run(t.Context(), newClient(t, v.URL))
				var e *providers.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, providers.Unavailable, e.Kind)
				require.Equal(t, call.op, e.Op)
				requireNoSecret(t, err.Error())
				require.Len(t, v.Seen(), 1)
			})
		}
	}
}

func TestClient_EchoedSecretsAreNotTold(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, answer string }{
		{"InTheState", `{"state":"` + canaryToken + `","totalAmount":"1","regPayNum":"` + payment + `"}`},
		{"InsideAState", `{"state":"x_` + strings.ToLower(canarySecKey) + `","resultState":"` + canarySecKey + `"}`},
		{"InTheErrorCode", `{"state":"rejected","errorCode":"` + canarySecKey + `"}`},
		{"AsNumber", `{"regPayNum":"` + canarySecKey + `","methodType":"GET","payUrl":"https://bisys.kz/"}`},
		{"InBrokenJSON", `{"state":"` + canarySecKey + `" ` + canaryToken},
		{"InAnException", `{"code":17,"message":"` + canaryToken + ` ` + canarySecKey + `"}`},
		{"AsExceptionsNumber", `{"code":"` + canarySecKey + `","message":"ValidationException"}`},
	}
	for _, tt := range tests {
		for _, code := range []int{200, 400, 500} {
			for _, call := range calls() {
				t.Run(tt.name+" "+http.StatusText(code)+" "+call.name, func(t *testing.T) {
					t.Parallel()
					v := vendortest.New(t, badly(call, saysStatus(code, tt.answer)))
					result, err := call.run(t.Context(), newClient(t, v.URL))
					told := ""
					for cause := err; cause != nil; cause = errors.Unwrap(cause) {
						told += cause.Error()
					}
					r, _ := result.(providers.Result)
					told += r.RawStatus + r.ProviderRef
					requireNoSecret(t, told)
					require.True(t, err != nil || r.Status == providers.Declined && r.Decline.ProviderCode == "17", "%v", r)
				})
			}
		}
	}
	t.Run("KeyInTheAddressOfAPage", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"regPayNum":"1","methodType":"GET","payUrl":"https://bisys.kz/?k=`+canarySecKey+`","userToken":"u"}`))
		_, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
	})
}

func TestClient_NeverSent(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, says string
		transport  func(t *testing.T) http.RoundTripper
	}{
		{"NobodyListens", "refused", func(t *testing.T) http.RoundTripper {
			t.Helper()
			v := vendortest.NewStopped(says(""))
			require.NoError(t, v.Listener.Close())
			return &http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse("http://" + v.Listener.Addr().String()) }}
		}},
		{"NoSuchHost", "not resolved", func(*testing.T) http.RoundTripper {
			return vendortest.NoSuchHost()
		}},
	}
	for _, tt := range tests {
		for _, call := range calls() {
			t.Run(tt.name+" "+call.name, func(t *testing.T) {
				t.Parallel()
				deps := testDeps()
				deps.HTTP.Transport = tt.transport(t)
				c, err := New(testConfig("http://bisys.example"), deps)
				require.NoError(t, err)
				_, err = call.run(t.Context(), c)
				requireError(t, err, call.op, providers.Unavailable, "")
				require.ErrorContains(t, err, tt.says)
			})
		}
	}
	for _, call := range calls() {
		t.Run("CertificateNotTrusted "+call.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.NewStopped(says(""))
			v.Config.ErrorLog = log.New(io.Discard, "", 0)
			v.StartTLS()
			defer v.Close()
			_, err := call.run(t.Context(), newClient(t, v.URL))
			requireError(t, err, call.op, providers.Unavailable, "")
			require.ErrorContains(t, err, "certificate")
			require.Empty(t, v.Seen())
		})
		t.Run("CanceledBefore "+call.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(""))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := call.run(ctx, newClient(t, v.URL))
			requireError(t, err, call.op, providers.Unavailable, "")
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, v.Seen())
		})
	}
}

func TestClient_MayHaveBeenSent(t *testing.T) {
	t.Parallel()

	for _, call := range calls() {
		t.Run("Hangs "+call.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, badly(call, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := call.run(ctx, newClient(t, v.URL))
			requireError(t, err, call.op, call.doubtful(providers.Unavailable), "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("HangsInTheBody "+call.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, badly(call, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, success(r)[:20])
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			}))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := call.run(ctx, newClient(t, v.URL))
			requireError(t, err, call.op, call.doubtful(providers.Unavailable), "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("CanceledAfterSending "+call.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			v := vendortest.New(t, badly(call, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			}))
			_, err := call.run(ctx, newClient(t, v.URL))
			requireError(t, err, call.op, call.doubtful(providers.Unavailable), "")
			require.ErrorIs(t, err, context.Canceled)
		})
	}

	t.Run("PatienceHasAnEnd", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
			end, limited := r.Context().Deadline()
			require.True(t, limited)
			require.InDelta(t, 10*time.Second, time.Until(end), float64(5*time.Second))
			return nil, errors.New("lost " + canarySecKey)
		})
		c, err := New(testConfig(liveBase), deps)
		require.NoError(t, err)
		_, err = c.Start(context.Background(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
	})
}
