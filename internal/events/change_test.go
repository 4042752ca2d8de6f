package events_test

import (
	"math"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/events"
)

func TestPosition_Encode(t *testing.T) {
	t.Parallel()

	for _, p := range []events.Position{{}, {Tx: 1}, {Seq: 1}, {Tx: 739, Seq: 12}, {Tx: math.MaxInt64, Seq: math.MaxInt64}} {
		cursor := p.Encode()
		require.Equal(t, url.QueryEscape(cursor), cursor)
		got, ok := events.DecodePosition(cursor)
		require.True(t, ok)
		require.Equal(t, p, got)
	}
}

func TestDecodePosition(t *testing.T) {
	t.Parallel()

	for _, cursor := range []string{
		"", "A", "AA", "AQ", "AQA", "AQAA!", "AQAA=", "AQAAAA", "AgAA", "AQCAAA", "AQD//////////38A",
		"AQD___________8B", "bill_01h455vb4pex5vsknk084sn02q", "\x00", "ж",
	} {
		_, ok := events.DecodePosition(cursor)
		require.False(t, ok, "%q", cursor)
	}
}

func FuzzDecodePosition(f *testing.F) {
	f.Add("AQAA")
	f.Add(events.Position{Tx: 739, Seq: 12}.Encode())
	f.Fuzz(func(t *testing.T, cursor string) {
		p, ok := events.DecodePosition(cursor)
		if ok {
			require.Equal(t, cursor, p.Encode())
			require.GreaterOrEqual(t, p.Tx, int64(0))
			require.GreaterOrEqual(t, p.Seq, int64(0))
		}
	})
}
