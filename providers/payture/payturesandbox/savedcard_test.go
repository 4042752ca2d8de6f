package payturesandbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

func TestGetList(t *testing.T) {
	t.Parallel()

	t.Run("EmptyHasNoItems", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		require.Equal(t, `<GetList Success="True" VWUserLgn="customer-1" />`,
			b.Post("/payture/vwapi/GetList", "VWID", "MerchantPay", "DATA", who).Body)
	})

	t.Run("ItemsAreAsRecorded", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		require.Regexp(t, guid, id)
		require.Equal(t, `<GetList Success="True" VWUserLgn="customer-1">`+"\r\n"+
			`  <Item CardName="411111xxxxxx1112" CardId="`+id+`" CardHolder="SANDBOX PAYER" Status="IsActive" NoCVV="true" Expired="false" />`+"\r\n"+
			`</GetList>`, b.Post("/payture/vwapi/GetList", "VWID", "MerchantPay", "DATA", who).Body)
	})

	noCVV := []struct{ card, want string }{
		{"4111111111111112", "true"},
		{"4111111111100031", "true"},
		{card3DS, "true"},
		{"5486732058864471", "true"},
		{"4111111111100023", "false"},
	}
	for _, tt := range noCVV {
		t.Run("NoCVVOf"+tt.card, func(t *testing.T) {
			t.Parallel()
			b := withCustomer(t)
			b.save(tt.card)
			require.Equal(t, tt.want, b.list()[0]["NoCVV"])
		})
	}

	t.Run("TheCardThatPaidLastIsFirst", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		older, newer := b.save(goodCard), b.save("4111111111100031")
		require.Equal(t, newer, b.list()[0]["CardId"])
		b.clock.Advance(time.Second)
		require.Equal(t, "True", b.wallet("Pay", "MerchantPay", who+"OrderId=o1;Amount=100;CardId="+older)["Success"])
		require.Equal(t, older, b.list()[0]["CardId"])
	})

	t.Run("HasTwentyCardsAtMost", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		saved := 0
		for _, card := range []string{
			"4111111111111112", "4011111111111112", "5218851946955484", "4111111111100031", "4111111111100023", "4111111111111111",
			"5486732058864471", "2202208311110010", "6390028880000000010", "676280000000000011", "676280651854600010", "4111101000000046",
			"4111111111100072", "4111111111100080", "4111111111100056", "4111111111100221", "4111111111100627", "4111111111102029",
			"4100401111100062", "4100401111100328", "4100401111100724", "4100401111103025",
		} {
			b.save(card)
			saved++
			require.Len(t, b.list(), min(saved, 20))
		}
	})

	t.Run("ExpiredCardsAreNotReturned", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.clock.Advance(5 * 366 * 24 * time.Hour)
		require.Empty(t, b.list())
		r := b.wallet("Pay", "MerchantPay", who+"OrderId=o1;Amount=100;CardId="+id)
		require.Equal(t, reply{"VWUserLgn": "customer-1", "OrderId": "o1", "Success": "False", "ErrCode": "CARD_EXPIRED"}, r)
		require.NotEqual(t, id, b.save(goodCard), "a new card of the same number may be added")
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	b := withCustomer(t)
	id := b.save(goodCard)
	refused := func(code string) reply {
		return reply{"Success": "False", "VWUserLgn": "customer-1", "CardId": "", "ErrCode": code}
	}
	require.Equal(t, refused("WRONG_PARAMS"), b.wallet("Remove", "MerchantAdd", who))
	require.Equal(t, refused("CARD_NOT_FOUND"), b.wallet("Remove", "MerchantAdd", who+"CardId=other"))
	require.Equal(t, reply{"Success": "True", "VWUserLgn": "customer-1", "CardId": id}, b.wallet("Remove", "MerchantAdd", who+"CardId="+id))
	require.Equal(t, refused("CARD_NOT_FOUND"), b.wallet("Remove", "MerchantAdd", who+"CardId="+id))
	require.Empty(t, b.list())
	require.Equal(t, "WRONG_CARD", b.wallet("Pay", "MerchantPay", who+"OrderId=o1;Amount=100;CardId="+id)["ErrCode"])
	require.Equal(t, "ORDER_NOT_FOUND", b.walletState("MerchantPay", "o1")["ErrCode"], "the OrderId is free")
	require.NotEqual(t, id, b.save(goodCard), "it may be added again")
}

