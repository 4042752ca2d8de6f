package scalar_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/scalar"
	"github.com/paygraph/paygraph/internal/pay"
)

// written is what gqlgen would put into the answer.
func written(m graphql.Marshaler) string {
	var buffer bytes.Buffer
	m.MarshalGQL(&buffer)
	return buffer.String()
}

// requireInvalid checks that err has the code for bad input and a fixed sentence,
// so that it cannot repeat a secret that somebody pasted into the wrong field.
func requireInvalid(t *testing.T, err error, sent any) {
	t.Helper()
	require.Equal(t, pay.CodeInvalid, pay.CodeOf(err), "%v", sent)
	require.NotContains(t, err.Error(), pasted)
}

// pasted stands for a secret in the wrong field.
const pasted = "sk_live_51H"

// badValues are of no use to any scalar that is written as text of a fixed form.
func badValues() []any {
	return []any{nil, pasted, 1, int64(1), 1.5, true, json.Number("1"), []any{"x"}, map[string]any{"a": "b"}}
}

func TestUnmarshalCurrency(t *testing.T) {
	t.Parallel()

	for _, code := range []string{"RUB", "KZT", "USD", "JPY", "XTR"} {
		c, err := scalar.UnmarshalCurrency(code)
		require.NoError(t, err, code)
		require.Equal(t, `"`+code+`"`, written(scalar.MarshalCurrency(c)))
	}
	for _, bad := range append(badValues(), "", "rub", "RU", "RUBB", "ZZZ", " RUB", "RUB\x00") {
		_, err := scalar.UnmarshalCurrency(bad)
		requireInvalid(t, err, bad)
	}
	require.Same(t, graphql.Null, scalar.MarshalCurrency(""))
}

func TestUnmarshalDuration(t *testing.T) {
	t.Parallel()

	for _, period := range []string{"P1M", "P1Y", "P1Y2M3D", "P7D", "PT30M", "PT1H", "P1DT12H", "PT1S"} {
		p, err := scalar.UnmarshalDuration(period)
		require.NoError(t, err, period)
		require.Equal(t, `"`+period+`"`, written(scalar.MarshalDuration(p)))
	}
	for _, bad := range append(badValues(), "", "P", "PT", "1M", "P-1M", "P1.5D", "P1M1Y", "PT1D", "p1m", "P99999999999999999999D") {
		_, err := scalar.UnmarshalDuration(bad)
		requireInvalid(t, err, bad)
	}
}

func TestUnmarshalDuration_KeepsTheCalendarPart(t *testing.T) {
	t.Parallel()

	p, err := scalar.UnmarshalDuration("P1M")
	require.NoError(t, err)
	require.Equal(t, pay.Period{Months: 1}, p)
}

func TestUnmarshalURL(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name    string
		address string
		valid   bool
	}{
		{"https", "https://shop.example/return?bill={orderid}#done", true},
		{"http", "http://127.0.0.1:8080/", true},
		{"no path", "https://shop.example", true},
		{"ipv6", "https://[::1]:8443/x", true},
		{"scheme in capitals", "HTTPS://shop.example/", true},
		{"longest", "https://shop.example/" + strings.Repeat("a", 2048-21), true},
		{"too long", "https://shop.example/" + strings.Repeat("a", 2048-20), false},
		{"empty", "", false},
		{"script", "javascript:alert(1)", false},
		{"data", "data:text/html,x", false},
		{"app scheme", "shop://return", false},
		{"no scheme", "//shop.example/", false},
		{"relative", "/return", false},
		{"opaque", "https:shop.example", false},
		{"no host", "https:///return", false},
		{"port only", "https://:443/", false},
		{"user", "https://shop.example@evil.example/", false},
		{"password", "https://a:b@evil.example/", false},
		{"backslash", `https://shop.example\@evil.example/`, false},
		{"line break", "https://shop.example/\r\nSet-Cookie: a=b", false},
		{"blank in front", " https://shop.example/", false},
		{"tab", "https://shop.exa\tmple/", false},
		{"not ascii", "https://shop.example/оплата", false},
		{"look-alike host", "https://ѕhop.example/", false},
		{"escaped host", "https://shop%2eexample/", false},
		{"odd host", "https://shop.example,evil.example/", false},
		{"port not a number", "https://shop.example:x/", false},
		{"port zero", "https://shop.example:0/", false},
		{"port too high", "https://shop.example:65536/", false},
		{"port empty", "https://shop.example:/", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			address, err := scalar.UnmarshalURL(tt.address)
			require.Equal(t, tt.valid, err == nil)
			require.Equal(t, tt.valid, address == tt.address && address != "")
		})
	}
	for _, bad := range badValues() {
		_, err := scalar.UnmarshalURL(bad)
		requireInvalid(t, err, bad)
	}
}

func TestMarshalURL(t *testing.T) {
	t.Parallel()

	require.Equal(t, `"https://shop.example/?a=1&b=2"`, written(scalar.MarshalURL("https://shop.example/?a=1&b=2")))
	require.Same(t, graphql.Null, scalar.MarshalURL(""))
}

func TestUnmarshalCursor(t *testing.T) {
	t.Parallel()

	for _, cursor := range []string{"", "MDFoNDU1dmI0cGV4", strings.Repeat("x", 512)} {
		got, err := scalar.UnmarshalCursor(cursor)
		require.NoError(t, err)
		require.Equal(t, cursor, got)
		require.Equal(t, `"`+cursor+`"`, written(scalar.MarshalCursor(got)))
	}
	for _, bad := range append(badValues()[2:], nil, strings.Repeat("x", 513), strings.Repeat(pasted, 100)) {
		_, err := scalar.UnmarshalCursor(bad)
		requireInvalid(t, err, bad)
	}
}

// FuzzText holds that whatever text is written, a JSON reader gets it back.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"", "plain", `"\`, "\x00\x1f\x7f", "\r\n\t", "Привет ⭐", "\xff\xc0half", "\u2028</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		require.NoError(t, json.Unmarshal([]byte(written(scalar.MarshalCursor(s))), &back))
		require.Equal(t, expandInvalid(s), back)
	})
}

// expandInvalid replaces each byte that is not UTF-8 by U+FFFD, one by one.
func expandInvalid(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func FuzzURL(f *testing.F) {
	for _, seed := range []string{"https://shop.example/", "http://[::1]:80/x?y#z", "https://a@b", "javascript:x", "https:\\\\evil"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		address, err := scalar.UnmarshalURL(s)
		accepted := err == nil
		require.Equal(t, accepted, address != "")
		require.Equal(t, accepted, address == s && s != "")
		require.False(t, accepted && strings.ContainsAny(s, " \r\n\t\\"))
	})
}
