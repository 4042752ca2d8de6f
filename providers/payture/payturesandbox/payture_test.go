package payturesandbox_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bench is a running sandbox with Payture on it.
type bench struct {
	*testing.T
	clock  *clock
	server *sandbox.Server
	url    string
	client *http.Client // follows no redirect
}

type options struct {
	payture   payturesandbox.Options
	stateFile string
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	c := &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	s, err := sandbox.New(sandbox.Options{Clock: c, StateFile: o.stateFile})
	require.NoError(t, err)
	require.NoError(t, s.Register(payturesandbox.New(o.payture)))
	h := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		h.Close()
		require.NoError(t, s.Close(context.Background()))
	})
	return &bench{T: t, clock: c, server: s, url: h.URL, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is what came back of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bench) do(method, path, kind, body string) answer {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b, err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := b.client.Do(r)
	require.NoError(b, err)
	defer func() { require.NoError(b, resp.Body.Close()) }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b, err)
	return answer{resp.StatusCode, resp.Header, string(text)}
}

const form = "application/x-www-form-urlencoded"

func (b *bench) get(path string) answer { b.Helper(); return b.do("GET", path, "", "") }

func (b *bench) post(path string, pairs ...string) answer {
	b.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form, v.Encode())
}

// reply is an XML answer by attribute. Root is under "".
type reply map[string]string

// command calls one of InPay's commands and checks the form of the answer.
func (b *bench) command(name string, pairs ...string) reply {
	b.Helper()
	return b.parse(name, b.post("/payture/apim/"+name, pairs...))
}

func (b *bench) parse(name string, a answer) reply {
	b.Helper()
	require.Equal(b, http.StatusOK, a.status)
	require.Equal(b, "text/xml; charset=utf-8", a.header.Get("Content-Type"))
	require.True(b, strings.HasPrefix(a.body, "<"+name+" "), "no XML declaration, root named like the command: %s", a.body)
	var root struct {
		Attributes []xml.Attr `xml:",any,attr"`
	}
	require.NoError(b, xml.Unmarshal([]byte(a.body), &root))
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

func (b *bench) control(path, body string) answer {
	b.Helper()
	return b.do("POST", "/_control/"+path, "application/json", body)
}

// pay plays the payer by the control API.
func (b *bench) pay(session, card, outcome string) sandbox.Paid {
	b.Helper()
	a := b.control("pay", fmt.Sprintf(`{"url":"%s/payture/apim/Pay?SessionId=%s","card":"%s","outcome":"%s"}`, b.url, session, card, outcome))
	require.Equal(b, http.StatusOK, a.status, a.body)
	var p sandbox.Paid
	require.NoError(b, json.Unmarshal([]byte(a.body), &p))
	return p
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
	return b.post("/payture/apim/PaySubmit", all...)
}

func (b *bench) page(session string) answer {
	b.Helper()
	return b.get("/payture/apim/Pay?SessionId=" + session)
}

func (b *bench) book() []sandbox.Entry { return b.server.Book().After(0, 1000) }

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
			r := b.parse("Init", b.do(tt.method, "/payture/apim/Init"+tt.query, form, tt.body))
			require.Equal(t, "True", r["Success"], r)
			require.Equal(t, "o1", r["OrderId"])
			require.Equal(t, "12480", r["Amount"])
			page := b.page(r["SessionId"]).body
			require.Contains(t, page, `<dd id="product">`+tt.product+`</dd>`)
			require.Contains(t, page, tt.back)
		})
	}
}

func TestCommands_OtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	require.Equal(t, http.StatusMethodNotAllowed, b.do("PUT", "/payture/apim/Init", "", "").status)
	require.Equal(t, http.StatusMethodNotAllowed, b.get("/payture/apim/PaySubmit").status)
	require.Equal(t, http.StatusNotFound, b.get("/payture/apim/Nothing").status)
}

func TestReply_EscapesWhatItEchoes(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	id := `"<&>'` + "\u00a0№"
	require.Equal(t, id, b.command("GetState", "Key", "Merchant", "OrderId", id)["OrderId"])
}
