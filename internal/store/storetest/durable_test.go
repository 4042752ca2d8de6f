package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDurable(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		url  func(testing.TB) string
	}{
		{name: "SQLite", url: DurableSQLite},
		{name: "Postgres", url: DurablePostgres},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, Open(t, tt.url(t), &Clock{}).CheckDurable(t.Context()))
		})
	}
}
