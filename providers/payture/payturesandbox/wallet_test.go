package payturesandbox_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// who logs customer-1 in.
const who = "VWUserLgn=customer-1;VWUserPsw=secret;"

// wallet calls one of eWallet's commands that have DATA.
func (b *bench) wallet(name, vwid, data string) reply {
	b.Helper()
	return b.parse(name, b.Post("/payture/vwapi/"+name, "VWID", vwid, "DATA", data))
}

// withCustomer is a sandbox with customer-1.
func withCustomer(t *testing.T) *bench {
	t.Helper()
	b := setup(t, options{})
	require.Equal(t, "True", b.wallet("Register", "MerchantAdd", who)["Success"])
	return b
}

// list is customer-1's cards.
func (b *bench) list() []reply {
	b.Helper()
	a := b.Post("/payture/vwapi/GetList", "VWID", "MerchantPay", "DATA", who)
	require.Equal(b, reply{"Success": "True", "VWUserLgn": "customer-1"}, b.parse("GetList", a))
	var root struct {
		Items []struct {
			Attributes []xml.Attr `xml:",any,attr"`
		} `xml:"Item"`
	}
	require.NoError(b, xml.Unmarshal([]byte(a.Body), &root))
	items := []reply{}
	for _, item := range root.Items {
		r := reply{}
		for _, x := range item.Attributes {
			r[x.Name.Local] = x.Value
		}
		items = append(items, r)
	}
	return items
}

// openWallet makes a session and returns its id.
func (b *bench) openWallet(vwid, data string) string {
	b.Helper()
	r := b.wallet("Init", vwid, who+data+";Url=https://shop.example/back?o={orderid}&s={success}")
	require.Equal(b, "True", r["Success"], r)
	return r["SessionId"]
}

// visit plays the payer on one of eWallet's pages.
func (b *bench) visit(page, session, card, outcome string) sandbox.Paid {
	b.Helper()
	return b.Pay(b.URL+"/payture/vwapi/"+page+"?SessionId="+session, card, outcome)
}

// save saves a card for customer-1 and returns its id.
func (b *bench) save(card string) string {
	b.Helper()
	b.clock.Advance(time.Second) // so that the newest is the first of the list
	require.Equal(b, "IsActive", b.visit("Add", b.openWallet("MerchantAdd", "SessionType=Add;Amount=1000"), card, "").State)
	return b.list()[0]["CardId"]
}

func (b *bench) walletState(vwid, orderID string) reply {
	b.Helper()
	return b.parse("GetState", b.Post("/payture/vwapi/GetState", "Key", vwid, "OrderId", orderID))
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	ok := reply{"Success": "True", "VWUserLgn": "customer-1"}
	no := func(code string) reply {
		return reply{"Success": "False", "VWUserLgn": "customer-1", "ErrCode": code}
	}

	t.Run("AllTerminalsOfTheMerchantKnowThem", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, no("CUSTOMER_NOT_FOUND"), b.wallet("Check", "MerchantPay", who))
		require.Equal(t, ok, b.wallet("Register", "MerchantAdd", who+"PhoneNumber=79990001122;Email=a@b.example"))
		require.Equal(t, ok, b.wallet("Check", "MerchantPay", who))
		require.Equal(t, ok, b.wallet("Update", "MerchantBlock", who+"PhoneNumber=79990001133"))
		require.Equal(t, no("DUPLICATE_USER"), b.wallet("Register", "MerchantPay", "VWUserLgn=customer-1;VWUserPsw=other"))
	})

	t.Run("OtherMerchantsDoNot", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{payture: payturesandbox.Options{Accounts: []payturesandbox.Account{
			{Key: "MerchantAdd", Wallet: true, Merchant: "one"}, {Key: "MerchantPay", Wallet: true, Merchant: "two"},
		}}})
		require.Equal(t, ok, b.wallet("Register", "MerchantAdd", who))
		require.Equal(t, no("CUSTOMER_NOT_FOUND"), b.wallet("Check", "MerchantPay", who))
	})

	t.Run("AWrongPasswordIsRefusedEverywhere", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		wrong := "VWUserLgn=customer-1;VWUserPsw=guess;"
		for _, name := range []string{"Check", "Update", "GetList", "Remove", "Activate"} {
			require.Equal(t, no("WRONG_USER_PARAMS"), b.wallet(name, "MerchantPay", wrong), name)
		}
		require.Equal(t, "WRONG_USER_PARAMS", b.wallet("Init", "MerchantAdd", wrong+"SessionType=Add")["ErrCode"])
		require.Equal(t, "WRONG_USER_PARAMS", b.wallet("Pay", "MerchantPay", wrong+"CardId=x;OrderId=o1;Amount=1")["ErrCode"])
	})

	t.Run("DeleteWantsTheTerminalsPassword", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		b.save(goodCard)
		session := b.openWallet("MerchantAdd", "SessionType=Add")
		require.Equal(t, "ACCESS_DENIED", b.wallet("Delete", "MerchantAdd", who)["ErrCode"])
		require.Equal(t, "ACCESS_DENIED", b.wallet("Delete", "MerchantAdd", "VWUserLgn=customer-1;Password=secret")["ErrCode"])
		require.Equal(t, ok, b.wallet("Delete", "MerchantAdd", "VWUserLgn=customer-1;Password=123"))
		require.Equal(t, "CUSTOMER_NOT_FOUND", b.wallet("Delete", "MerchantAdd", "VWUserLgn=customer-1;Password=123")["ErrCode"])
		require.Equal(t, "CUSTOMER_NOT_FOUND", b.visit("Add", session, "", "").ErrCode)
		require.Equal(t, ok, b.wallet("Register", "MerchantAdd", who))
		require.Empty(t, b.list(), "the cards went too")
	})

	long := strings.Repeat("x", 51)
	tests := []struct{ name, vwid, data, code string }{
		{"NoTerminal", "", who, "WRONG_PARAMS"},
		{"UnknownTerminal", "Nobody", who, "ACCESS_DENIED"},
		{"TerminalOfInPay", "Merchant", who, "OPERATION_NOT_ALLOWED"},
		{"NotPairs", "MerchantAdd", "hello", "FORMAT_ERROR"},
		{"NoData", "MerchantAdd", "", "WRONG_PARAMS"},
		{"NoPassword", "MerchantAdd", "VWUserLgn=a;VWUserPsw=", "WRONG_PARAMS"},
		{"LongLogin", "MerchantAdd", "VWUserLgn=" + long + ";VWUserPsw=p", "WRONG_PARAMS"},
		{"LongPassword", "MerchantAdd", "VWUserLgn=a;VWUserPsw=" + long, "WRONG_PARAMS"},
		{"LettersInPhone", "MerchantAdd", who + "PhoneNumber=+7999", "WRONG_PHONE"},
		{"NoEmail", "MerchantAdd", who + "Email=nobody", "EMAIL_ERROR"},
	}
	b := setup(t, options{})
	for _, tt := range tests {
		t.Run("RegisterRefuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, reply{"Success": "False", "ErrCode": tt.code}, b.wallet("Register", tt.vwid, tt.data))
		})
	}
}

