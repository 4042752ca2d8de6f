package payturesandbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCards(t *testing.T) {
	t.Parallel()
	tests := []struct {
		card   string
		amount int
		state  string
		code   string
	}{
		{"5218851946955484", 10_001, "Authorized", ""},
		{"4011111111111112", 10_001, "Authorized", ""},
		{"4111111111111112", 10_001, "Authorized", ""},
		{"4111111111100031", 10_001, "Authorized", ""},
		{"4111111111100023", 10_001, "Authorized", ""},
		{"5486732058864471", 10_001, "Authorized", ""},
		{"4111111111111111", 10_001, "Authorized", ""},
		{"2202208311110010", 10_001, "Authorized", ""},
		{"2202201111110010", 10_001, "Authorized", ""},
		{"6390028880000000010", 10_001, "Authorized", ""},
		{"6390020000000000010", 10_001, "Authorized", ""},
		{"676280000000000011", 10_001, "Authorized", ""},
		{"676280651854600010", 10_001, "Authorized", ""},
		{"4111111111111114", 10_001, "Rejected", "THREE_DS_FAIL"},
		{"4111111111111115", 10_001, "Rejected", "THREE_DS_FAIL"},
		{"3300000000000001", 100, "Rejected", "AMOUNT_EXCEED"},
		{"4400000000000008", 100, "Rejected", "WRONG_EXPIRE_DATE"},
		{"5500000000000004", 100, "Rejected", "ISSUER_BLOCKED_CARD"},
		{"6600000000000001", 100, "Rejected", "ISSUER_CARD_FAIL"},
		{"4111101000000046", 10_000, "Authorized", ""},
		{"4111101000000046", 10_001, "Rejected", "AMOUNT_EXCEED"},
		{"4111111111100056", 100, "Rejected", "PROCESSING_ERROR"},
		{"4111111111100072", 100, "Rejected", "ISSUER_BLOCKED_CARD"},
		{"4111111111100080", 100, "Rejected", "ISSUER_CARD_FAIL"},
	}
	for _, tt := range tests {
		t.Run(tt.card, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			paid := b.pay(b.open("Block", "o1", tt.amount), tt.card, "approve")
			require.Equal(t, tt.state, paid.State)
			require.Equal(t, tt.code, paid.ErrCode)
			require.Equal(t, tt.state, b.state("o1")["State"])
		})
	}
}

func TestCards_FailLater(t *testing.T) {
	t.Parallel()
	tests := []struct{ card, kind, command string }{
		{"4111111111100221", "Block", "Charge"},
		{"4111111111100627", "Block", "Unblock"},
		{"4111111111102029", "Pay", "Refund"},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.pay(b.open(tt.kind, "o1", 100), tt.card, "")
			before := b.Book()[0]
			require.Equal(t, reply{"Success": "False", "OrderId": "o1", "ErrCode": "PROCESSING_ERROR"}, b.operate(tt.command, "o1"))
			require.Equal(t, "Error", b.state("o1")["State"])
			after := b.Book()[0]
			require.Equal(t, "Error", after.State)
			require.Equal(t, before.CapturedMinor, after.CapturedMinor)
			require.Zero(t, after.RefundedMinor)
			require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate(tt.command, "o1")["ErrCode"])
		})
	}
}

func TestCards_Slow(t *testing.T) {
	t.Parallel()

	t.Run("StateAnswersMeanwhileAndSpeedShortensIt", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Block", "o1", 100), "4100401111100328", "")
		done := make(chan reply)
		go func() { done <- b.operate("Charge", "o1") }()
		require.Equal(t, "Authorized", b.state("o1")["State"])
		require.Empty(t, done)
		require.Equal(t, http.StatusOK, b.Control("clock", `{"speed":100000}`).Status)
		require.Equal(t, "True", (<-done)["Success"])
		require.Equal(t, "Charged", b.state("o1")["State"])
	})

	tests := []struct{ card, kind, command, state string }{
		{"4100401111100062", "Pay", "GetState", "Charged"},
		{"4100401111100724", "Block", "Unblock", "Voided"},
		{"4100401111103025", "Pay", "Refund", "Refunded"},
	}
	for _, tt := range tests {
		t.Run(tt.card, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			b.Control("clock", `{"speed":1000000}`)
			b.pay(b.open(tt.kind, "o1", 100), tt.card, "")
			require.Equal(t, "True", b.operate(tt.command, "o1")["Success"])
			require.Equal(t, tt.state, b.state("o1")["State"])
		})
	}

	t.Run("TwoChargesAtOnceTakeOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Block", "o1", 100), "4100401111100328", "")
		b.Control("clock", `{"speed":1000}`)
		var wait sync.WaitGroup
		for range 10 {
			wait.Go(func() { b.operate("Charge", "o1") })
		}
		wait.Wait()
		require.Equal(t, 1, b.Book()[0].Captures)
	})
}

