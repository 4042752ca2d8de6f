package wire_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, url string) (wire.Answer, *wire.Failure) {
	t.Helper()
	return wire.Do(t.Context(), wire.Careful(&http.Client{}), wire.Request{Method: http.MethodPost, URL: url + "/pay", Body: []byte("amount=1")})
}

func TestDo(t *testing.T) {
	t.Parallel()

	t.Run("AnyStatusIsAnAnswer", func(t *testing.T) {
		t.Parallel()
		answer, failed := ask(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
			_, _ = w.Write([]byte("moved"))
		}))
		require.Nil(t, failed)
		require.Equal(t, http.StatusFound, answer.Status)
		require.Equal(t, "moved", string(answer.Body))
	})
	t.Run("RequestIsSentOnce", func(t *testing.T) {
		t.Parallel()
		seen := make(chan string, 10)
		url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			seen <- r.URL.Path
			panic(http.ErrAbortHandler)
		})
		_, failed := ask(t, url)
		require.NotNil(t, failed)
		require.False(t, failed.NeverSent)
		require.Equal(t, providers.Unknown, failed.OfWrite())
		require.Equal(t, providers.Unavailable, failed.OfRead())
		require.Len(t, seen, 1)
	})
	t.Run("RefusedConnectionIsSurelyNotSent", func(t *testing.T) {
		t.Parallel()
		closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.NoError(t, closed.Close())
		_, failed := ask(t, "http://"+closed.Addr().String()+"/secret-path")
		require.True(t, failed.NeverSent)
		require.Equal(t, providers.Unavailable, failed.OfWrite())
		require.NotContains(t, failed.Cause.Error(), "secret-path")
	})
	t.Run("CancelledContextSendsNothing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, failed := wire.Do(ctx, wire.Careful(&http.Client{}), wire.Request{Method: http.MethodGet, URL: "http://127.0.0.1:1/"})
		require.True(t, failed.NeverSent)
		require.ErrorIs(t, failed.Cause, context.Canceled)
	})
	t.Run("AnswerOverOneMebibyteIsNone", func(t *testing.T) {
		t.Parallel()
		_, failed := ask(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat("a", 1<<20+1)))
		}))
		require.NotNil(t, failed)
		require.Equal(t, providers.Malformed, failed.OfRead())
	})
}

func TestAnswer_Unexpected(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"SecondsAreTold", http.Header{"Retry-After": {"7"}}, 7 * time.Second},
		{"EndlessIsCut", http.Header{"Retry-After": {"999999"}}, time.Hour},
		{"NegativeIsNone", http.Header{"Retry-After": {"-1"}}, 0},
		{"DateIsNotRead", http.Header{"Retry-After": {"Wed, 21 Oct 2026 07:28:00 GMT"}}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			failed := wire.Answer{Status: http.StatusTooManyRequests, Header: test.header}.Unexpected()
			require.Equal(t, test.want, failed.RetryAfter)
			require.Equal(t, providers.RateLimited, failed.OfRead())
			require.Equal(t, providers.Unknown, failed.OfWrite())
		})
	}
}