func TestActivate(t *testing.T) {
	t.Parallel()
	b := setup(t, options{payture: payturesandbox.Options{Accounts: []payturesandbox.Account{
		{Key: "MerchantAdd", Password: "123", Wallet: true, Activate: true}, {Key: "MerchantPay", Password: "123", Wallet: true},
	}}})
	b.wallet("Register", "MerchantAdd", who)
	require.Equal(t, "NotActive", b.visit("Add", b.openWallet("MerchantAdd", "SessionType=Add"), "", "").State)
	require.Equal(t, "NotActive", b.list()[0]["Status"])
	id := b.list()[0]["CardId"]
	card := who + "CardId=" + id
	require.Equal(t, "WRONG_CARD", b.wallet("Pay", "MerchantPay", card+";OrderId=o1;Amount=100")["ErrCode"])

	refused := func(code string) reply {
		return reply{"Success": "False", "VWUserLgn": "customer-1", "CardId": "", "ErrCode": code}
	}
	require.Equal(t, refused("CARD_NOT_FOUND"), b.wallet("Activate", "MerchantAdd", who+"CardId=other;Amount=101"))
	require.Equal(t, refused("WRONG_PARAMS"), b.wallet("Activate", "MerchantAdd", card))
	require.Equal(t, refused("AMOUNT_ERROR"), b.wallet("Activate", "MerchantAdd", card+";Amount=100"))
	require.Equal(t, refused("FORMAT_ERROR"), b.wallet("Activate", "MerchantAdd", card+";Amount=1.01"))
	for range 2 {
		require.Equal(t, reply{"Success": "True", "VWUserLgn": "customer-1", "CardId": id}, b.wallet("Activate", "MerchantAdd", card+";Amount=101"))
	}
	require.Equal(t, "IsActive", b.list()[0]["Status"])
	require.Equal(t, "True", b.wallet("Pay", "MerchantPay", card+";OrderId=o1;Amount=100")["Success"])
}

func TestAdd_CardDataFromTheMerchantIsRefused(t *testing.T) {
	t.Parallel()
	b := withCustomer(t)
	r := b.wallet("Add", "MerchantAdd", who+"CardNumber="+goodCard+";EMonth=12;EYear=28;CardHolder=Ivan Ivanov;SecureCode=123")
	require.Equal(t, reply{"Success": "False", "ErrCode": "OPERATION_NOT_ALLOWED"}, r)
	r = b.wallet("Pay", "MerchantPay", who+"CardId=FreePay;CardNumber="+goodCard+";OrderId=o1;Amount=100")
	require.Equal(t, "OPERATION_NOT_ALLOWED", r["ErrCode"])
}

