package payturesandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// submitWallet sends the form of one of eWallet's pages.
func (b *bench) submitWallet(session string, pairs ...string) answer {
	b.Helper()
	typed := map[string]string{
		"SessionId": session, "CardNumber": goodCard, "DateTo": "12/28", "SecureCode": "123", "CardHolder": "Ivan Petrov",
	}
	for i := 0; i < len(pairs); i += 2 {
		typed[pairs[i]] = pairs[i+1]
	}
	var all []string
	for k, v := range typed {
		all = append(all, k, v)
	}
	return b.Post("/payture/vwapi/PaySubmit", all...)
}

func (b *bench) addPage(session string) answer {
	b.Helper()
	return b.Get("/payture/vwapi/Add?SessionId=" + session)
}

func TestAddPage(t *testing.T) {
	t.Parallel()

	t.Run("SavesACard", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantAdd", "SessionType=Add;Amount=1000;Language=EN")
		a := b.addPage(s)
		for _, part := range []string{
			`<title>Save a card · Demo Shop</title>`, `id="payForm"`, `action="/payture/vwapi/PaySubmit"`, `name="CardNumber"`, `id="note"`,
			"10.00\u00a0RUB", "Save the card", "Attempts left: 5", "later charges are refused by its bank",
		} {
			require.Contains(t, a.Body, part)
		}
		require.NotContains(t, a.Body, `id="order"`)
		a = b.submitWallet(s)
		require.Equal(t, http.StatusSeeOther, a.Status)
		require.Equal(t, "/payture/vwapi/Add?SessionId="+s, a.Header.Get("Location"))
		a = b.addPage(s)
		require.Contains(t, a.Body, "Card saved")
		require.Contains(t, a.Body, "•••• 1112")
		require.Contains(t, a.Body, `data-state="IsActive"`)
		require.Equal(t, "3;url=https://shop.example/back?o=&s=True", a.Header.Get("Refresh"))
		require.Equal(t, "Ivan Petrov", b.list()[0]["CardHolder"])
		require.Contains(t, b.Get("/_control/cards?provider=payture").Body, `"expiry":"12/28"`)

		e := b.Book()[0]
		require.Equal(t, []any{s, "verification", int64(1000), int64(1000), int64(1000), 1, "Refunded"},
			[]any{e.OrderRef, e.Kind, e.AmountMinor, e.CapturedMinor, e.RefundedMinor, e.Captures, e.State})

		b.submitWallet(s, "CardNumber", "4111111111100031")
		require.Len(t, b.list(), 1, "a session saves one card")
	})

	t.Run("PaytureChoosesTheSum", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		b.visit("Add", b.openWallet("MerchantAdd", "SessionType=Add"), "", "")
		require.Equal(t, int64(101), b.Book()[0].CapturedMinor)
	})

	t.Run("3DSComesFirst", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantAdd", "SessionType=Add;Amount=1000")
		acs := b.submitWallet(s, "CardNumber", card3DS).Header.Get("Location")
		require.True(t, strings.HasPrefix(acs, "/payture/acs/"), acs)
		require.Empty(t, b.list())
		require.Contains(t, b.addPage(s).Body, `id="unfinished"`)
		require.Equal(t, http.StatusSeeOther, b.Post(acs, "Action", "cancel").Status)
		require.Empty(t, b.list())
		a := b.addPage(s)
		require.Contains(t, a.Body, `<strong>Карта не сохранена.</strong> Вы отказались на странице банка.`)
		require.Contains(t, a.Body, "Осталось попыток: 4")
		acs = b.submitWallet(s, "CardNumber", card3DS).Header.Get("Location")
		a = b.Post(acs, "Action", "confirm")
		require.Equal(t, "/payture/vwapi/Add?SessionId="+s, a.Header.Get("Location"))
		require.Equal(t, "411111xxxxxx1111", b.list()[0]["CardName"])
	})

	t.Run("RefusedCardsUseUpAttempts", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantAdd", "SessionType=Add;Amount=1000")
		for _, card := range []string{"3300000000000001", "5500000000000004", "6600000000000001", "4111111111111114"} {
			require.Equal(t, "Rejected", b.visit("Add", s, card, "").State)
		}
		paid := b.visit("Add", s, "", "decline")
		require.Equal(t, "ISSUER_CARD_FAIL", paid.ErrCode)
		require.Equal(t, "https://shop.example/back?o=&s=False", paid.ReturnURL)
		require.Equal(t, "LIMIT_EXCHAUST", b.visit("Add", s, "", "").ErrCode)
		require.Contains(t, b.addPage(s).Body, "Карта не сохранена")
		require.Empty(t, b.list())
		require.Empty(t, b.Book())
	})

	t.Run("AMistypedFormUsesNone", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantAdd", "SessionType=Add")
		a := b.submitWallet(s, "CardNumber", "4242424242424242", "DateTo", "13/28", "CardHolder", "I")
		require.Equal(t, http.StatusUnprocessableEntity, a.Status)
		require.Contains(t, a.Body, "Осталось попыток: 5")
	})

	t.Run("ACardThatIsThereIsADuplicate", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(card3DS)
		paid := b.visit("Add", b.openWallet("MerchantAdd", "SessionType=Add"), card3DS, "")
		require.Equal(t, []string{"Rejected", "DUPLICATE_CARD"}, []string{paid.State, paid.ErrCode})
		require.Len(t, b.list(), 1)
		require.Equal(t, id, b.list()[0]["CardId"])
		require.Len(t, b.Book(), 1, "nothing was taken for it")
	})

	t.Run("TwoSessionsAt3DSSaveOneCard", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		one := b.submitWallet(b.openWallet("MerchantAdd", "SessionType=Add"), "CardNumber", card3DS).Header.Get("Location")
		two := b.submitWallet(b.openWallet("MerchantAdd", "SessionType=Add"), "CardNumber", card3DS).Header.Get("Location")
		b.Post(one, "Action", "confirm")
		b.Post(two, "Action", "confirm")
		require.Len(t, b.list(), 1)
		require.Len(t, b.Book(), 1)
	})

	t.Run("AbandonStopsAt3DS", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		require.Equal(t, "PreAuthorized3DS", b.visit("Add", b.openWallet("MerchantAdd", "SessionType=Add"), "", "abandon").State)
		require.Empty(t, b.list())
	})

	t.Run("AnExpiredSessionSavesNothing", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantAdd", "SessionType=Add")
		b.clock.Advance(time.Hour)
		require.Equal(t, "ORDER_TIME_OUT", b.visit("Add", s, "", "").ErrCode)
		require.Contains(t, b.addPage(s).Body, "Время вышло")
	})

	t.Run("EachSessionHasItsOwnPage", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		add := b.openWallet("MerchantAdd", "SessionType=Add")
		require.Equal(t, http.StatusNotFound, b.Get("/payture/vwapi/Pay?SessionId="+add).Status)
		require.Equal(t, http.StatusNotFound, b.Get("/payture/apim/Pay?SessionId="+add).Status)
		require.Equal(t, http.StatusNotFound, b.addPage(b.open("Pay", "o1", 100)).Status)
		require.Equal(t, http.StatusNotFound, b.addPage("undefined").Status)
		require.Equal(t, http.StatusNotFound, b.Control("pay", `{"url":"http://x/payture/vwapi/Pay?SessionId=`+add+`"}`).Status)
	})
}

