package payturesandbox_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// charge pays by card id.
func (b *bench) charge(vwid, orderID, cardID, more string) reply {
	b.Helper()
	return b.wallet("Pay", vwid, who+"OrderId="+orderID+";CardId="+cardID+";"+more)
}

func TestRecurring(t *testing.T) {
	t.Parallel()

	t.Run("OneStageTakesTheMoney", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		require.Equal(t, reply{"VWUserLgn": "customer-1", "OrderId": "o1", "Success": "True", "Amount": "12480"}, b.charge("MerchantPay", "o1", id, "Amount=12480"))
		state := b.walletState("MerchantPay", "o1")
		require.Regexp(t, `^\d{12}$`, state["RRN"])
		delete(state, "RRN")
		require.Equal(t, reply{
			"Success": "True", "OrderId": "o1", "State": "Charged", "Forwarded": "False", "MerchantContract": "MerchantPay", "Amount": "12480",
		}, state)
		e := b.Book()[1]
		require.Equal(t, []any{"o1", "payment", int64(12480), 1}, []any{e.OrderRef, e.Kind, e.CapturedMinor, e.Captures})
		require.Equal(t, reply{"VWUserLgn": "", "OrderId": "o1", "Success": "True", "NewAmount": "12000"},
			b.wallet("Refund", "MerchantPay", "OrderId=o1;Password=123;Amount=480"))
		require.Equal(t, reply{"VWUserLgn": "", "OrderId": "o1", "Success": "False", "ErrCode": "AMOUNT_ERROR"},
			b.wallet("Refund", "MerchantPay", "OrderId=o1;Password=123;Amount=12001"))
		require.Equal(t, "ACCESS_DENIED", b.wallet("Refund", "MerchantPay", "OrderId=o1;Password=secret")["ErrCode"])
		require.Equal(t, "12000", b.walletState("MerchantPay", "o1")["Amount"])
		require.Equal(t, int64(480), b.Book()[1].RefundedMinor)
	})

	t.Run("TwoStageHoldsIt", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		require.Equal(t, "True", b.charge("MerchantBlock", "o1", id, "Amount=1000")["Success"])
		require.Equal(t, "True", b.charge("MerchantBlock", "o2", id, "Amount=1000")["Success"])
		require.Equal(t, "Authorized", b.walletState("MerchantBlock", "o1")["State"])
		require.Zero(t, b.Book()[1].Captures)
		plain := func(name string, pairs ...string) reply {
			return b.parse(name, b.Post("/payture/vwapi/"+name, append([]string{"VWID", "MerchantBlock"}, pairs...)...))
		}
		require.Equal(t, "ACCESS_DENIED", plain("Charge", "OrderId", "o1")["ErrCode"])
		require.Equal(t, "AMOUNT_ERROR", plain("Charge", "OrderId", "o1", "Password", "123", "Amount", "1001")["ErrCode"])
		require.Equal(t, reply{"Success": "True", "OrderId": "o1", "Amount": "900"}, plain("Charge", "OrderId", "o1", "Password", "123", "Amount", "900"))
		require.Equal(t, reply{"Success": "False", "OrderId": "o1", "ErrCode": "ILLEGAL_ORDER_STATE"}, plain("Charge", "OrderId", "o1", "Password", "123"))
		require.Equal(t, reply{"Success": "True", "OrderId": "o2", "NewAmount": "0"}, plain("Unblock", "OrderId", "o2", "Password", "123"))
		require.Equal(t, "Voided", b.walletState("MerchantBlock", "o2")["State"])
		require.Equal(t, "OPERATION_NOT_ALLOWED", b.operate("Charge", "o1", "Key", "MerchantBlock")["ErrCode"], "not by InPay")
		require.Equal(t, "OPERATION_NOT_ALLOWED", b.parse("Charge", b.Post("/payture/vwapi/Charge", "VWID", "Merchant"))["ErrCode"])
	})

	t.Run("AnOrderIdIsTakenOnce", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		declined := b.save("4111111111100072")
		b.charge("MerchantPay", "o1", id, "Amount=100")
		b.charge("MerchantPay", "o2", declined, "Amount=100")
		for _, order := range []string{"o1", "o2"} {
			require.Equal(t, reply{"VWUserLgn": "customer-1", "OrderId": order, "Success": "False", "ErrCode": "DUPLICATE_ORDER_ID"},
				b.charge("MerchantPay", order, id, "Amount=100"))
		}
		require.Len(t, b.Book(), 3)
	})

	t.Run("TwinsTakeOnce", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save("4100401111100062")
		b.Control("clock", `{"speed":1000}`)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() { b.charge("MerchantPay", "o1", id, "Amount=100") })
		}
		wait.Wait()
		require.Equal(t, 1, b.Book()[1].Captures)
	})

	t.Run("ASlowBankAnswersAfter40Seconds", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save("4100401111100062")
		done := make(chan reply)
		go func() { done <- b.charge("MerchantPay", "o1", id, "Amount=100") }()
		require.Eventually(t, func() bool { return b.walletState("MerchantPay", "o1")["ErrCode"] == "NONE" }, 5*time.Second, time.Millisecond)
		require.Empty(t, done)
		b.Control("clock", `{"speed":100000}`)
		require.Equal(t, "True", (<-done)["Success"])
		require.Equal(t, "Charged", b.walletState("MerchantPay", "o1")["State"])
	})

	cards := []struct{ card, amount, code string }{
		{"4111111111111112", "10001", ""},
		{"4011111111111112", "10001", ""},
		{"5218851946955484", "10001", ""},
		{"4111111111100031", "10001", ""},
		{card3DS, "10001", ""},
		{"2202208311110010", "10001", ""},
		{"5486732058864471", "100", "THREE_DS_NOT_ATTEMPTED"},
		{"4111111111100023", "100", "WRONG_CVV"},
		{"4111101000000046", "10000", ""},
		{"4111101000000046", "10001", "AMOUNT_EXCEED"},
		{"4111111111100072", "100", "ISSUER_BLOCKED_CARD"},
		{"4111111111100080", "100", "ISSUER_CARD_FAIL"},
		{"4111111111100056", "100", "PROCESSING_ERROR"},
	}
	for _, tt := range cards {
		t.Run("Card"+tt.card+"For"+tt.amount, func(t *testing.T) {
			t.Parallel()
			b := withCustomer(t)
			id := b.save(tt.card)
			require.Equal(t, tt.code, b.charge("MerchantPay", "o1", id, "Amount="+tt.amount)["ErrCode"])
			require.Equal(t, map[bool]string{true: "Charged", false: "Rejected"}[tt.code == ""], b.walletState("MerchantPay", "o1")["State"])
		})
	}

	b := withCustomer(t)
	id := b.save(goodCard)
	tests := []struct{ name, vwid, data, code string }{
		{"NoOrderId", "MerchantPay", who + "Amount=100;CardId=" + id, "WRONG_PARAMS"},
		{"LongOrderId", "MerchantPay", who + "Amount=100;CardId=" + id + ";OrderId=" + strings.Repeat("x", 51), "WRONG_PARAMS"},
		{"NoAmount", "MerchantPay", who + "OrderId=o1;CardId=" + id, "WRONG_PARAMS"},
		{"NoCard", "MerchantPay", who + "OrderId=o1;Amount=100", "WRONG_PARAMS"},
		{"NoCustomer", "MerchantPay", "OrderId=o1;Amount=100;CardId=" + id, "WRONG_PARAMS"},
		{"UnknownCustomer", "MerchantPay", "VWUserLgn=x;VWUserPsw=x;OrderId=o1;Amount=100;CardId=" + id, "CUSTOMER_NOT_FOUND"},
		{"ZeroAmount", "MerchantPay", who + "OrderId=o1;Amount=0;CardId=" + id, "AMOUNT_ERROR"},
		{"DecimalAmount", "MerchantPay", who + "OrderId=o1;Amount=1.00;CardId=" + id, "FORMAT_ERROR"},
		{"Cheque", "MerchantPay", who + "OrderId=o1;Amount=100;Cheque=no;CardId=" + id, "FORMAT_ERROR"},
		{"ShortCVC", "MerchantPay", who + "OrderId=o1;Amount=100;SecureCode=1;CardId=" + id, "WRONG_CVV"},
		{"UnknownCard", "MerchantPay", who + "OrderId=o1;Amount=100;CardId=x", "WRONG_CARD"},
		{"AddTerminal", "MerchantAdd", who + "OrderId=o1;Amount=100;CardId=" + id, "OPERATION_NOT_ALLOWED"},
		{"InPayTerminal", "Merchant", who + "OrderId=o1;Amount=100;CardId=" + id, "OPERATION_NOT_ALLOWED"},
	}
	for _, tt := range tests {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			r := b.wallet("Pay", tt.vwid, tt.data)
			require.Equal(t, "False", r["Success"])
			require.Equal(t, tt.code, r["ErrCode"])
		})
	}

	t.Run("ACardOfAnotherCustomerIsNoCard", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.wallet("Register", "MerchantPay", "VWUserLgn=customer-2;VWUserPsw=secret")
		r := b.wallet("Pay", "MerchantPay", "VWUserLgn=customer-2;VWUserPsw=secret;OrderId=o1;Amount=100;CardId="+id)
		require.Equal(t, "WRONG_CARD", r["ErrCode"])
	})
}

