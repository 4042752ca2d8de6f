package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/wire"
)

func TestOneLine(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, in string
		limit    int
		want     string
	}{
		{"Blank", " \t\r\n ", 10, ""},
		{"BlanksAreOne", "a\r\n b\t c\u00a0d", 10, "a b c d"},
		{"ControlsAreBlanks", "a\x00b\x1fc\u0085d", 10, "a b c d"},
		{"BrokenUTF8Goes", "a\xff\xc3b", 10, "ab"},
		{"DirectionMarksGo", "a\u202eb\u2066c", 10, "abc"},
		{"JoinedEmojiStays", "👩\u200d🍳", 10, "👩\u200d🍳"},
		{"LongestStays", "абвгдежзик", 10, "абвгдежзик"},
		{"LongIsCutAtACharacter", "абвгдежзикл", 10, "абвгдежзи…"},
		{"NoBlankBeforeTheCut", "абвгдежз икл", 10, "абвгдежз…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, wire.OneLine(tt.in, tt.limit))
		})
	}
}

func TestEmail(t *testing.T) {
	t.Parallel()

	require.Equal(t, "ana@mail.example", wire.Email("ana@mail.example"))
	for _, odd := range []string{"", "ana", "Ana <ana@mail.example>", `"a;b"@mail.example`, "a;b@mail.example", "ana@mail.example\n", strings.Repeat("a", 100) + "@mail.example"} {
		require.Empty(t, wire.Email(odd), odd)
	}
}

func TestIP(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, in, want string }{
		{"IPv4", "203.0.113.9", "203.0.113.9"},
		{"IPv4InIPv6", "::ffff:203.0.113.9", "203.0.113.9"},
		{"IPv6WithZone", "fe80::1%eth0", "fe80::1"},
		{"Words", "a;b", ""},
		{"Nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, wire.IP(tt.in))
		})
	}
}

func TestIsDigits(t *testing.T) {
	t.Parallel()

	require.True(t, wire.IsDigits("0123456789"))
	for _, other := range []string{"", "-1", "+1", "1.0", "1e2", " 1", "١", "a"} {
		require.False(t, wire.IsDigits(other), other)
	}
}

func TestIsAlphanumeric(t *testing.T) {
	t.Parallel()

	for _, r := range "09azAZ" {
		require.True(t, wire.IsAlphanumeric(r), "%q", r)
	}
	for _, r := range "/:@[`{-_ é١" {
		require.False(t, wire.IsAlphanumeric(r), "%q", r)
	}
}