func TestWalletPayPage(t *testing.T) {
	t.Parallel()

	t.Run("PaysAndSavesTheCard", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=12480;Language=EN")
		require.Contains(t, b.Get("/payture/vwapi/Pay?SessionId="+s).Body, "The card will be saved for later payments.")
		require.Equal(t, http.StatusSeeOther, b.submitWallet(s).Status)
		require.Equal(t, "Charged", b.walletState("MerchantPay", "o1")["State"])
		require.Equal(t, "payment", b.Book()[0].Kind)
		card := b.list()[0]
		require.Equal(t, "IsActive", card["Status"])
		require.Equal(t, "True", b.charge("MerchantPay", "o2", card["CardId"], "Amount=100")["Success"])
	})

	t.Run("ACardThatIsThereIsSavedOnce", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		b.save(goodCard)
		require.Equal(t, "Authorized", b.visit("Pay", b.openWallet("MerchantBlock", "SessionType=Block;OrderId=o1;Amount=100"), goodCard, "").State)
		require.Len(t, b.list(), 1)
	})

	t.Run("ADeclinedCardIsNotSaved", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100")
		require.Equal(t, "ISSUER_BLOCKED_CARD", b.visit("Pay", s, "4111111111100072", "").ErrCode)
		require.Empty(t, b.list())
	})

	t.Run("ADeletedCustomerPaysNoMore", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100")
		b.wallet("Delete", "MerchantPay", "VWUserLgn=customer-1;Password=123")
		b.submitWallet(s)
		require.Empty(t, b.Book())
	})

	t.Run("ASavedCardAsksForItsCVCOnly", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save("5486732058864471")
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100;CardId="+id)
		page := b.Get("/payture/vwapi/Pay?SessionId=" + s).Body
		require.Contains(t, page, `<p class="saved" id="saved-card">•••• 4471</p>`)
		require.Contains(t, page, `name="SecureCode"`)
		require.NotContains(t, page, `name="CardNumber"`)
		require.Contains(t, b.Get("/payture/vwapi/Pay?SessionId="+s+"&Card=other").Body, `name="CardNumber"`)

		send := func(cvc string) answer {
			return b.Post("/payture/vwapi/PaySubmit", "SessionId", s, "Saved", "1", "SecureCode", cvc)
		}
		require.Equal(t, http.StatusUnprocessableEntity, send("").Status)
		acs := send("123").Header.Get("Location")
		require.True(t, strings.HasPrefix(acs, "/payture/acs/"), acs)
		b.Post(acs, "Action", "confirm")
		require.Equal(t, "Charged", b.walletState("MerchantPay", "o1")["State"])
		require.Len(t, b.list(), 1)
	})

	t.Run("ARemovedSavedCardGivesWayToTheForm", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o1;Amount=100;CardId="+id)
		b.wallet("Remove", "MerchantPay", who+"CardId="+id)
		require.Contains(t, b.Get("/payture/vwapi/Pay?SessionId="+s).Body, `name="CardNumber"`)
		require.Equal(t, http.StatusUnprocessableEntity, b.Post("/payture/vwapi/PaySubmit", "SessionId", s, "Saved", "1").Status)
	})

	t.Run("ABankThatWants3DSGetsItHere", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.Control("cards", `{"provider":"payture","card":"`+id+`","action":"refuse","code":"THREE_DS_NOT_ATTEMPTED"}`)
		require.Equal(t, "THREE_DS_NOT_ATTEMPTED", b.charge("MerchantPay", "o1", id, "Amount=100")["ErrCode"])
		s := b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o2;Amount=100;CardId="+id)
		require.Equal(t, "PreAuthorized3DS", b.visit("Pay", s, "", "abandon").State)
		require.Equal(t, "Charged", b.visit("Pay", s, "", "").State)
	})
}

