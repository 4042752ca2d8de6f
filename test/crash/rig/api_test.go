package rig

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answered asks a server that always gives one answer.
func answered(t *testing.T, status int, body string) (*Answer, error) {
	t.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(web.Close)
	return NewAPI(web.URL, 5*time.Second).Refresh(t.Context(), "token", "bill")
}

func TestAPI(t *testing.T) {
	t.Parallel()

	t.Run("PayloadIsRead", func(t *testing.T) {
		t.Parallel()
		answer, err := answered(t, 200, `{"data": {"answer": {"bill": {"id": "bill", "status": "PAID"}, "replayed": true, "errors": []}}}`)
		require.NoError(t, err)
		require.Equal(t, &Answer{Bill: &Bill{ID: "bill", Status: "PAID"}, Replayed: true, Errors: []UserError{}}, answer)
	})

	t.Run("TopLevelErrorsAreRefused", func(t *testing.T) {
		t.Parallel()
		_, err := answered(t, 200, `{"data": null, "errors": [{"extensions": {"code": "INTERNAL"}}]}`)
		var refused *RefusedError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, []string{"INTERNAL"}, refused.Codes)
	})

	lost := []struct {
		name   string
		status int
		body   string
	}{
		{name: "BrokenAnswerIsLost", status: 200, body: `{"data": {"ans`},
		{name: "ProxyPageIsLost", status: 502, body: `Bad Gateway`},
		{name: "ErrorStatusWithoutErrorsIsLost", status: 503, body: `{}`},
	}
	for _, tt := range lost {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := answered(t, tt.status, tt.body)
			require.ErrorIs(t, err, ErrLost)
		})
	}
}

func TestAnswer_IsFinal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		errors []UserError
		want   bool
	}{
		{name: "Done", want: true},
		{name: "Refused", errors: []UserError{{Code: "STATE_CONFLICT", Retry: "RETRY_NEW_KEY"}}, want: true},
		{name: "InDoubt", errors: []UserError{{Code: "PROVIDER_UNAVAILABLE", Retry: "DO_NOT_RETRY"}}, want: true},
		{name: "NotDone", errors: []UserError{{Code: "PROVIDER_UNAVAILABLE", Retry: "RETRY_SAME_KEY"}}, want: false},
		{name: "StillRunning", errors: []UserError{{Code: "IDEMPOTENCY_IN_FLIGHT"}}, want: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, (&Answer{Errors: tt.errors}).IsFinal())
		})
	}
}
