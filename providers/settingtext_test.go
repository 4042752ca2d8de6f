package providers_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func TestAddressMistakes(t *testing.T) {
	t.Parallel()

	const noAddress = "base URL: it is not an address such as https://shop.example"
	const noHTTPS = "base URL: it is not https, and plain http is for test mode only"
	tests := []struct {
		name, raw string
		test      bool
		host      string
		want      string // "<nil>" means that it is fine
	}{
		{"Live", "https://Pay.Example:8443/api", false, "pay.example", "<nil>"},
		{"Test", "https://pay.example", true, "pay.example", "<nil>"},
		{"PlainHTTPInTestMode", "http://127.0.0.1:8090/vendor", true, "127.0.0.1", "<nil>"},
		{"LivePlainHTTP", "http://pay.example", false, "pay.example", noHTTPS},
		{"OtherScheme", "ftp://pay.example", true, "pay.example", noHTTPS},
		{"Nothing", "", true, "", noAddress},
		{"Path", "/api", true, "", noAddress},
		{"User", "https://canary@pay.example", true, "", noAddress},
		{"Query", "https://pay.example?key=canary", true, "", noAddress},
		{"Fragment", "https://pay.example#canary", true, "", noAddress},
		{"NotToBeParsed", "https://canary\x7f", true, "", noAddress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			host, found := providers.AddressMistakes("base URL", tt.raw, "https://shop.example", tt.test)
			require.Equal(t, tt.host, host)
			require.Equal(t, tt.want, fmt.Sprint(errors.Join(found...)))
		})
	}
}

func TestShownURL(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, raw, want string }{
		{"HostAndPath", "https://pay.example:8443/api", "https://pay.example:8443/api"},
		{"WithoutWhatMayBeSecret", "https://user:canary@pay.example/api?key=canary#canary", "https://pay.example/api"},
		{"Nothing", "", ""},
		{"NotToBeParsed", "https://canary\x7f", "***"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, providers.ShownURL(tt.raw))
		})
	}
}

func TestHasOddRunes(t *testing.T) {
	t.Parallel()

	require.False(t, providers.HasOddRunes("key-Ключ_1:/=+"))
	require.False(t, providers.HasOddRunes(""))
	for _, odd := range []string{"a b", "key\n", "\tkey", "a\u00a0b", "a\x00", "a\u0085"} {
		require.True(t, providers.HasOddRunes(odd), "%q", odd)
	}
}
