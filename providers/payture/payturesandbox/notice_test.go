package payturesandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
)

// hook receives an account's notifications.
func hook(b *bench, status int) <-chan string {
	b.Helper()
	got := make(chan string, 100)
	require.NoError(b, b.Server.SetNotifyURL("payture", "Merchant", receiver(b, status, got)))
	return got
}

// receiver is an address that takes notifications.
func receiver(b *bench, status int, got chan<- string) string {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(status)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func TestNotice_Form(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	got := hook(b, 200)
	b.pay(b.open("Pay", "o1", 12677), "", "")
	require.Equal(t, "POST application/x-www-form-urlencoded "+
		"Is3DS=False&ForwardedTo=NotForwarded&Notification=EnginePaySuccess&MerchantContract=Merchant&Success=True"+
		"&TransactionDate=21.11.2026+15%3A00%3A00&ErrCode=NONE&OrderId=o1&Amount=12677&MerchantId=1", <-got)
}

func TestNotice_Events(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	got := hook(b, 200)
	expect := func(parts ...string) {
		t.Helper()
		body := <-got
		for _, part := range parts {
			require.Contains(t, body, part)
		}
	}

	s := b.open("Pay", "pay", 100)
	b.pay(s, "", "decline")
	expect("Notification=EnginePayFail&", "Success=False", "ErrCode=ISSUER_CARD_FAIL", "OrderId=pay&")
	b.pay(s, card3DS, "")
	expect("Notification=EnginePaySuccess&", "Is3DS=True")
	b.operate("Refund", "pay", "Amount", "30")
	expect("Notification=EngineRefundSuccess&", "Amount=30&", "NewAmount=70")

	s = b.open("Block", "block", 100)
	b.pay(s, "", "decline")
	expect("Notification=EngineBlockFail&")
	b.pay(s, "", "")
	expect("Notification=EngineBlockSuccess&", "Amount=100&")
	b.operate("Charge", "block", "Amount", "40")
	expect("Notification=EngineChargeSuccess&", "Amount=40&")

	b.pay(b.open("Block", "fails", 100), "4111111111100221", "")
	expect("Notification=EngineBlockSuccess&")
	b.operate("Charge", "fails")
	expect("Notification=EngineChargeFail&", "ErrCode=PROCESSING_ERROR")

	b.pay(b.open("Pay", "keeps", 100), "4111111111102029", "")
	expect("Notification=EnginePaySuccess&")
	b.operate("Refund", "keeps")
	expect("Notification=EngineRefundFail&", "NewAmount=100")
	require.Empty(t, got)
}

func TestNotice_RetriesWhenConfigured(t *testing.T) {
	t.Parallel()
	b := setup(t, options{payture: payturesandbox.Options{NotifyRetries: 2, NotifyInterval: time.Minute}})
	got := hook(b, 500)
	b.Control("clock", `{"speed":1000000}`)
	b.pay(b.open("Pay", "o1", 100), "", "")
	first := <-got
	require.Equal(t, first, <-got)
	require.Equal(t, first, <-got)
	require.Contains(t, first, "EnginePaySuccess")
}