func TestWalletPayStatus(t *testing.T) {
	t.Parallel()
	b := withCustomer(t)
	id := b.save(goodCard)
	status := func(order string) reply { return b.wallet("PayStatus", "MerchantPay", "OrderId="+order) }
	b.openWallet("MerchantPay", "SessionType=Pay;OrderId=open;Amount=100")
	b.charge("MerchantPay", "paid", id, "Amount=100")

	require.Equal(t, reply{
		"Success": "True", "VWUserLgn": "", "OrderId": "paid", "Forwarded": "False", "Amount": "100", "CardId": "", "Status": "Charged",
	}, status("paid"))
	require.Equal(t, reply{"Success": "False", "VWUserLgn": "", "OrderId": "open", "Forwarded": "False", "ErrCode": "NONE"}, status("open"))
	require.Equal(t, "NONE", b.walletState("MerchantPay", "open")["ErrCode"])
	b.clock.Advance(time.Hour)
	require.Equal(t, "ORDER_TIME_OUT", status("open")["ErrCode"])
	require.Equal(t, "ORDER_TIME_OUT", b.walletState("MerchantPay", "open")["ErrCode"])
	require.Equal(t, reply{"Success": "False", "VWUserLgn": "", "OrderId": "other", "Forwarded": "False", "ErrCode": "ORDER_TIME_OUT"}, status("other"))
	require.Equal(t, "ORDER_NOT_FOUND", b.walletState("MerchantPay", "other")["ErrCode"])
	require.Equal(t, "ORDER_NOT_FOUND", b.walletState("MerchantBlock", "paid")["ErrCode"], "of another terminal")
	require.Equal(t, "WRONG_PARAMS", b.wallet("PayStatus", "MerchantPay", "")["ErrCode"])
	require.Equal(t, "ACCESS_DENIED", b.walletState("Nobody", "paid")["ErrCode"])
	require.Equal(t, "OPERATION_NOT_ALLOWED", b.walletState("Merchant", "paid")["ErrCode"])
	require.Equal(t, "WRONG_PARAMS", b.parse("GetState", b.Post("/payture/vwapi/GetState", "VWID", "MerchantPay", "OrderId", "paid"))["ErrCode"])
}