func TestWalletNotice(t *testing.T) {
	t.Parallel()
	b := withCustomer(t)
	got := hook(b, 200) // of Merchant, which serves the merchant's other terminals
	expect := func(want string) {
		t.Helper()
		require.Equal(t, "POST application/x-www-form-urlencoded "+want, <-got)
	}
	b.wallet("Update", "MerchantAdd", who+"PhoneNumber=79990001122;Email=a@b.example")
	s := b.openWallet("MerchantAdd", "SessionType=Add;Amount=1000")
	b.visit("Add", s, "", "decline")
	const at = "&TransactionDate=21.11.2026+15%3A00%3A00"
	expect("Notification=CustomerAddFail&MerchantContract=MerchantAdd&Success=False&ErrCode=ISSUER_CARD_FAIL&VWUserLgn=customer-1&PhoneNumber=79990001122" + at)
	b.submitWallet(s)
	id := b.list()[0]["CardId"]
	expect("Notification=CustomerAddSuccess&MerchantContract=MerchantAdd&Success=True&ErrCode=NONE&VWUserLgn=customer-1&PhoneNumber=79990001122" +
		"&CardNumber=411111xxxxxx1112" + at + "&IsAlfa=False&CardName=411111xxxxxx1112&CardHolder=Ivan+Petrov&CardId=" + id +
		"&SessionId=" + s + "&DateTime=639308592000000000")

	b.charge("MerchantPay", "o1", id, "Amount=500;IP=127.0.0.1")
	expect("Notification=CustomerPaySuccess&MerchantContract=MerchantPay&Success=True&ErrCode=NONE&VWUserLgn=customer-1&CardId=" + id +
		"&OrderId=o1&Amount=500&IP=127.0.0.1&Is3DS=False&IsAFAuthorize=False" + at + "&SessionId=&CardNumber=411111xxxxxx1112&DateTime=639308592000000000")
	b.wallet("Refund", "MerchantPay", "OrderId=o1;Password=123;Amount=100")
	expect("Notification=CustomerRefundSuccess&MerchantContract=MerchantPay&Success=True&ErrCode=NONE&OrderId=o1&NewAmount=400&TransactionDate=11%2F21%2F2026+15%3A00%3A00")
	b.visit("Pay", b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o2;Amount=100"), "", "decline")
	expect("Notification=CustomerPayFail&MerchantContract=MerchantPay&Success=False&ErrCode=ISSUER_CARD_FAIL&Email=a%40b.example&OrderId=o2" +
		"&CardNumber=411111xxxxxx1112&Amount=100" + at)

	b.charge("MerchantBlock", "o3", id, "Amount=100")
	require.Contains(t, <-got, "Notification=CustomerPaySuccess&MerchantContract=MerchantBlock")
	b.Post("/payture/vwapi/Charge", "VWID", "MerchantBlock", "Password", "123", "OrderId", "o3")
	require.Contains(t, <-got, "Notification=EngineChargeSuccess&MerchantContract=MerchantBlock")

	own := make(chan string, 1)
	require.NoError(t, b.Server.SetNotifyURL("payture", "MerchantPay", receiver(b, 200, own)))
	b.charge("MerchantPay", "o4", id, "Amount=100")
	require.Contains(t, <-own, "OrderId=o4", "a terminal's own address goes first")
	require.Empty(t, got)
}
