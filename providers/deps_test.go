package providers_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestDeps_Mistakes(t *testing.T) {
	t.Parallel()

	clock := pay.ClockFunc(func() time.Time { return time.Time{} })
	tests := []struct {
		name string
		deps providers.Deps
		want string
	}{
		{"All", providers.Deps{HTTP: &http.Client{}, Clock: clock, Logger: slog.New(slog.DiscardHandler)}, ""},
		{"NoLogger", providers.Deps{HTTP: &http.Client{}, Clock: clock}, ""},
		{"NoHTTP", providers.Deps{Clock: clock}, "an HTTP client is needed"},
		{"NoClock", providers.Deps{HTTP: &http.Client{}}, "a clock is needed"},
		{"Nothing", providers.Deps{}, "an HTTP client is needed\na clock is needed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := errors.Join(tt.deps.Mistakes()...); err != nil {
				got = err.Error()
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestDeps_WithDefaults(t *testing.T) {
	t.Parallel()

	t.Run("WithoutLoggerItIsSilent", func(t *testing.T) {
		t.Parallel()
		deps := providers.Deps{}.WithDefaults()
		require.NotNil(t, deps.Logger)
		require.False(t, deps.Logger.Enabled(t.Context(), slog.LevelError))
	})
	t.Run("LoggerStays", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		given := slog.New(slog.NewTextHandler(&log, nil))
		require.Same(t, given, providers.Deps{Logger: given}.WithDefaults().Logger)
	})
}
