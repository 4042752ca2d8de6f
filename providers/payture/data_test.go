package payture

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// The golden bodies were written by another program, in another language, from
// the documented rules: form encoding round "k=v;k=v" with escaped values.
func TestClient_InitOnTheWire(t *testing.T) {
	t.Parallel()

	full := providers.StartRequest{
		OrderNumber: order,
		Amount:      pay.Of(12480, pay.RUB),
		Description: " Чай; кофе\n+ торт = 100%\t& 😀 'x' (y)\u202e ",
		ReturnURL:   "https://shop.example/return/tok?a=1&b=%3B+c;d",
		NotifyURL:   "https://api.example/webhooks/payture/main",
		Payer:       providers.Payer{Email: "canary@mail.example", Phone: "+7 (900) 123-45-67", Locale: "ru-RU", IP: "2001:db8::7", Note: "x"},
	}
	tests := []struct {
		name     string
		twoStage bool
		template string
		request  providers.StartRequest
		want     string
	}{
		{"Full", false, "Dark", full, "init-request-full.golden"},
		{"Smallest", true, "", providers.StartRequest{OrderNumber: order, Amount: pay.Of(1, pay.RUB)}, "init-request-smallest.golden"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(golden(t, "init-duplicate.xml")))
			config := testConfig(v.URL)
			config.TwoStage, config.Template = tt.twoStage, tt.template
			c, err := New(config, testDeps())
			require.NoError(t, err)
			_, err = c.Start(t.Context(), tt.request)
			requireError(t, err, providers.OpStart, providers.Conflict, "DUPLICATE_ORDER_ID")
			require.Equal(t, golden(t, tt.want), v.Seen()[0].Body)
		})
	}
}

// readings are the ways in which the gateway is known to read Data after the
// form round it was decoded.
func readings(data string) map[string]map[string]string {
	split := func(s string, decode func(string) string) map[string]string {
		found := map[string]string{}
		for part := range strings.SplitSeq(s, ";") {
			key, value, _ := strings.Cut(part, "=")
			found[key] = decode(value)
		}
		return found
	}
	decode := func(s string) string {
		plain, err := url.QueryUnescape(s)
		if err != nil {
			return s
		}
		return plain
	}
	return map[string]map[string]string{
		"values":    split(data, decode),
		"the whole": split(decode(data), func(s string) string { return s }),
	}
}

func TestEncodeData_ReadsTheSameHoweverItIsDecoded(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		text := plainText(rapid.String().Draw(t, "text"), maxProduct)
		link, err := returnURL("https://shop.example/return?" + url.QueryEscape(rapid.String().Draw(t, "query")) + "&x=;y")
		require.NoError(t, err)
		data := encodeData([]pair{{"Empty", ""}, {"Product", text}, {"Url", link}, {"Last", "1"}})
		for _, got := range readings(data) {
			require.Equal(t, text, got["Product"])
			require.Equal(t, link, got["Url"])
			require.Equal(t, "1", got["Last"])
			require.NotContains(t, got, "Empty")
		}
	})
}

func TestClient_InitAmountsAreExact(t *testing.T) {
	t.Parallel()

	c, err := New(testConfig("https://sandbox3.payture.com"), testDeps())
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		r := startRequest()
		r.Amount.Amount = rapid.Int64Range(1, pay.MaxAmount).Draw(t, "amount")
		data, err := c.initData(r)
		require.NoError(t, err)
		got := readings(data)["values"]
		minor, ok := parseDigits(got["Amount"])
		require.True(t, ok)
		require.Equal(t, r.Amount.Amount, minor)
		total, err := pay.ParseDecimal(got["Total"], pay.RUB)
		require.NoError(t, err)
		require.Equal(t, r.Amount, total)
	})
}

func TestPlainText(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, in, want string }{
		{"Blank", " \t\r\n ", ""},
		{"SemicolonsAreCommas", "a;b;", "a,b,"},
		{"ControlsAreBlanks", "a\x00b\x1fc\u0085d", "a b c d"},
		{"BrokenUTF8Goes", "a\xff\xc3b", "ab"},
		{"DirectionMarksGo", "a\u202eb\u2066c", "abc"},
		{"JoinedEmojiStays", "👩\u200d🍳", "👩\u200d🍳"},
		{"LongIsCutAtACharacter", strings.Repeat("ж", 101), strings.Repeat("ж", 99) + "…"},
		{"LongestStays", strings.Repeat("😀", 100), strings.Repeat("😀", 100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, plainText(tt.in, maxProduct))
		})
	}
}

func TestPayerFields(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, got, want string }{
		{"Phone", phoneDigits("+79001234567"), "79001234567"},
		{"PhoneWithSemicolon", phoneDigits("+7900;1234567"), "79001234567"},
		{"PhoneTooShort", phoneDigits("+7900"), ""},
		{"PhoneTooLong", phoneDigits("+7900123456789012"), ""},
		{"PhoneOfWords", phoneDigits("call me"), ""},
		{"Russian", language("ru-RU"), "RU"},
		{"RussianOfPOSIX", language("RU_ru"), "RU"},
		{"English", language("en"), "EN"},
		{"Other", language("kk-KZ"), "EN"},
		{"NoLocale", language(""), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.got)
		})
	}
}
