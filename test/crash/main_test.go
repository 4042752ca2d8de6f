package main

import (
	"bytes"
	"context"
	"io"
	"os"
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
		{name: "UnknownModeIsNamed", args: []string{"bogus"}, code: 2, says: "there is no mode bogus\n\nUsage:"},
		{name: "UnknownFlagIsMisuse", args: []string{"kill", "--gently"}, code: 2, says: "gently"},
		{name: "TwoServersOnSQLiteAreMisuse", args: []string{"--processes", "2"}, code: 2, says: "--db postgres"},
		{name: "UnknownDatabaseIsMisuse", args: []string{"storm", "--db", "paper"}, code: 2, says: "sqlite or postgres"},
		{name: "SQLiteCannotBeAway", args: []string{"outage", "--db", "sqlite"}, code: 2, says: "--db postgres"},
		{name: "NoServers", args: []string{"--processes", "0"}, code: 2, says: "--processes is"},
		{name: "NoClients", args: []string{"--clients", "-1"}, code: 2, says: "--clients is"},
		{name: "NoTimeToRest", args: []string{"--within", "0s"}, code: 2, says: "--within is"},
		{name: "NoTimeToWait", args: []string{"--limit", "-1s"}, code: 2, says: "--limit is"},
		{name: "KillOfNoPayments", args: []string{"kill", "--payments", "-5", "--kills", "0"}, code: 2, says: "--payments is"},
		{name: "FewerKillsThanNone", args: []string{"kill", "--kills", "-1"}, code: 2, says: "--kills is"},
		{name: "MoreLostThanSent", args: []string{"kill", "--drop", "1.1"}, code: 2, says: "--drop is"},
		{name: "NoShareAtAll", args: []string{"kill", "--drop", "NaN"}, code: 2, says: "--drop is"},
		{name: "RateBelowZero", args: []string{"kill", "--rate", "-1"}, code: 2, says: "--rate is"},
		{name: "KillOfAStrangeFlow", args: []string{"kill", "--flows", "barter"}, code: 2, says: `--flows has no "barter"`},
		{name: "RenewOfNoSubscriptions", args: []string{"renew", "--subscriptions", "0"}, code: 2, says: "--subscriptions is"},
		{name: "RenewWithFewerKillsThanNone", args: []string{"renew", "--kills", "-1"}, code: 2, says: "--kills is"},
		{name: "RenewLosesMoreThanSent", args: []string{"renew", "--drop", "2"}, code: 2, says: "--drop is"},
		{name: "StormOfNoNotices", args: []string{"storm", "--notices", "0"}, code: 2, says: "--notices is"},
		{name: "StormOverNoConnections", args: []string{"storm", "--connections", "0"}, code: 2, says: "--connections is"},
		{name: "StormOnNoBills", args: []string{"storm", "--bills", "0"}, code: 2, says: "--bills is"},
		{name: "OutageOfNoClients", args: []string{"outage", "--clients", "0"}, code: 2, says: "--clients is"},
		{name: "OutageThatEndsBefore", args: []string{"outage", "--for", "-1s"}, code: 2, says: "--for is"},
		{name: "OutageWithoutLoad", args: []string{"outage", "--after", "-1s"}, code: 2, says: "--after is"},
		{name: "OutageBackAtOnce", args: []string{"outage", "--back", "0s"}, code: 2, says: "--back is"},
		{name: "SimTellsOfThePoints", args: []string{"sim", "--help"}, code: 0, says: "-tags crashpoints"},
		{name: "SimOfNoDays", args: []string{"sim", "--days", "0"}, code: 2, says: "crash sim: --days is"},
		{name: "SimUnknownFlagIsMisuse", args: []string{"sim", "--gently"}, code: 2, says: "gently"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.Equal(t, tt.code, run(t.Context(), modes(), tt.args, &out))
			require.Contains(t, out.String(), tt.says)
		})
	}
}

// `| head` ends the run as an interrupt does, and leaves no server behind.
func TestRun_EndsWhenNobodyReads(t *testing.T) {
	t.Parallel()
	in, out, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, in.Close())
	defer func() { _ = out.Close() }()
	talks := mode{name: "talk", run: func(ctx context.Context, _ []string, out io.Writer) error {
		_, _ = io.WriteString(out, "to nobody\n")
		return context.Cause(ctx)
	}}
	require.Equal(t, 1, run(t.Context(), []mode{talks}, []string{"talk"}, out))
}