func TestWallet_Faults(t *testing.T) {
	t.Parallel()

	t.Run("ADroppedChargeIsDoneOnce", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.Control("faults", `{"provider":"payture","op":"charge","fault":"drop_reply","count":1}`)
		b.Listen()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL+"/payture/vwapi/Pay",
			strings.NewReader("VWID=MerchantPay&DATA="+who+"OrderId=o1;Amount=100;CardId="+id))
		require.NoError(t, err)
		_, err = http.DefaultClient.Do(r) //nolint:bodyclose // there is none
		require.Error(t, err)
		require.Equal(t, "Charged", b.walletState("MerchantPay", "o1")["State"])
		require.Equal(t, "DUPLICATE_ORDER_ID", b.charge("MerchantPay", "o1", id, "Amount=100")["ErrCode"])
		require.Equal(t, 1, b.Book()[1].Captures)
	})

	tests := []struct{ op, command, data string }{
		{"start", "Init", who + "SessionType=Add"},
		{"charge", "Pay", who + "OrderId=o1;Amount=100;CardId=x"},
		{"sync", "GetList", who},
		{"sync", "PayStatus", "OrderId=o1"},
		{"refund", "Refund", "OrderId=o1;Password=123"},
		{"payer", "Register", who},
		{"payer", "Remove", who},
	}
	for _, tt := range tests {
		t.Run(tt.op+"Strikes"+tt.command, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			require.Equal(t, http.StatusOK, b.Control("faults", `{"provider":"payture","op":"`+tt.op+`","fault":"http_500","count":1}`).Status)
			require.Equal(t, 500, b.Post("/payture/vwapi/"+tt.command, "VWID", "MerchantPay", "DATA", tt.data).Status)
			require.Equal(t, 200, b.Post("/payture/vwapi/"+tt.command, "VWID", "MerchantPay", "DATA", tt.data).Status)
		})
	}

	t.Run("PagesAreSpared", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		add := b.openWallet("MerchantAdd", "SessionType=Add")
		pay := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100")
		b.Control("faults", `{"provider":"payture","op":"*","fault":"http_500"}`)
		require.Equal(t, 200, b.Get("/payture/vwapi/Add?SessionId="+add).Status)
		require.Equal(t, 200, b.Get("/payture/vwapi/Pay?SessionId="+pay).Status)
		require.Equal(t, 200, b.Post("/payture/vwapi/Pay", "SessionId", pay).Status)
	})

	t.Run("WrongAmountTakesAnother", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.Control("faults", `{"provider":"payture","op":"charge","fault":"wrong_amount","count":1}`)
		require.Equal(t, "1000", b.charge("MerchantPay", "o1", id, "Amount=1000")["Amount"])
		require.Equal(t, "900", b.walletState("MerchantPay", "o1")["Amount"])
	})
}

