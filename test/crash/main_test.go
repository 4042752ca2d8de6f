package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{name: "HelpListsTheModes", args: []string{"--help"}, code: 0, says: "storm"},
		{name: "ModeTellsItsFlags", args: []string{"kill", "--help"}, code: 0, says: "-payments"},
		{name: "UnknownModeIsMisuse", args: []string{"sleep"}, code: 2, says: "Modes:"},
		{name: "UnknownFlagIsMisuse", args: []string{"kill", "--gently"}, code: 2, says: "gently"},
		{name: "TwoServersOnSQLiteAreMisuse", args: []string{"--processes", "2"}, code: 2, says: "--db postgres"},
		{name: "UnknownDatabaseIsMisuse", args: []string{"storm", "--db", "paper"}, code: 2, says: "sqlite or postgres"},
		{name: "SQLiteCannotBeAway", args: []string{"outage", "--db", "sqlite"}, code: 2, says: "--db postgres"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.Equal(t, tt.code, run(t.Context(), tt.args, &out))
			require.Contains(t, out.String(), tt.says)
		})
	}
}
