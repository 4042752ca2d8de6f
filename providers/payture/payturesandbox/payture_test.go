package payturesandbox_test

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// bench is a running sandbox with Payture on it.
type bench struct {
	*sandboxtest.Bench
	clock *sandboxtest.Clock
}

type options struct {
	payture   payturesandbox.Options
	stateFile string
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	c := new(sandboxtest.Clock)
	return &bench{clock: c, Bench: sandboxtest.Start(t, payturesandbox.New(o.payture), sandbox.Options{Clock: c, StateFile: o.stateFile})}
}

type answer = sandboxtest.Answer

const form = "application/x-www-form-urlencoded"

// reply is an XML answer by attribute. Root is under "".
type reply map[string]string

// command calls one of InPay's commands and checks the form of the answer.
func (b *bench) command(name string, pairs ...string) reply {
	b.Helper()
	return b.parse(name, b.Post("/payture/apim/"+name, pairs...))
}

func (b *bench) parse(name string, a answer) reply {
	b.Helper()
	require.Equal(b, http.StatusOK, a.Status)
	require.Equal(b, "text/xml; charset=utf-8", a.Header.Get("Content-Type"))
	require.True(b, strings.HasPrefix(a.Body, "<"+name+" "), "no XML declaration, root named like the command: %s", a.Body)
	var root struct {
		Attributes []xml.Attr `xml:",any,attr"`
	}
	require.NoError(b, xml.Unmarshal([]byte(a.Body), &root))
	r := reply{}
	for _, x := range root.Attributes {
		r[x.Name.Local] = x.Value
	}
	return r
}

// open makes an order and returns its session's id.
func (b *bench) open(kind, orderID string, amount int) string {
	b.Helper()
	r := b.command("Init", "Key", "Merchant", "Data", fmt.Sprintf(
		"SessionType=%s;OrderId=%s;Amount=%d;Product=The order;Url=https://shop.example/back?o={orderid}&s={success}", kind, orderID, amount))
	require.Equal(b, "True", r["Success"], r)
	return r["SessionId"]
}

func (b *bench) state(orderID string) reply {
	b.Helper()
	return b.command("GetState", "Key", "Merchant", "OrderId", orderID)
}

// operate calls Charge, Unblock or Refund with the right password.
func (b *bench) operate(name, orderID string, more ...string) reply {
	b.Helper()
	return b.command(name, append([]string{"Key", "Merchant", "Password", "123", "OrderId", orderID}, more...)...)
}

// pay plays the payer by the control API.
func (b *bench) pay(session, card, outcome string) sandbox.Paid {
	b.Helper()
	return b.Pay(b.URL+"/payture/apim/Pay?SessionId="+session, card, outcome)
}

// submit sends the page's form.
func (b *bench) submit(session string, pairs ...string) answer {
	b.Helper()
	typed := map[string]string{
		"SessionId": session, "CardNumber": goodCard, "DateTo": "12/28", "SecureCode": "123", "CardHolder": "IVAN PETROV",
	}
	for i := 0; i < len(pairs); i += 2 {
		typed[pairs[i]] = pairs[i+1]
	}
	var all []string
	for k, v := range typed {
		all = append(all, k, v)
	}
	return b.Post("/payture/apim/PaySubmit", all...)
}

func (b *bench) page(session string) answer {
	b.Helper()
	return b.Get("/payture/apim/Pay?SessionId=" + session)
}

