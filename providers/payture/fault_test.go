package payture

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

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

// success is a good answer to any command.
func success(r *http.Request) string {
	command := strings.TrimPrefix(r.URL.Path, "/apim/")
	return `<` + command + ` Success="True" OrderId="` + order + `" Amount="12480" NewAmount="0" State="Charged" SessionId="3d0ac9a5" />`
}

func TestClient_Faults(t *testing.T) {
	t.Parallel()

	const unavailable, malformed = providers.Unavailable, providers.Malformed
	tests := []struct {
		name   string
		handle http.HandlerFunc
		read   providers.Kind // of Sync; every write is Unknown
	}{
		{"500", status(500), unavailable},
		{"502", status(502), unavailable},
		{"503", status(503, "Retry-After", "5"), unavailable},
		{"429", status(429, "Retry-After", "7"), providers.RateLimited},
		{"400", status(400), malformed},
		{"403", status(403), malformed},
		{"201", status(201), malformed},
		{"204", status(204), malformed},
		{"Redirect301", status(301, "Location", "/apim/elsewhere"), malformed},
		{"Redirect302", status(302, "Location", "https://login.example/?next=x"), malformed},
		{"Redirect307", status(307, "Location", "/apim/elsewhere"), malformed},
		{"Empty", says(""), malformed},
		{"Blank", says(" \r\n "), malformed},
		{"HTML", says(`<!DOCTYPE html><html><head><title>Login</title></head><body>Success="True"</body></html>`), malformed},
		{"HTMLWithoutType", says(`<html><body><p>Success</p></body></html>`), malformed},
		{"JSON", says(`{"Success":true}`), malformed},
		{"Text", says(`Success=True`), malformed},
		{"CutInAnAttribute", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)[:40]) }, malformed},
		{"CutBeforeTheEnd", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.TrimSuffix(success(r), "/>")+">")
		}, malformed},
		{"HalfABody", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "400")
			_, _ = io.WriteString(w, success(r))
		}, malformed},
		{"TenMegabytes", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, success(r))
			_, _ = w.Write(bytes.Repeat([]byte(" "), 10<<20))
		}, malformed},
		{"TwoElements", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)+success(r)) }, malformed},
		{"TextAfterwards", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, success(r)+"warning") }, malformed},
		{"AnotherCommand", says(`<Ping Success="True"/>`), malformed},
		{"EntityBomb", says(`<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><GetState Success="&b;"/>`), malformed},
		{"UnknownEntity", says(`<GetState Success="&x;"/>`), malformed},
		{"BadUTF8", says("<GetState Success=\"\xff\"/>"), malformed},
		{"AttributeTwice", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Replace(success(r), ` OrderId`, ` success="False" OrderId`, 1))
		}, malformed},
		{"ClosedWithoutAnswer", vendortest.HangUp(""), unavailable},
		{"ClosedInTheHeader", vendortest.HangUp("HTTP/1.1 200 OK\r\nContent-"), unavailable},
		{"NotHTTP", vendortest.HangUp("SSH-2.0-OpenSSH " + canaryKey + "\r\n\r\n"), unavailable},
	}
	for _, tt := range tests {
		for op, call := range calls() {
			t.Run(tt.name+" "+string(op), func(t *testing.T) {
				t.Parallel()
				want := map[bool]providers.Kind{true: tt.read, false: providers.Unknown}[op == providers.OpSync]
				v := vendortest.New(t, tt.handle)
				result, err := call(t.Context(), newClient(t, v.URL, true))
				requireError(t, err, op, want, "")
				require.ErrorContains(t, err, order)
				require.Zero(t, result)
				require.Len(t, v.Seen(), 1)
			})
		}
	}

	t.Run("RetryAfterIsTold", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, status(429, "Retry-After", "7"))
		_, err := newClient(t, v.URL, true).Sync(t.Context(), providers.Ref{OrderNumber: order})
		var e *providers.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, 7*time.Second, e.RetryAfter)
	})
}

func TestClient_EchoedSecretsAreNotTold(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, answer string }{
		{"InTheCode", `<%s Success="False" ErrCode="` + canaryKey + `"/>`},
		{"InsideACode", `<%s Success="False" ErrCode="BAD_` + strings.ToLower(canaryPassword) + `"/>`},
		{"AsAttribute", `<%s Success="x" Key="` + canaryKey + `"/>`},
		{"InTheState", `<%s Success="True" OrderId="` + order + `" State="Rejected(` + canaryKey + `)"/>`},
		{"InBrokenXML", `<%s Success="True" ` + canaryKey + `&` + canaryPassword + `;`},
	}
	for _, tt := range tests {
		for op, call := range calls() {
			t.Run(tt.name+" "+string(op), func(t *testing.T) {
				t.Parallel()
				v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, strings.Replace(tt.answer, "%s", strings.TrimPrefix(r.URL.Path, "/apim/"), 1))
				})
				result, err := call(t.Context(), newClient(t, v.URL, true))
				require.Error(t, err)
				require.Zero(t, result)
				for cause := err; cause != nil; cause = errors.Unwrap(cause) {
					requireNoSecret(t, cause.Error())
				}
			})
		}
	}
}

