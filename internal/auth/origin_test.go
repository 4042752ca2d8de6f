package auth_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
)

// registered are the origins of the merchant in these tests.
func registered() []string {
	return []string{
		"https://shop.example", "https://shop.example:8443", "http://localhost:3000", "https://xn--e1afmkfd.xn--p1ai",
		"http://127.0.0.1:8080", "https://[2001:db8::1]",
	}
}

func TestReturnURL(t *testing.T) {
	t.Parallel()

	tests := []struct{ raw, want string }{
		{"https://shop.example", "https://shop.example"},
		{"https://shop.example/", "https://shop.example/"},
		{"https://shop.example/thanks?bill=1&ok=a%20b#done", "https://shop.example/thanks?bill=1&ok=a%20b#done"},
		{"https://shop.example?done=1", "https://shop.example?done=1"},
		{"https://shop.example#/done", "https://shop.example#/done"},
		{"HTTPS://SHOP.Example/Thanks", "https://shop.example/Thanks"},
		{"https://shop.example:443/thanks", "https://shop.example/thanks"},
		{"https://shop.example:8443/", "https://shop.example:8443/"},
		{"https://shop.example/?next=https://evil.example/", "https://shop.example/?next=https://evil.example/"},
		{"https://shop.example/@evil.example", "https://shop.example/@evil.example"},
		{"https://shop.example/a/../b", "https://shop.example/a/../b"},
		{"http://localhost:3000/back", "http://localhost:3000/back"},
		{"http://127.0.0.1:8080/back", "http://127.0.0.1:8080/back"},
		{"https://[2001:db8::1]/back", "https://[2001:db8::1]/back"},
		{"https://xn--e1afmkfd.xn--p1ai/", "https://xn--e1afmkfd.xn--p1ai/"},
	}
	for _, tt := range tests {
		t.Run(tt.raw, func(t *testing.T) {
			got, err := auth.ReturnURL(tt.raw, registered())
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// URLs that some reader takes for the shop's and another for somebody else's.
func TestReturnURL_Tricks(t *testing.T) {
	t.Parallel()

	unregistered := []string{
		"http://shop.example/",                  // another scheme
		"https://shop.example:444/",             // another port
		"https://shop.example:80/",              // the other scheme's port
		"http://localhost:3001/",                // another port
		"http://localhost/",                     // no port
		"https://localhost:3000/",               // another scheme
		"https://evil.example/",                 // somebody else
		"https://evil.example/shop.example",     // the name in the path
		"https://evil.example?shop.example",     // in the query
		"https://evil.example#shop.example",     // in the fragment
		"https://evil.example/@shop.example",    // behind a path
		"https://evil.example?@shop.example/",   // behind a query
		"https://evil.example#@shop.example/",   // behind a fragment
		"https://shop.example.evil.example/",    // as a subdomain
		"https://evil.shop.example/",            // a subdomain of the shop
		"https://www.shop.example/",             // likewise
		"https://evilshop.example/",             // as a suffix
		"https://shop.examplee/",                // as a prefix
		"https://shop-example/",                 // another character for the dot
		"https://shopxexample/",                 // the dot as a pattern
		"https://example/",                      // the parent
		"https://xn--shp-1na.example/",          // looks alike in punycode
		"http://127.0.0.1/",                     // no port
		"http://127.0.0.2:8080/",                // another address
		"https://[2001:db8::2]/",                // another address
		"https://[::1]/",                        // this machine
		"http://169.254.169.254/latest",         // a cloud's own address
		"https://shop.example:65535/",           // another port
		"https://e1afmkfd.xn--p1ai/",            // without the mark
		"http://shop.example:443/",              // another scheme on the port
		"https://evil.example:443/shop.example", // all together
	}
	for _, raw := range unregistered {
		t.Run(raw, func(t *testing.T) { requireNoReturn(t, raw, "return_url.origin_not_registered") })
	}

	malformed := []string{
		"", " ", "/", "//", "thanks", "/thanks", "?a", "#a", ".", "..",
		"//shop.example/", "///shop.example/", "////shop.example", `\\shop.example`, `/\shop.example`, `\/\/shop.example`,
		"https:", "https:/", "https://", "https:///", "https:shop.example", "https:/shop.example", "https:///shop.example/",
		"https:////shop.example/", `https:\\shop.example\`, `https:/\shop.example`, `https://\shop.example`, "https//shop.example/",
		"shop.example", "shop.example:443/", "https://?a", "https://#a", "https://:443/", "https://@/",
		"javascript:alert(1)", "JAVASCRIPT:alert(1)", "javascript://shop.example/%0aalert(1)", "java\tscript:alert(1)", " javascript:alert(1)",
		"\x01javascript:alert(1)", "data:text/html,x", "data://shop.example/", "vbscript:x", "blob:https://shop.example/1", "filesystem:https://shop.example/x",
		"file:///etc/passwd", "file://shop.example/", "ftp://shop.example/", "ws://shop.example/", "wss://shop.example/", "about:blank",
		"view-source:https://shop.example/", "intent://shop.example/#Intent;end", "myapp://shop.example/", "feed:https://shop.example/",
		"httpss://shop.example/", "xhttps://shop.example/", "https+x://shop.example/", "h\nttps://shop.example/", "https\x00://shop.example/",
		"https://user@shop.example/", "https://user:pass@shop.example/", "https://shop.example@evil.example/", "https://shop.example:443@evil.example/",
		"https://shop.example%40evil.example/", "https://shop.example%2f@evil.example/", "https://shop.example%2f.evil.example/", "https://@shop.example/",
		"https://:@shop.example/", "https://evil.example@shop.example/", `https://evil.example\@shop.example/`, `https://shop.example\@evil.example/`,
		`https://shop.example\.evil.example/`, `https://evil.example\.shop.example/`, `https://shop.example\evil`, `https://shop.example/\evil.example`,
		"https://shop.example/ evil", " https://shop.example/", "https://shop.example/ ", "\thttps://shop.example/", "https://shop.example/\t",
		"https://shop.example/\n", "https://shop.example/\r\nLocation: https://evil.example", "https://shop\t.example/", "https://shop\n.example/",
		"https://shop.example\x00.evil.example/", "https://shop.example/\x7f", "https://shop.example\u00a0/", "\ufeffhttps://shop.example/",
		"https://shop.example//evil.example", "https://shop.example//", "https://shop.example///", "https://shop.example//%2fevil.example",
		"https://shop.example./", "https://.shop.example/", "https://shop..example/", "https://./", "https://../", "https://-shop.example/", "https://shop-.example/",
		"https://shop_example/", "https://*.example/", "https://*/", "https://shop.example,evil.example/", "https://shop.example;evil.example/",
		"https://shop.example&evil.example/", "https://shop.example'/", "https://shop.example(x)/", "https://shop.example!/", "https://$shop.example/",
		"https://shop%2eexample/", "https://%73hop.example/", "https://shop.example%00/", "https://shop.example%", "https://shop.example/%", "https://shop.example/%zz", "https://shop.example/?a=%2",
		"https://shop.example:/", "https://shop.example:0/", "https://shop.example:00443/", "https://shop.example:+443/", "https://shop.example:-1/",
		"https://shop.example:65536/", "https://shop.example:443:443/", "https://shop.example:https/", "https://shop.example:443x/", "https://shop.example:4 43/",
		"https://shop\u3002example/", "https://shop\uff0eexample/", "https://shop.ex\u00adample/", "https://ѕhop.example/", "https://shop.example\u2044evil.example/",
		"https://пример.рф/", "https://shop.example\uff0f@evil.example/", "https://shop.example\u2100.evil.example/", "https://shop.example/спасибо",
		"http://2130706433:8080/", "http://0x7f000001:8080/", "http://0177.0.0.1:8080/", "http://127.1:8080/", "http://127.0.0.1.:8080/", "http://0x7f.1/",
		"http://127.0.0.01:8080/", "http://127.0.0.256/", "http://shop.0x1/", "http://shop.example.1/", "http://shop.0x/",
		"https://[2001:db8::1/", "https://2001:db8::1]/", "https://[2001:DB8:0::1]/", "https://[2001:db8:0:0::1]/", "https://[::ffff:127.0.0.1]/",
		"https://[fe80::1%25eth0]/", "https://[shop.example]/", "https://[]/", "https://[2001:db8::1]evil/", "https://[2001:db8::1]:/", "https://[v1.x]/",
		"https://shop.example/<script>", `https://shop.example/"onload=`, "https://shop.example/`", "https://shop.example/{x}", "https://shop.example/a|b", "https://shop.example/^",
		"null", "undefined", "https://shop.example/" + strings.Repeat("a", 2048), "https://" + strings.Repeat("a", 64) + ".example/",
		"https://" + strings.Repeat("a.", 127) + "example/",
	}
	for _, raw := range malformed {
		t.Run(raw, func(t *testing.T) { requireNoReturn(t, raw, "return_url.malformed") })
	}

	t.Run("NoOriginsNoReturn", func(t *testing.T) {
		_, err := auth.ReturnURL("https://shop.example/", nil)
		require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
	})
}

func requireNoReturn(t *testing.T, raw, key string) {
	t.Helper()
	got, err := auth.ReturnURL(raw, registered())
	var refusal *pay.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, pay.CodeInvalid, refusal.Code)
	require.Equal(t, key, refusal.Key)
	require.Equal(t, []string{"returnUrl"}, refusal.Path)
	require.Empty(t, got)
}

func TestNormalOrigin(t *testing.T) {
	t.Parallel()

	tests := []struct{ raw, want string }{
		{"https://shop.example", "https://shop.example"},
		{"https://shop.example/", "https://shop.example"},
		{"HTTPS://Shop.Example:443", "https://shop.example"},
		{"http://shop.example:80/", "http://shop.example"},
		{"https://shop.example:80", "https://shop.example:80"},
		{"http://localhost:3000", "http://localhost:3000"},
		{"http://[::1]:3000", "http://[::1]:3000"},
		{"https://123.shop.example", "https://123.shop.example"},
	}
	for _, tt := range tests {
		t.Run(tt.raw, func(t *testing.T) {
			got, err := auth.NormalOrigin(tt.raw)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			again, err := auth.NormalOrigin(got)
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}

	for _, raw := range []string{
		"", "*", "null", "shop.example", "https://", "https://shop.example/thanks", "https://shop.example//", "https://shop.example?", "https://shop.example#",
		"https://*.shop.example", "https://user@shop.example", "https://пример.рф", "ftp://shop.example", "https://shop.example https://evil.example",
		"https://shop.example,https://evil.example", "https://shop.example.", "https://shop.example:0",
	} {
		t.Run("Refused/"+raw, func(t *testing.T) {
			_, err := auth.NormalOrigin(raw)
			require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
		})
	}
}

// Whatever is let through is read by Go's parser as a page of the one origin
// that is registered, and carries nothing that a header could not.
func FuzzReturnURL(f *testing.F) {
	for _, raw := range []string{
		"https://shop.example/thanks?a=b#c", "https://shop.example@evil.example/", `https://shop.example\@evil.example`,
		"https://shop.example:443//x", "HTTPS://shop.example:443", "https://shop.example%2f@evil.example", "javascript:alert(1)//https://shop.example",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := auth.ReturnURL(raw, []string{"https://shop.example"})
		if err != nil {
			require.Equal(t, pay.CodeInvalid, pay.CodeOf(err))
			return
		}
		u, err := url.Parse(got)
		require.NoError(t, err)
		require.Equal(t, "https", u.Scheme)
		require.Equal(t, "shop.example", u.Host)
		require.Nil(t, u.User)
		require.NotContains(t, got, `\`)
		require.False(t, strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f }))
		again, err := auth.ReturnURL(got, []string{"https://shop.example"})
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
