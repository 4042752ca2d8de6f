package payture

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestReadReply(t *testing.T) {
	t.Parallel()

	read := []struct{ name, body string }{
		{"AsRecorded", `<Charge Success="True" OrderId="o" Amount="1" />`},
		{"OtherOrderOfAttributes", `<Charge Amount="1" OrderId="o" Success="True" />`},
		{"OtherCase", `<charge SUCCESS="true" orderid="o" AMOUNT="1"/>`},
		{"SingleQuotes", `<Charge Success='TRUE' OrderId='o' Amount='1'/>`},
		{"NewAttributes", `<Charge Success="True" Fresh="x&amp;y" OrderId="o" Amount="1" Note="&lt;"/>`},
		{"Children", `<Charge Success="True" OrderId="o" Amount="1"><AddInfo Key="Success" Value="False"/><Item Amount="9"/></Charge>`},
		{"TextInside", `<Charge Success="True" OrderId="o" Amount="1">hello</Charge>`},
		{"Declaration", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Charge Success=\"True\" OrderId=\"o\" Amount=\"1\" />\r\n"},
		{"ByteOrderMark", "\ufeff<Charge Success=\"True\" OrderId=\"o\" Amount=\"1\" />"},
		{"Comments", `<!-- a --><Charge Success="True" OrderId="o" Amount="1" /><!-- b -->`},
		{"BlanksInValues", `<Charge Success=" True " OrderId=" o " Amount=" 1 "/>`},
		{"Namespaces", `<x:Charge xmlns:x="urn:x" xmlns="urn:y" x:Success="False" Success="True" OrderId="o" Amount="1"/>`},
	}
	for _, tt := range read {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := readReply([]byte(tt.body), "Charge")
			require.NoError(t, err)
			require.Equal(t, saysYes, got.success())
			require.True(t, got.isFor("O"))
			require.True(t, got.tells("amount", pay.Of(1, pay.RUB)))
		})
	}

	refused := []struct {
		name, body string
		want       error
	}{
		{"Nothing", ``, errNotXML},
		{"OnlyADeclaration", `<?xml version="1.0"?>`, errNotXML},
		{"NotUTF8Declared", `<?xml version="1.0" encoding="windows-1251"?><Charge Success="True"/>`, errNotXML},
		{"OtherRoot", `<Pay Success="True"/>`, errNotAsked},
		{"CommandInside", `<r><Charge Success="True"/></r>`, errNotAsked},
		{"NotClosed", `<Charge Success="True">`, errNotXML},
		{"ClosedWrongly", `<Charge Success="True"></Pay>`, errNotXML},
		{"TwoRoots", `<Charge Success="True"/><Charge Success="True"/>`, errNotXML},
		{"TextBefore", `ok <Charge Success="True"/>`, errNotXML},
		{"DocumentType", `<!DOCTYPE Charge><Charge Success="True"/>`, errNotXML},
		{"SaidTwice", `<Charge Success="False" Success="True"/>`, errNotXML},
		{"SaidTwiceInOtherCase", `<Charge Success="True" success="True"/>`, errNotXML},
		{"DeeplyNested", `<Charge>` + strings.Repeat("<a>", 100000), errNotXML},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readReply([]byte(tt.body), "Charge")
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestReadReply_DocumentedExamples(t *testing.T) {
	t.Parallel()

	tests := []struct {
		file, command string
		success       saying
		code          string
		attributes    int
	}{
		{"init-success.xml", "Init", saysYes, "", 5},
		{"init-session-life.xml", "Init", saysYes, "", 7},
		{"init-duplicate.xml", "Init", saysNo, "DUPLICATE_ORDER_ID", 2},
		{"charge-success.xml", "Charge", saysYes, "", 3},
		{"charge-illegal-state.xml", "Charge", saysNo, "ILLEGAL_ORDER_STATE", 4},
		{"charge-amount-error.xml", "Charge", saysNo, "AMOUNT_ERROR", 3},
		{"unblock-success.xml", "Unblock", saysYes, "", 3},
		{"unblock-illegal-state.xml", "Unblock", saysNo, "ILLEGAL_ORDER_STATE", 3},
		{"getstate-charged.xml", "GetState", saysYes, "", 7},
		{"paystatus-charged.xml", "PayStatus", saysYes, "", 4},
		{"paystatus-none.xml", "PayStatus", saysNo, "NONE", 3},
		{"paystatus-time-out.xml", "PayStatus", saysNo, "ORDER_TIME_OUT", 5},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got, err := readReply([]byte(golden(t, tt.file)), tt.command)
			require.NoError(t, err)
			require.Equal(t, tt.success, got.success())
			require.Equal(t, tt.code, got.code())
			require.Len(t, got.attributes, tt.attributes)
		})
	}
}