const (
	goodCard = "4111111111111112"
	card3DS  = "4111111111111111"
)

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestInit(t *testing.T) {
	t.Parallel()

	t.Run("AnswersAsDocumented", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		r := b.command("Init", "Key", "Merchant", "Data", "SessionType=Pay;OrderId=o1;Amount=12480;Total=1;IP=127.0.0.1;CustomField=Field;")
		require.Regexp(t, guid, r["SessionId"])
		delete(r, "SessionId")
		require.Equal(t, reply{
			"Success": "True", "OrderId": "o1", "Amount": "12480", "SessionType": "Pay", "SessionLifeTime": "60", "AttemptsCount": "5",
		}, r)
	})

	long := strings.Repeat("x", 51)
	tests := []struct{ name, key, data, code string }{
		{"NoKey", "", "SessionType=Pay;OrderId=o1;Amount=100", "WRONG_PARAMS"},
		{"UnknownKey", "Nobody", "SessionType=Pay;OrderId=o1;Amount=100", "ACCESS_DENIED"},
		{"WalletTerminalAdd", "MerchantAdd", "SessionType=Pay;OrderId=o1;Amount=100", "OPERATION_NOT_ALLOWED"},
		{"WalletTerminalPay", "MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100", "OPERATION_NOT_ALLOWED"},
		{"WalletTerminalBlock", "MerchantBlock", "SessionType=Block;OrderId=o1;Amount=100", "OPERATION_NOT_ALLOWED"},
		{"NoData", "Merchant", "", "WRONG_PARAMS"},
		{"NotPairs", "Merchant", "hello", "FORMAT_ERROR"},
		{"PairWithoutName", "Merchant", "=x;SessionType=Pay;OrderId=o1;Amount=100", "FORMAT_ERROR"},
		{"NotUTF8", "Merchant", "SessionType=Pay;OrderId=%ff;Amount=100", "FORMAT_ERROR"},
		{"NoSessionType", "Merchant", "OrderId=o1;Amount=100", "WRONG_PARAMS"},
		{"SessionTypeOfWallet", "Merchant", "SessionType=Add;OrderId=o1;Amount=100", "WRONG_PARAMS"},
		{"NoOrderID", "Merchant", "SessionType=Pay;OrderId=;Amount=100", "WRONG_PARAMS"},
		{"LongOrderID", "Merchant", "SessionType=Pay;OrderId=" + long + ";Amount=100", "WRONG_PARAMS"},
		{"NoAmount", "Merchant", "SessionType=Pay;OrderId=o1", "WRONG_PARAMS"},
		{"DecimalAmount", "Merchant", "SessionType=Pay;OrderId=o1;Amount=10.00", "FORMAT_ERROR"},
		{"SignedAmount", "Merchant", "SessionType=Pay;OrderId=o1;Amount=-100", "FORMAT_ERROR"},
		{"ExponentAmount", "Merchant", "SessionType=Pay;OrderId=o1;Amount=1e3", "FORMAT_ERROR"},
		{"ZeroAmount", "Merchant", "SessionType=Pay;OrderId=o1;Amount=0", "AMOUNT_ERROR"},
		{"HugeAmount", "Merchant", "SessionType=Pay;OrderId=o1;Amount=9223372036854775808", "AMOUNT_ERROR"},
		{"ScriptURL", "Merchant", "SessionType=Pay;OrderId=o1;Amount=100;Url=javascript:alert(1)", "WRONG_PARAMS"},
		{"RelativeURL", "Merchant", "SessionType=Pay;OrderId=o1;Amount=100;Url=/back", "WRONG_PARAMS"},
		{"Cheque", "Merchant", "SessionType=Pay;OrderId=o1;Amount=100;Cheque=no", "FORMAT_ERROR"},
	}
	b := setup(t, options{})
	for _, tt := range tests {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			// Neither OrderId nor SessionId in a refusal.
			require.Equal(t, reply{"Success": "False", "ErrCode": tt.code}, b.command("Init", "Key", tt.key, "Data", tt.data))
		})
	}

	t.Run("LongestOrderIDIsTaken", func(t *testing.T) {
		t.Parallel()
		require.NotEmpty(t, setup(t, options{}).open("Pay", strings.Repeat("я", 50), 100))
	})

	t.Run("OrderIDIsTakenOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open("Pay", "o1", 100)
		require.Equal(t, reply{"Success": "False", "ErrCode": "DUPLICATE_ORDER_ID"},
			b.command("Init", "Key", "Merchant", "Data", "SessionType=Pay;OrderId=o1;Amount=100"))
	})

	t.Run("ConcurrentTwinsOpenOneOrder", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		var wait sync.WaitGroup
		results := make(chan string, 20)
		for range cap(results) {
			wait.Go(func() {
				results <- b.command("Init", "Key", "Merchant", "Data", "SessionType=Pay;OrderId=o1;Amount=100")["Success"]
			})
		}
		wait.Wait()
		close(results)
		opened := 0
		for r := range results {
			opened += strings.Count(r, "True")
		}
		require.Equal(t, 1, opened)
	})
}