func TestWallet_Encodings(t *testing.T) {
	t.Parallel()
	q := url.QueryEscape
	raw := "VWUserLgn=a+b@x.example;VWUserPsw=p/w=;"
	values := "VWUserLgn=a%2Bb%40x.example;VWUserPsw=p%2Fw%3D;"
	tests := []struct{ name, method, query, body, login string }{
		{"RawMakesPlusABlank", "POST", "", "VWID=MerchantAdd&DATA=" + q(raw), "a b@x.example"},
		{"ValuesEscaped", "POST", "", "VWID=MerchantAdd&DATA=" + q(values), "a+b@x.example"},
		{"AllEscaped", "POST", "", "VWID=MerchantAdd&DATA=" + q(q(raw)), "a+b@x.example"},
		{"GetQuery", "GET", "?VWID=MerchantAdd&DATA=" + q(values), "", "a+b@x.example"},
		{"PostQuery", "POST", "?VWID=MerchantAdd&DATA=" + q(values), "", "a+b@x.example"},
		{"GetFormBody", "GET", "", "vwid=MerchantAdd&Data=" + q(values), "a+b@x.example"},
		{"BlanksRoundPairs", "POST", "", "VWID=MerchantAdd&DATA=" + q(" "+strings.ReplaceAll(values, ";", "; ")), "a+b@x.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			r := b.parse("Register", b.Ask(tt.method, "/payture/vwapi/Register"+tt.query, tt.body, "Content-Type", form))
			require.Equal(t, reply{"Success": "True", "VWUserLgn": tt.login}, r)
		})
	}
}

func TestWallet_OtherMethodsAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	require.Equal(t, http.StatusMethodNotAllowed, b.Ask("PUT", "/payture/vwapi/Init", "").Status)
	require.Equal(t, http.StatusMethodNotAllowed, b.Ask("DELETE", "/payture/vwapi/GetList", "").Status)
	require.Equal(t, http.StatusMethodNotAllowed, b.Get("/payture/vwapi/PaySubmit").Status)
}