var hidden = regexp.MustCompile(`name="(MD|PaRes)" value="([^"]+)"`)

func TestMerchant3DS(t *testing.T) {
	t.Parallel()

	// ask starts a payment with SecureCode on a card of the bank's that wants 3-D Secure.
	ask := func(t *testing.T) (*bench, reply) {
		t.Helper()
		b := withCustomer(t)
		id := b.save("5486732058864471")
		r := b.charge("MerchantPay", "o1", id, "Amount=100;SecureCode=123;IP=127.0.0.1")
		require.Equal(t, "3DS", r["Success"], r)
		return b, r
	}
	// bank answers at the bank's page and returns what the browser posts back.
	bank := func(b *bench, r reply, action string) map[string]string {
		b.Helper()
		acs := strings.TrimPrefix(r["ACSUrl"], b.URL)
		page := b.Post(acs, "TermUrl", "https://shop.example/term", "PaReq", r["PaReq"], "MD", r["ThreeDSKey"])
		require.Equal(b, http.StatusOK, page.Status)
		require.Contains(b, page.Body, `id="acs-confirm"`)
		back := b.Post(acs, "TermUrl", "https://shop.example/term", "Action", action)
		require.Contains(b, back.Body, `action="https://shop.example/term"`)
		require.Contains(b, back.Header.Get("Content-Security-Policy"), "form-action 'self' https://shop.example;")
		got := map[string]string{}
		for _, m := range hidden.FindAllStringSubmatch(back.Body, -1) {
			got[m[1]] = html.UnescapeString(m[2])
		}
		return got
	}

	t.Run("ConfirmedPays", func(t *testing.T) {
		t.Parallel()
		b, r := ask(t)
		require.Equal(t, "PreAuthorized3DS", b.walletState("MerchantPay", "o1")["State"])
		back := bank(b, r, "confirm")
		require.Equal(t, r["ThreeDSKey"], back["MD"])
		wrong := b.parse("PaySubmit3DS", b.Post("/payture/vwapi/PaySubmit3DS", "MD", back["MD"], "PaRes", "forged"))
		require.Equal(t, "THREE_DS_ERROR", wrong["ErrCode"])
		require.Equal(t, reply{"VWUserLgn": "customer-1", "OrderId": "o1", "Success": "True", "Amount": "100"},
			b.parse("PaySubmit3DS", b.Post("/payture/vwapi/PaySubmit3DS", "MD", back["MD"], "PaRes", back["PaRes"])))
		require.Equal(t, "Charged", b.walletState("MerchantPay", "o1")["State"])
		again := b.wallet("PaySubmit3DS", "MerchantPay", "MD="+back["MD"]+";PaRes="+back["PaRes"])
		require.Equal(t, "ILLEGAL_ORDER_STATE", again["ErrCode"])
		require.Equal(t, "ACCESS_DENIED", b.wallet("PaySubmit3DS", "MerchantBlock", "MD="+back["MD"]+";PaRes=x")["ErrCode"])
		require.Equal(t, 1, b.Book()[1].Captures)
	})

	t.Run("CanceledIsRejected", func(t *testing.T) {
		t.Parallel()
		b, r := ask(t)
		back := bank(b, r, "cancel")
		require.Equal(t, "CANCELED_BY_CLIENT",
			b.wallet("PaySubmit3DS", "MerchantPay", "MD="+back["MD"]+";PaRes="+back["PaRes"])["ErrCode"])
		require.Equal(t, "Rejected", b.walletState("MerchantPay", "o1")["State"])
	})

	t.Run("UnknownKeyAndMissingFields", func(t *testing.T) {
		t.Parallel()
		b, r := ask(t)
		require.Equal(t, "ORDER_NOT_FOUND", b.parse("PaySubmit3DS", b.Post("/payture/vwapi/PaySubmit3DS", "MD", "x", "PaRes", "x"))["ErrCode"])
		require.Equal(t, "WRONG_PARAMS", b.parse("PaySubmit3DS", b.Post("/payture/vwapi/PaySubmit3DS", "MD", r["ThreeDSKey"]))["ErrCode"])
		require.Equal(t, http.StatusBadRequest, b.Get(strings.TrimPrefix(r["ACSUrl"], b.URL)).Status)
	})

	t.Run("ACardWithoutItPaysAtOnceIfTheCVCIsRight", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save("4111111111100023")
		require.Equal(t, "WRONG_CVV", b.charge("MerchantPay", "o1", id, "Amount=100;SecureCode=321")["ErrCode"])
		require.Equal(t, "True", b.charge("MerchantPay", "o2", id, "Amount=100;SecureCode=123")["Success"])
	})
}
