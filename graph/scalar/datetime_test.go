package scalar_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/scalar"
)

func TestUnmarshalDateTime(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		sent string
		want string
	}{
		{"utc", "2026-11-21T10:15:00Z", `"2026-11-21T10:15:00.000000Z"`},
		{"offset", "2026-11-21T13:15:00+03:00", `"2026-11-21T10:15:00.000000Z"`},
		{"offset into another day", "2026-11-21T02:00:00+05:45", `"2026-11-20T20:15:00.000000Z"`},
		{"microseconds", "2026-11-21T10:15:00.123456Z", `"2026-11-21T10:15:00.123456Z"`},
		{"finer is cut and not rounded", "2026-11-21T10:15:00.123456999Z", `"2026-11-21T10:15:00.123456Z"`},
		{"tenths", "2026-11-21T10:15:00.5Z", `"2026-11-21T10:15:00.500000Z"`},
		{"before 1970", "1955-11-05T06:15:00.000001Z", `"1955-11-05T06:15:00.000001Z"`},
		{"29 February", "2028-02-29T00:00:00Z", `"2028-02-29T00:00:00.000000Z"`},
		{"last", "9999-12-31T23:59:59.999999Z", `"9999-12-31T23:59:59.999999Z"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			at, err := scalar.UnmarshalDateTime(tt.sent)
			require.NoError(t, err)
			require.Equal(t, time.UTC, at.Location())
			require.Equal(t, tt.want, written(scalar.MarshalDateTime(at)))
		})
	}
}

func TestUnmarshalDateTime_Refuses(t *testing.T) {
	t.Parallel()

	refused := []any{
		"", "now", "2026-11-21", "10:15:00", "2026-11-21T10:15:00", "2026-11-21 10:15:00Z", "2026-11-21T10:15Z",
		"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T10:60:00Z", "2026-11-21T1:15:00Z",
		"2026-11-21T10:15:00,5Z", "2026-11-21T10:15:00+3:00", "2026-11-21T10:15:00+0300", "2026-11-21T10:15:00+24:00",
		"2026-11-21T10:15:00Zjunk", "12026-11-21T10:15:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2026-11-21T10:15:00.00000000000000000000000000000000000001Z",
	}
	for _, sent := range append(refused, badValues()...) {
		_, err := scalar.UnmarshalDateTime(sent)
		requireInvalid(t, err, sent)
	}
}

func TestMarshalDateTime(t *testing.T) {
	t.Parallel()

	moscow := time.FixedZone("MSK", 3*60*60)
	require.Equal(t, `"2026-11-21T10:15:00.000001Z"`, written(scalar.MarshalDateTime(time.Date(2026, 11, 21, 13, 15, 0, 1999, moscow))))
	require.Same(t, graphql.Null, scalar.MarshalDateTime(time.Time{}))
	require.Same(t, graphql.Null, scalar.MarshalDateTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)))
}

// FuzzDateTime holds that what is taken comes back as the same instant.
func FuzzDateTime(f *testing.F) {
	for _, seed := range []string{"2026-11-21T10:15:00Z", "2026-11-21T13:15:00.123456789+03:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00Z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := scalar.UnmarshalDateTime(s)
		if err != nil {
			return
		}
		answer := written(scalar.MarshalDateTime(at))
		require.Len(t, answer, len(`"2006-01-02T15:04:05.000000Z"`))
		again, err := scalar.UnmarshalDateTime(answer[1 : len(answer)-1])
		require.NoError(t, err)
		require.True(t, at.Equal(again))
	})
}

func BenchmarkMarshalDateTime(b *testing.B) {
	at := time.Date(2026, 11, 21, 10, 15, 0, 123456000, time.UTC)
	var buffer bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buffer.Reset()
		scalar.MarshalDateTime(at).MarshalGQL(&buffer)
	}
}

func BenchmarkUnmarshalDateTime(b *testing.B) {
	var sent any = "2026-11-21T10:15:00.123456Z"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := scalar.UnmarshalDateTime(sent); err != nil {
			b.Fatal(err)
		}
	}
}
