package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/web"
	"github.com/paygraph/paygraph/providers"
)

const hook = "/webhooks/payture/payture-main"

// taking answers every notification so.
func taking(reply providers.Reply, err error) func(*edge) {
	return func(e *edge) {
		e.billing.notify = func(context.Context, string, string, providers.Notification) (providers.Reply, error) {
			return reply, err
		}
	}
}

func TestWebhook_IsTaken(t *testing.T) {
	t.Parallel()

	var provider, account string
	var got providers.Notification
	e := setup(t, func(e *edge) {
		e.billing.notify = func(_ context.Context, p, a string, n providers.Notification) (providers.Reply, error) {
			provider, account, got = p, a, n
			return providers.Reply{Status: http.StatusAccepted, ContentType: "text/xml", Body: []byte("<ok/>")}, nil
		}
	})
	a := e.send(t, http.MethodPost, hook+"?sign="+canary, "OrderId="+canary, "X-Signature", canary)
	require.Equal(t, http.StatusAccepted, a.status)
	require.Equal(t, "text/xml", a.header.Get("Content-Type"))
	require.Equal(t, "<ok/>", a.body)
	require.Equal(t, "payture", provider)
	require.Equal(t, "payture-main", account)
	require.Equal(t, "OrderId="+canary, string(got.Body))
	require.Equal(t, canary, got.Header.Get("X-Signature"))
	require.Equal(t, canary, got.Query.Get("sign"))
	e.noCanary(t, a)
	line := e.lines(t, "request")[0]
	require.Equal(t, "POST /webhooks/{provider}/{account}", line["route"])
	require.InEpsilon(t, http.StatusAccepted, line["status"], 0)
	require.InEpsilon(t, len("<ok/>"), line["bytes"], 0)
}

// The address of one order ends with what proves its notifications: nobody may read it
// in a log.
func TestWebhook_OrdersOwnAddress(t *testing.T) {
	t.Parallel()

	token := "0198c0ffee0000000000000abc." + canary
	t.Run("IsTakenAndTheTokenIsNeverLogged", func(t *testing.T) {
		t.Parallel()
		var account, body string
		e := setup(t, func(e *edge) {
			e.billing.notify = func(_ context.Context, _, a string, n providers.Notification) (providers.Reply, error) {
				account, body = a, string(n.Body)
				return providers.Reply{ContentType: "application/json", Body: []byte(`{"status":"ok"}`)}, nil
			}
		})
		a := e.send(t, http.MethodPost, "/webhooks/ktpay/ktpay-main/"+token, canary)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, "application/json", a.header.Get("Content-Type"))
		require.JSONEq(t, `{"status":"ok"}`, a.body)
		require.Equal(t, "ktpay-main/"+token, account)
		require.Equal(t, canary, body)
		e.noCanary(t, a)
		require.Equal(t, "POST /webhooks/{provider}/{account}/{token}", e.lines(t, "request")[0]["route"])
	})
	for name, refused := range map[string]error{
		"NorWhenItIsForged":  &providers.Error{Provider: "ktpay", Op: providers.OpWebhook, Kind: providers.Auth},
		"NorWhenThereIsNone": pay.NotFound("payment"),
		"NorWhenWeAreDown":   errors.New("read attempt: connection refused"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := setup(t, taking(providers.Reply{}, refused))
			a := e.send(t, http.MethodPost, "/webhooks/ktpay/ktpay-main/"+token, canary)
			require.GreaterOrEqual(t, a.status, http.StatusBadRequest)
			e.noCanary(t, a)
			require.Equal(t, "POST /webhooks/{provider}/{account}/{token}", e.lines(t, "request")[0]["route"])
		})
	}
	t.Run("NorWhenThePathIsLonger", func(t *testing.T) {
		t.Parallel()
		e := setup(t, taking(providers.Reply{Body: []byte(canary)}, nil))
		a := e.send(t, http.MethodPost, "/webhooks/ktpay/ktpay-main/"+token+"/more", canary)
		require.Equal(t, http.StatusNotFound, a.status)
		e.noCanary(t, a)
	})
	t.Run("NorWhenItIsAsked", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		a := e.send(t, http.MethodGet, "/webhooks/ktpay/ktpay-main/"+token, "")
		require.Equal(t, http.StatusMethodNotAllowed, a.status)
		e.noCanary(t, a)
	})
	t.Run("WithoutATokenItIsNone", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		a := e.send(t, http.MethodPost, "/webhooks/ktpay/ktpay-main/", canary)
		require.NotEqual(t, http.StatusOK, a.status)
		e.noCanary(t, a)
	})
}