func TestParseDigits(t *testing.T) {
	t.Parallel()

	t.Run("ReadsWhatItWrites", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			want := rapid.Int64Range(0, pay.MaxAmount).Draw(t, "minor")
			got, ok := parseDigits(strconv.FormatInt(want, 10))
			require.True(t, ok)
			require.Equal(t, want, got)
		})
	})
	t.Run("RefusesWhatIsNotDigits", func(t *testing.T) {
		t.Parallel()
		digits := regexp.MustCompile(`^[0-9]+$`)
		rapid.Check(t, func(t *rapid.T) {
			s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-+]?[0-9]{0,20}([.,e][0-9]{0,3})?`)).Filter(func(s string) bool {
				return !digits.MatchString(s)
			}).Draw(t, "text")
			_, ok := parseDigits(s)
			require.False(t, ok)
		})
	})
	t.Run("RefusesMoreThanTheAPICarries", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			_, ok := parseDigits(strconv.FormatUint(rapid.Uint64Min(pay.MaxAmount+1).Draw(t, "minor"), 10))
			require.False(t, ok)
		})
	})
}

func TestWord(t *testing.T) {
	t.Parallel()

	tests := []struct{ in, want string }{
		{"Charged", "Charged"},
		{"Rejected (Terminal-1)", "Rejected (Terminal-1)"},
		{"PreAuthorized3DS", "PreAuthorized3DS"},
		{"4111111111111111", ""},
		{"Card4111111111111111", ""},
		{"a@b.example", ""},
		{"<b>", ""},
		{"Key=x", ""},
		{"Ж", ""},
		{strings.Repeat("A", 65), ""},
		{"", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, word(tt.in))
		})
	}
}

func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{
		`<GetState Success="True" OrderId="` + order + `" State="Charged" Forwarded="False" Amount="12480" RRN="1" />`,
		`<GetState Success="False" OrderId="` + order + `" ErrCode="NONE" />`,
		`<getstate success="TRUE" orderid="` + order + `" state="Rejected(T)" ErrCode="AMOUNT_EXCEED"><AddInfo Key="a" Value="b"/></getstate>`,
		`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><GetState Success="&a;"/>`,
		`<html><body>502</body></html>`,
		`<GetState Success="True"><Item CardId="a"/><item cardid="b"><Item/></item></GetState>`,
	} {
		f.Add([]byte(seed))
	}
	c, err := New(testConfig("https://sandbox3.payture.com"), testDeps())
	require.NoError(f, err)
	charged := regexp.MustCompile(`(?i)charged`)
	digits := regexp.MustCompile(`[0-9]`)
	f.Fuzz(func(t *testing.T, body []byte) {
		answer, err := readReply(body, "GetState")
		if err != nil {
			require.Nil(t, answer.attributes)
			return
		}
		result, err := c.judge(providers.Ref{OrderNumber: order}, answer)
		if err != nil {
			require.Zero(t, result)
			require.NotEqual(t, providers.Unknown, providers.KindOf(err), "a read is never in doubt")
		}
		if result.Status == providers.Captured {
			require.Equal(t, saysYes, answer.success())
			require.True(t, strings.EqualFold(answer.get("OrderId"), order))
			require.Regexp(t, charged, answer.get("State"))
			require.Regexp(t, digits, answer.get("Amount"))
			require.GreaterOrEqual(t, result.Captured.Amount, int64(0))
		}
	})
}