func TestControlPay(t *testing.T) {
	t.Parallel()

	t.Run("DeclineRefusesAnyCard", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		require.Equal(t, "Rejected", b.pay(s, goodCard, "decline").State)
		paid := b.pay(s, card3DS, "decline")
		require.Equal(t, "Rejected", paid.State)
		require.Equal(t, "ISSUER_CARD_FAIL", paid.ErrCode)
		require.Equal(t, "https://shop.example/back?o=o1&s=False", paid.ReturnURL)
		require.Empty(t, b.Book())
	})

	t.Run("DeclinedSessionStaysPayable", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.pay(s, "", "decline")
		paid := b.pay(s, "", "approve")
		require.Equal(t, "Charged", paid.State)
		require.Empty(t, paid.ErrCode)
		require.Equal(t, "https://shop.example/back?o=o1&s=True", paid.ReturnURL)
	})

	t.Run("AbandonStopsAt3DSWhateverTheCard", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, "PreAuthorized3DS", b.pay(b.open("Pay", "o1", 100), "", "abandon").State)
		require.Equal(t, "PreAuthorized3DS", b.state("o1")["State"])
		require.Empty(t, b.Book())
	})

	t.Run("PaidTwiceTakesOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.pay(s, "", "")
		require.Equal(t, "Charged", b.pay(s, "", "").State)
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("ExpiredSessionTakesNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		s := b.open("Pay", "o1", 100)
		b.clock.Advance(time.Hour)
		paid := b.pay(s, "", "")
		require.Equal(t, "New", paid.State)
		require.Equal(t, "ORDER_TIME_OUT", paid.ErrCode)
		require.Empty(t, b.Book())
	})

	t.Run("UnknownURLIs404", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, u := range []string{"http://x/payture/apim/Pay?SessionId=no", "http://x/payture/apim/Init", "http://x/other"} {
			require.Equal(t, http.StatusNotFound, b.Control("pay", `{"url":"`+u+`"}`).Status)
		}
	})

	t.Run("CardThatIsNoTestCardIs400", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.Control("pay", `{"url":"http://x/payture/apim/Pay?SessionId=`+b.open("Pay", "o1", 100)+`","card":"4242424242424242"}`)
		require.Equal(t, http.StatusBadRequest, a.Status)
		require.NotContains(t, a.Body, "4242")
	})

	t.Run("WrongAmountFaultTakesLess", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.Control("faults", `{"provider":"payture","op":"charge","fault":"wrong_amount","count":1}`)
		b.pay(b.open("Pay", "o1", 1000), "", "")
		require.Equal(t, "900", b.state("o1")["Amount"])
		require.Equal(t, int64(900), b.Book()[0].CapturedMinor)
		require.Equal(t, int64(1000), b.Book()[0].AmountMinor)
	})
}

func TestState_SurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	first := setup(t, options{stateFile: file})
	first.pay(first.open("Block", "held", 1000), card3DS, "")
	paid := first.open("Pay", "paid", 500)
	first.pay(paid, "", "")
	first.open("Pay", "new", 100)
	waiting := first.open("Pay", "waiting", 100)
	acs := first.submit(waiting, "CardNumber", card3DS).Header.Get("Location")

	second := setup(t, options{stateFile: file}) // the first is not closed, as if killed
	require.Equal(t, first.Book(), second.Book())
	require.Equal(t, "NONE", second.state("new")["ErrCode"])
	require.Equal(t, first.state("paid"), second.state("paid"))
	require.Equal(t, "DUPLICATE_ORDER_ID", second.command("Init", "Key", "Merchant", "Data", "SessionType=Pay;OrderId=paid;Amount=500")["ErrCode"])
	second.pay(paid, "", "")
	require.Equal(t, "True", second.operate("Charge", "held")["Success"])
	require.Equal(t, http.StatusSeeOther, second.Post(acs, "Action", "confirm").Status)
	require.Equal(t, "Charged", second.state("waiting")["State"])
	for _, e := range second.Book() {
		require.Equal(t, 1, e.Captures, e.OrderRef)
	}

	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(kept), "411111xxxxxx1111")
	require.NotContains(t, string(kept), card3DS)
	require.NotContains(t, string(kept), goodCard)
	require.NotContains(t, string(kept), "IVAN PETROV")
}