func TestWebhook_Refusals(t *testing.T) {
	t.Parallel()

	failure := func(kind providers.Kind) error {
		return fmt.Errorf("parse: %w", &providers.Error{Provider: "payture", Op: providers.OpWebhook, Kind: kind})
	}
	tests := []struct {
		fact   string
		err    error
		status int
		logged int
	}{
		{"Forged", failure(providers.Auth), http.StatusUnauthorized, 1},
		{"Malformed", failure(providers.Malformed), http.StatusBadRequest, 1},
		{"UnknownAccount", pay.NotFound("provider account"), http.StatusNotFound, 0},
		{"AccountWithoutNotifications", pay.NotFound("provider account").Because(failure(providers.Unsupported)), http.StatusNotFound, 0},
		{"DatabaseOut", errors.New("store a notification: connection refused"), http.StatusServiceUnavailable, 1},
		{"TooOften", failure(providers.RateLimited), http.StatusServiceUnavailable, 1},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			t.Parallel()
			e := setup(t, taking(providers.Reply{}, tt.err))
			a := e.send(t, http.MethodPost, hook+"?"+canary, canary)
			require.Equal(t, tt.status, a.status)
			require.Len(t, e.lines(t, "a notification was refused"), tt.logged)
			e.noCanary(t, a)
		})
	}
}

func TestWebhook_Edges(t *testing.T) {
	t.Parallel()

	t.Run("AnEmptyReplyIsOK", func(t *testing.T) {
		t.Parallel()
		a := setup(t, taking(providers.Reply{}, nil)).send(t, http.MethodPost, hook, "")
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, "text/plain; charset=utf-8", a.header.Get("Content-Type"))
	})
	t.Run("OnlyPost", func(t *testing.T) {
		t.Parallel()
		a := setup(t, nil).send(t, http.MethodGet, hook, "")
		require.Equal(t, http.StatusMethodNotAllowed, a.status)
		require.Equal(t, "POST", a.header.Get("Allow"))
	})
	t.Run("OverTheCap", func(t *testing.T) {
		t.Parallel()
		e := setup(t, taking(providers.Reply{}, nil))
		require.Equal(t, http.StatusOK, e.send(t, http.MethodPost, hook, strings.Repeat("x", 256<<10)).status)
		require.Equal(t, http.StatusRequestEntityTooLarge, e.send(t, http.MethodPost, hook, strings.Repeat("x", 256<<10+1)).status)
		// Without a length it is seen only while it comes.
		a, err := e.trySend(http.MethodPost, hook, io.MultiReader(strings.NewReader(strings.Repeat("x", 256<<10+1))))
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	})
	t.Run("ABodyThatTricklesIsCut", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) { e.options.Timeouts = web.Timeouts{Notice: 50 * time.Millisecond} })
		conn := e.dial(t)
		_, err := io.WriteString(conn, "POST "+hook+" HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow")
		require.NoError(t, err)
		answered, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.Contains(t, string(answered), "HTTP/1.1 408 ")
	})
	t.Run("TheWorkGoesOnWhenTheProviderHangsUp", func(t *testing.T) {
		t.Parallel()
		begun, ended := make(chan context.Context, 1), make(chan error, 1)
		noticed := make(chan struct{})
		e := setup(t, func(e *edge) {
			e.billing.notify = func(ctx context.Context, _, _ string, _ providers.Notification) (providers.Reply, error) {
				<-noticed
				if _, bounded := ctx.Deadline(); !bounded {
					ended <- errors.New("the work has no end")
				}
				ended <- ctx.Err()
				return providers.Reply{}, nil
			}
		})
		outer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun <- r.Context()
			e.server.ServeHTTP(w, r)
		}))
		t.Cleanup(outer.Close)
		e.url = outer.URL
		conn := e.dial(t)
		_, err := io.WriteString(conn, "POST "+hook+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
		require.NoError(t, err)
		request := wait(t, begun)
		require.NoError(t, conn.Close())
		wait(t, request.Done())
		close(noticed)
		require.NoError(t, wait(t, ended))
	})
	t.Run("APanicIsAnAnswer", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) {
			e.billing.notify = func(_ context.Context, _, _ string, n providers.Notification) (providers.Reply, error) {
				panic(string(n.Body))
			}
		})
		a := e.send(t, http.MethodPost, hook, canary)
		require.Equal(t, http.StatusInternalServerError, a.status)
		require.Contains(t, a.body, a.header.Get("X-Request-Id"))
		require.Len(t, e.lines(t, "a panic was caught"), 1)
		e.noCanary(t, a)
	})
	t.Run("ManyAtOnce", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(e *edge) {
			e.billing.notify = func(_ context.Context, _, _ string, n providers.Notification) (providers.Reply, error) {
				return providers.Reply{Body: n.Body}, nil
			}
		})
		var group sync.WaitGroup
		for at := range 100 {
			group.Go(func() {
				body := fmt.Sprint("notice ", at)
				a, err := e.trySend(http.MethodPost, hook, strings.NewReader(body))
				require.NoError(t, err)
				require.Equal(t, body, a.body)
			})
		}
		group.Wait()
		require.Len(t, e.lines(t, "request"), 100)
	})
}
