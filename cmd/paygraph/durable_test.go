package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// A server that moves real money does not start on a database that may forget what
// it has acknowledged.
func TestServe_Durable(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		url  func(testing.TB) string
		mode config.Mode
		want require.ErrorAssertionFunc
	}{
		{name: "SQLite", url: storetest.DurableSQLite, mode: config.Live, want: require.NoError},
		{name: "SQLiteThatForgets", url: storetest.SQLite, mode: config.Live, want: mayForget},
		{name: "Postgres", url: storetest.DurablePostgres, mode: config.Live, want: require.NoError},
		{name: "PostgresThatForgets", url: storetest.MigratedPostgres, mode: config.Live, want: mayForget},
		{name: "TestMoneyMayBeForgotten", url: storetest.SQLite, mode: config.Test, want: require.NoError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want(t, opens(t, &config.Serve{DatabaseURL: config.Secret(tt.url(t)), Mode: tt.mode}))
		})
	}
}

// opens opens and closes the database as serve does.
func opens(t *testing.T, c *config.Serve) error {
	t.Helper()
	s, err := openServeStore(t.Context(), c)
	if err != nil {
		return err
	}
	return s.Close()
}

func mayForget(t require.TestingT, err error, _ ...any) {
	require.ErrorContains(t, err, "when the power fails")
}