func TestWalletInit(t *testing.T) {
	t.Parallel()

	t.Run("AddAnswersWithoutOrderId", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		r := b.wallet("Init", "MerchantAdd", who+"SessionType=Add;Amount=1000;IP=127.0.0.1")
		require.Regexp(t, guid, r["SessionId"])
		delete(r, "SessionId")
		require.Equal(t, reply{"Success": "True", "Amount": "1000", "SessionType": "Add", "SessionLifeTime": "60", "AttemptsCount": "5"}, r)
		require.Equal(t, "0", b.wallet("Init", "MerchantAdd", who+"SessionType=Add")["Amount"])
		require.Equal(t, "0", b.wallet("Init", "MerchantAdd", who+"SessionType=Add;Amount=0")["Amount"])
	})

	t.Run("PayAnswersAsInPay", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		r := b.wallet("Init", "MerchantPay", who+"SessionType=Pay;OrderId=o1;Amount=12480")
		require.Regexp(t, guid, r["SessionId"])
		delete(r, "SessionId")
		require.Equal(t, reply{
			"Success": "True", "OrderId": "o1", "Amount": "12480", "SessionType": "Pay", "SessionLifeTime": "60", "AttemptsCount": "5",
		}, r)
	})

	b := withCustomer(t)
	b.openWallet("MerchantPay", "SessionType=Pay;OrderId=taken;Amount=100")
	tests := []struct{ name, vwid, data, code string }{
		{"UnknownCustomer", "MerchantAdd", "VWUserLgn=x;VWUserPsw=x;SessionType=Add", "CUSTOMER_NOT_FOUND"},
		{"NoCustomer", "MerchantAdd", "SessionType=Add", "WRONG_PARAMS"},
		{"NoSessionType", "MerchantAdd", who, "WRONG_PARAMS"},
		{"UnknownSessionType", "MerchantAdd", who + "SessionType=Charge", "WRONG_PARAMS"},
		{"DecimalAmount", "MerchantAdd", who + "SessionType=Add;Amount=10.00", "FORMAT_ERROR"},
		{"ZeroPayment", "MerchantPay", who + "SessionType=Pay;OrderId=o1;Amount=0", "AMOUNT_ERROR"},
		{"PaymentWithoutOrderId", "MerchantPay", who + "SessionType=Pay;Amount=100", "WRONG_PARAMS"},
		{"UsedOrderId", "MerchantPay", who + "SessionType=Block;OrderId=taken;Amount=100", "DUPLICATE_ORDER_ID"},
		{"UnknownCard", "MerchantPay", who + "SessionType=Pay;OrderId=o1;Amount=100;CardId=x", "WRONG_CARD"},
		{"PaymentOnTheAddTerminal", "MerchantAdd", who + "SessionType=Pay;OrderId=o1;Amount=100", "OPERATION_NOT_ALLOWED"},
		{"ScriptURL", "MerchantAdd", who + "SessionType=Add;Url=javascript:alert(1)", "WRONG_PARAMS"},
	}
	for _, tt := range tests {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, reply{"Success": "False", "ErrCode": tt.code}, b.wallet("Init", tt.vwid, tt.data))
		})
	}

	t.Run("ConcurrentTwinsOpenOneOrder", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		var wait sync.WaitGroup
		results := make(chan string, 20)
		for range cap(results) {
			wait.Go(func() {
				results <- b.wallet("Init", "MerchantPay", who+"SessionType=Pay;OrderId=o1;Amount=100")["Success"]
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

func TestWallet_SurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	first := setup(t, options{stateFile: file})
	first.wallet("Register", "MerchantAdd", who)
	kept, gone := first.save(goodCard), first.save("4111111111100031")
	first.wallet("Remove", "MerchantAdd", who+"CardId="+gone)
	first.wallet("Pay", "MerchantBlock", who+"OrderId=held;Amount=500;CardId="+kept)
	waiting := first.openWallet("MerchantAdd", "SessionType=Add")
	acs := first.submitWallet(waiting, "CardNumber", card3DS).Header.Get("Location")
	first.wallet("Register", "MerchantAdd", "VWUserLgn=customer-2;VWUserPsw=secret")
	first.wallet("Delete", "MerchantAdd", "VWUserLgn=customer-2;Password=123")

	second := setup(t, options{stateFile: file}) // the first is not closed, as if killed
	require.Equal(t, first.list(), second.list())
	require.Equal(t, first.Book(), second.Book())
	require.Equal(t, "DUPLICATE_ORDER_ID", second.wallet("Pay", "MerchantBlock", who+"OrderId=held;Amount=500;CardId="+kept)["ErrCode"])
	require.Equal(t, "CUSTOMER_NOT_FOUND", second.wallet("Check", "MerchantAdd", "VWUserLgn=customer-2;VWUserPsw=secret")["ErrCode"])
	r := second.parse("Charge", second.Post("/payture/vwapi/Charge", "VWID", "MerchantBlock", "Password", "123", "OrderId", "held"))
	require.Equal(t, "True", r["Success"])
	second.clock.Advance(time.Minute)
	require.Equal(t, http.StatusSeeOther, second.Post(acs, "Action", "confirm").Status)
	require.Equal(t, "411111xxxxxx1111", second.list()[0]["CardName"])
}