func TestControlCards(t *testing.T) {
	t.Parallel()

	change := func(b *bench, format string, a ...any) int {
		return b.Control("cards", fmt.Sprintf(format, a...)).Status
	}

	t.Run("ListsThem", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		b.save("4111111111100031")
		require.JSONEq(t, `[{"provider":"payture","customer":"customer-1","id":"`+id+`","name":"411111xxxxxx1112","expiry":"12/29","status":"IsActive","expired":false}]`,
			b.Get("/_control/cards?provider=payture&card=411111xxxxxx1112").Body)
		require.Equal(t, 2, strings.Count(b.Get("/_control/cards?provider=payture&customer=customer-1").Body, "IsActive"))
		require.Equal(t, "[]\n", b.Get("/_control/cards?provider=payture&customer=customer-2").Body)
	})

	t.Run("RemoveExpireDeactivate", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		removed, expired, inactive := b.save(goodCard), b.save("4111111111100031"), b.save(card3DS)
		require.Equal(t, 200, change(b, `{"provider":"payture","card":%q,"action":"remove"}`, removed))
		require.Equal(t, 200, change(b, `{"provider":"payture","customer":"customer-1","card":"4111 1111 1110 0031","action":"expire"}`))
		require.Equal(t, 200, change(b, `{"provider":"payture","card":"411111xxxxxx1111","action":"deactivate"}`))
		require.Len(t, b.list(), 1)
		require.Equal(t, "NotActive", b.list()[0]["Status"])
		pay := func(order, id string) string {
			return b.wallet("Pay", "MerchantPay", who+"Amount=100;OrderId="+order+";CardId="+id)["ErrCode"]
		}
		require.Equal(t, "WRONG_CARD", pay("o1", removed))
		require.Equal(t, "CARD_EXPIRED", pay("o2", expired))
		require.Equal(t, "WRONG_CARD", pay("o3", inactive))
		require.Equal(t, 200, change(b, `{"provider":"payture","card":%q,"action":"activate"}`, inactive))
		require.Empty(t, pay("o4", inactive))
	})

	t.Run("RefuseUntilAccept", func(t *testing.T) {
		t.Parallel()
		b := withCustomer(t)
		id := b.save(goodCard)
		require.Equal(t, 200, change(b, `{"provider":"payture","card":%q,"action":"refuse","code":"AMOUNT_EXCEED"}`, id))
		r := b.wallet("Pay", "MerchantPay", who+"Amount=100;OrderId=o1;CardId="+id)
		require.Equal(t, "AMOUNT_EXCEED", r["ErrCode"])
		require.Equal(t, "Rejected", b.visit("Pay", b.openWallet("MerchantPay", "SessionType=Pay;OrderId=o2;Amount=100"), goodCard, "").State)
		require.Equal(t, 200, change(b, `{"provider":"payture","card":%q,"action":"accept"}`, id))
		require.Equal(t, "True", b.wallet("Pay", "MerchantPay", who+"Amount=100;OrderId=o3;CardId="+id)["Success"])
	})

	t.Run("SurvivesARestart", func(t *testing.T) {
		t.Parallel()
		file := t.TempDir() + "/state"
		first := setup(t, options{stateFile: file})
		first.wallet("Register", "MerchantAdd", who)
		first.save(goodCard)
		change(first, `{"provider":"payture","customer":"customer-1","action":"expire"}`)
		require.Empty(t, setup(t, options{stateFile: file}).list())
	})

	tests := []struct {
		name, body string
		status     int
	}{
		{"UnknownProvider", `{"provider":"nobody","card":"x","action":"remove"}`, http.StatusNotFound},
		{"NoMatch", `{"provider":"payture","card":"x","action":"remove"}`, http.StatusNotFound},
		{"NothingNamed", `{"provider":"payture","action":"remove"}`, http.StatusBadRequest},
		{"UnknownAction", `{"provider":"payture","card":"x","action":"steal"}`, http.StatusBadRequest},
		{"RefuseWithoutCode", `{"provider":"payture","card":"x","action":"refuse"}`, http.StatusBadRequest},
		{"CodeWithoutRefuse", `{"provider":"payture","card":"x","action":"remove","code":"X"}`, http.StatusBadRequest},
		{"UnknownMember", `{"provider":"payture","card":"x","action":"remove","why":"X"}`, http.StatusBadRequest},
	}
	b := setup(t, options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.status, b.Control("cards", tt.body).Status)
		})
	}
	require.Equal(t, http.StatusNotFound, b.Get("/_control/cards?provider=nobody").Status)
}

// KeptCards is the optional half of a vendor.
var _ sandbox.CardKeeper = (*payturesandbox.Vendor)(nil)