func TestClient_NeverSent(t *testing.T) {
	t.Parallel()

	t.Run("NobodyListens", func(t *testing.T) {
		t.Parallel()
		v := vendortest.NewStopped(says(""))
		base := "http://" + v.Listener.Addr().String()
		require.NoError(t, v.Listener.Close())
		for op, call := range calls() {
			_, err := call(t.Context(), newClient(t, base, true))
			requireError(t, err, op, providers.Unavailable, "")
		}
	})
	t.Run("NoSuchHost", func(t *testing.T) {
		t.Parallel()
		config, deps := testConfig("https://sandbox3.payture.com"), testDeps()
		config.TwoStage = true
		deps.HTTP.Transport = vendortest.NoSuchHost()
		c, err := New(config, deps)
		require.NoError(t, err)
		for op, call := range calls() {
			_, err := call(t.Context(), c)
			requireError(t, err, op, providers.Unavailable, "")
			require.ErrorContains(t, err, "not resolved")
		}
	})
	t.Run("CertificateNotTrusted", func(t *testing.T) {
		t.Parallel()
		v := vendortest.NewStopped(says(""))
		v.Config.ErrorLog = log.New(io.Discard, "", 0)
		v.StartTLS()
		defer v.Close()
		for op, call := range calls() {
			_, err := call(t.Context(), newClient(t, v.URL, true))
			requireError(t, err, op, providers.Unavailable, "")
			require.ErrorContains(t, err, "certificate")
		}
		require.Empty(t, v.Seen())
	})
	t.Run("TimeEndedWhileDialling", func(t *testing.T) {
		t.Parallel()
		config, deps := testConfig("https://sandbox3.payture.com"), testDeps()
		config.TwoStage = true
		deps.HTTP.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		c, err := New(config, deps)
		require.NoError(t, err)
		for op, call := range calls() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			_, err := call(ctx, c)
			requireError(t, err, op, providers.Unavailable, "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	})
	t.Run("CanceledBefore", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(golden(t, "init-success.xml")))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for op, call := range calls() {
			_, err := call(ctx, newClient(t, v.URL, true))
			requireError(t, err, op, providers.Unavailable, "")
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Empty(t, v.Seen())
	})
}

func TestClient_MayHaveBeenSent(t *testing.T) {
	t.Parallel()

	kindOf := map[providers.Op]providers.Kind{
		providers.OpStart: providers.Unknown, providers.OpCapture: providers.Unknown, providers.OpVoid: providers.Unknown, providers.OpRefund: providers.Unknown, providers.OpSync: providers.Unavailable,
	}
	for op, call := range calls() {
		t.Run("Hangs "+string(op), func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := call(ctx, newClient(t, v.URL, true))
			requireError(t, err, op, kindOf[op], "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("HangsInTheBody "+string(op), func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, success(r)[:30])
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := call(ctx, newClient(t, v.URL, true))
			requireError(t, err, op, kindOf[op], "")
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		t.Run("CanceledAfterSending "+string(op), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			v := vendortest.New(t, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			_, err := call(ctx, newClient(t, v.URL, true))
			requireError(t, err, op, kindOf[op], "")
			require.ErrorIs(t, err, context.Canceled)
		})
		t.Run("HangsOverHTTP2 "+string(op), func(t *testing.T) {
			t.Parallel()
			protocol := make(chan int, 1)
			v := vendortest.NewStopped(func(_ http.ResponseWriter, r *http.Request) {
				protocol <- r.ProtoMajor
				<-r.Context().Done()
			})
			v.EnableHTTP2 = true
			v.StartTLS()
			defer v.Close()
			config, deps := testConfig(v.URL), testDeps()
			config.TwoStage = true
			deps.HTTP = v.Client()
			c, err := New(config, deps)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			_, err = call(ctx, c)
			requireError(t, err, op, kindOf[op], "")
			require.Equal(t, 2, <-protocol)
		})
		t.Run("TransportThatTellsNothing "+string(op), func(t *testing.T) {
			t.Parallel()
			config, deps := testConfig("https://sandbox3.payture.com"), testDeps()
			config.TwoStage = true
			deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
				body, _ := io.ReadAll(r.Body)
				return nil, errors.New("lost " + string(body))
			})
			c, err := New(config, deps)
			require.NoError(t, err)
			_, err = call(t.Context(), c)
			requireError(t, err, op, kindOf[op], "")
		})
	}

	t.Run("PatienceHasAnEnd", func(t *testing.T) {
		t.Parallel()
		deps := testDeps()
		deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
			end, limited := r.Context().Deadline()
			require.True(t, limited)
			require.InDelta(t, 10*time.Second, time.Until(end), float64(5*time.Second))
			return nil, io.EOF
		})
		c, err := New(testConfig("https://sandbox3.payture.com"), deps)
		require.NoError(t, err)
		_, err = c.Start(context.Background(), startRequest())
		requireError(t, err, providers.OpStart, providers.Unknown, "")
	})
}

// A server may close an idle connection while a request is on its way. Once a
// byte was written nobody can tell whether it was read, so the request must not
// be sent a second time, and what became of it is unknown.
func TestClient_ReusedConnectionThatDies(t *testing.T) {
	t.Parallel()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	requests := make(chan string, 10)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(requests)
				return
			}
			reader := bufio.NewReader(conn)
			for turn := range 2 {
				r, err := http.ReadRequest(reader)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, r.Body)
				requests <- r.URL.Path
				if turn == 0 {
					body := `<Charge Success="True" OrderId="` + order + `" Amount="12480"/>`
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
				}
			}
			_ = conn.Close()
		}
	}()
	c := newClient(t, "http://"+listener.Addr().String(), true)
	capture := calls()[providers.OpCapture]

	_, err = capture(t.Context(), c)
	require.NoError(t, err)
	_, err = capture(t.Context(), c)
	requireError(t, err, providers.OpCapture, providers.Unknown, "")
	require.NoError(t, listener.Close())
	var seen []string
	for path := range requests {
		seen = append(seen, path)
	}
	require.Equal(t, []string{"/apim/Charge", "/apim/Charge"}, seen)
}