func TestInit_Encodings(t *testing.T) {
	t.Parallel()
	q := url.QueryEscape
	raw := "SessionType=Pay;OrderId=o1;Amount=12480;Product=The order;Url=https://shop.example/a?x=1&y={orderid}"
	values := "SessionType=Pay;OrderId=o1;Amount=12480;Product=The+order;Url=https%3A%2F%2Fshop.example%2Fa%3Fx%3D1%26y%3D%7Borderid%7D"
	const product, back = "The order", "https://shop.example/a?x=1&amp;y=o1"
	tests := []struct {
		name, method, query, body, product, back string
	}{
		{"RawInForm", "POST", "", "Key=Merchant&Data=" + q(raw), product, back},
		{"ValuesEscaped", "POST", "", "Key=Merchant&Data=" + q(values), product, back},
		{"ValuesEscapedWithPercent20", "POST", "", "Key=Merchant&Data=" + q(strings.Replace(values, "+", "%20", 1)), product, back},
		{"AllEscaped", "POST", "", "Key=Merchant&Data=" + q(q(raw)), product, back},
		{"AllEscapedLowerCase", "POST", "", "Key=Merchant&Data=" + q(strings.NewReplacer("%3D", "%3d", "%3B", "%3b").Replace(q(raw))), product, back},
		{"GetQuery", "GET", "?Key=Merchant&Data=" + q(raw), "", product, back},
		{"PostQuery", "POST", "?Key=Merchant&Data=" + q(raw), "", product, back},
		{"GetFormBody", "GET", "", "Key=Merchant&Data=" + q(raw), product, back},
		{"KeyInQueryDataInBody", "POST", "?Key=Merchant", "Data=" + q(raw), product, back},
		{"UpperCaseNames", "POST", "", "KEY=Merchant&DATA=" + q(raw), product, back},
		{"LowerCaseNames", "POST", "", "key=Merchant&data=" + q(strings.NewReplacer("SessionType", "sessiontype", "Amount", "amount", "OrderId", "orderid").Replace(
			"SessionType=Pay;OrderId=o1;Amount=12480;Product=The order;Url=https://shop.example/a?x=1&y=o1")), product, back},
		{"BlanksRoundPairs", "POST", "", "Key=Merchant&Data=" + q(" "+strings.ReplaceAll(raw, ";", "; ")+" ; "), product, back},
		{"TrailingSemicolon", "POST", "", "Key=Merchant&Data=" + q(raw+";"), product, back},
		{"SemicolonUnescapedInForm", "POST", "", "Key=Merchant&Data=SessionType=Pay;OrderId=o1;Amount=12480;Product=The%20order;Url=https://shop.example/a?x=1%26y=%7Borderid%7D", product, back},
		{"UnknownAndEmptyKeys", "POST", "", "Key=Merchant&Data=" + q(raw+";CustomField=Field;CardId=;Language="), product, back},
		{"MalformedPercent", "POST", "", "Key=Merchant&Data=" + q(strings.Replace(raw, "The order", "100%", 1)), "100%", back},
		{"PlusInAllEscaped", "POST", "", "Key=Merchant&Data=" + q(q(strings.Replace(raw, "The order", "a+b", 1))), "a&#43;b", back},
		{"PlusInValuesEscaped", "POST", "", "Key=Merchant&Data=" + q(strings.Replace(values, "The+order", "a%2Bb", 1)), "a&#43;b", back},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			r := b.parse("Init", b.Ask(tt.method, "/payture/apim/Init"+tt.query, tt.body, "Content-Type", form))
			require.Equal(t, "True", r["Success"], r)
			require.Equal(t, "o1", r["OrderId"])
			require.Equal(t, "12480", r["Amount"])
			page := b.page(r["SessionId"]).Body
			require.Contains(t, page, `<dd id="product">`+tt.product+`</dd>`)
			require.Contains(t, page, tt.back)
		})
	}
}

func TestCommands_OtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	require.Equal(t, http.StatusMethodNotAllowed, b.Ask("PUT", "/payture/apim/Init", "").Status)
	require.Equal(t, http.StatusMethodNotAllowed, b.Get("/payture/apim/PaySubmit").Status)
	require.Equal(t, http.StatusNotFound, b.Get("/payture/apim/Nothing").Status)
}

func TestReply_EscapesWhatItEchoes(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	id := `"<&>'` + "\u00a0№"
	require.Equal(t, id, b.command("GetState", "Key", "Merchant", "OrderId", id)["OrderId"])
}
