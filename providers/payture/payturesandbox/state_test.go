package payturesandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestGetState(t *testing.T) {
	t.Parallel()

	t.Run("BeforeTheCardIsNoneThenTimeOut", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.open("Pay", "o1", 100)
		require.Equal(t, reply{"Success": "False", "OrderId": "o1", "Forwarded": "False", "ErrCode": "NONE"}, b.state("o1"))
		require.Equal(t, "NONE", b.command("PayStatus", "Key", "Merchant", "OrderId", "o1")["ErrCode"])

		b.clock.Advance(time.Hour - time.Microsecond)
		require.Equal(t, "NONE", b.state("o1")["ErrCode"])
		b.clock.Advance(time.Microsecond)
		require.Equal(t, "ORDER_TIME_OUT", b.state("o1")["ErrCode"])
		require.Equal(t, "ORDER_TIME_OUT", b.command("PayStatus", "Key", "Merchant", "OrderId", "o1")["ErrCode"])
	})

	t.Run("ChargebackTakesBackWhatIsLeftOnce", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Pay", "o1", 12480), "", "")
		b.command("Refund", "Key", "Merchant", "Password", "123", "OrderId", "o1", "Amount", "480")
		for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
			require.Equal(t, want, b.Ask(http.MethodPost, "/payture/_test/chargeback", `{"order":"o1"}`).Status)
		}
		r := b.state("o1")
		require.Equal(t, []string{"Chargeback", "0"}, []string{r["State"], r["Amount"]})
		require.Equal(t, int64(12480), b.Book()[0].RefundedMinor)
		require.Equal(t, "ILLEGAL_ORDER_STATE", b.command("Refund", "Key", "Merchant", "Password", "123", "OrderId", "o1", "Amount", "100")["ErrCode"])
	})

	t.Run("ChargedHasEveryAttribute", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Pay", "o1", 12480), "", "")
		r := b.state("o1")
		require.Regexp(t, `^\d{12}$`, r["RRN"])
		delete(r, "RRN")
		require.Equal(t, reply{
			"Success": "True", "OrderId": "o1", "State": "Charged", "Forwarded": "False", "MerchantContract": "Merchant", "Amount": "12480",
		}, r)
		require.Equal(t, reply{"Success": "True", "OrderId": "o1", "Amount": "12480", "State": "Charged"},
			b.command("PayStatus", "Key", "Merchant", "OrderId", "o1"))
	})

	t.Run("UnknownOrder", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, reply{"Success": "False", "OrderId": "o1", "Forwarded": "False", "ErrCode": "ORDER_NOT_FOUND"}, b.state("o1"))
	})

	t.Run("AccessAndParams", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		require.Equal(t, "ACCESS_DENIED", b.command("GetState", "Key", "Nobody", "OrderId", "o1")["ErrCode"])
		require.Equal(t, "WRONG_PARAMS", b.command("GetState", "Key", "Merchant")["ErrCode"])
		require.Equal(t, "OPERATION_NOT_ALLOWED", b.command("PayStatus", "Key", "MerchantPay", "OrderId", "o1")["ErrCode"])
	})

	t.Run("PaidOrderNeverTimesOut", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Pay", "o1", 100), "", "")
		b.clock.Advance(30 * 24 * time.Hour)
		require.Equal(t, "Charged", b.state("o1")["State"])
	})
}

func TestTwoStage(t *testing.T) {
	t.Parallel()

	hold := func(t *testing.T) *bench {
		t.Helper()
		b := setup(t, options{})
		require.Equal(t, "Authorized", b.pay(b.open("Block", "o1", 1000), "", "").State)
		return b
	}

	t.Run("HoldTakesNothing", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, "1000", b.state("o1")["Amount"])
		require.Equal(t, "Authorized", b.Book()[0].State)
		require.Zero(t, b.Book()[0].Captures)
	})

	t.Run("ChargeTakesAllByDefault", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, reply{"Success": "True", "OrderId": "o1", "Amount": "1000"}, b.operate("Charge", "o1"))
		require.Equal(t, "Charged", b.state("o1")["State"])
		require.Equal(t, int64(1000), b.Book()[0].CapturedMinor)
	})

	t.Run("ChargeTakesLess", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, "400", b.operate("Charge", "o1", "Amount", "400")["Amount"])
		require.Equal(t, "400", b.state("o1")["Amount"])
		require.Equal(t, int64(400), b.Book()[0].CapturedMinor)
	})

	t.Run("ChargeNeverTakesMore", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, reply{"Success": "False", "OrderId": "o1", "ErrCode": "AMOUNT_ERROR"}, b.operate("Charge", "o1", "Amount", "1001"))
		require.Equal(t, "Authorized", b.state("o1")["State"])
	})

	t.Run("SecondChargeIsIllegal", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		b.operate("Charge", "o1")
		require.Equal(t, reply{"Success": "False", "OrderId": "o1", "ErrCode": "ILLEGAL_ORDER_STATE"}, b.operate("Charge", "o1"))
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("UnblockReleasesAll", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, reply{"Success": "True", "OrderId": "o1", "NewAmount": "0"}, b.operate("Unblock", "o1"))
		require.Equal(t, "Voided", b.state("o1")["State"])
		require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate("Charge", "o1")["ErrCode"])
		require.Equal(t, "DUPLICATE_ORDER_ID", b.command("Init", "Key", "Merchant", "Data", "SessionType=Block;OrderId=o1;Amount=1000")["ErrCode"])
	})

	t.Run("UnblockOfAPartIsRefused", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, "AMOUNT_ERROR", b.operate("Unblock", "o1", "Amount", "999")["ErrCode"])
		require.Equal(t, "True", b.operate("Unblock", "o1", "Amount", "1000")["Success"])
	})

	t.Run("HoldLapsesAfter7Days", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		b.clock.Advance(7*24*time.Hour - time.Microsecond)
		require.Equal(t, "Authorized", b.state("o1")["State"])
		b.clock.Advance(time.Microsecond)
		require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate("Charge", "o1")["ErrCode"])
		require.Equal(t, "AuthorizationClosed", b.state("o1")["State"])
		require.Equal(t, "AuthorizationClosed", b.Book()[0].State)
	})

	t.Run("OnePayOrderIsNotCharged", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.pay(b.open("Pay", "o1", 100), "", "")
		require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate("Charge", "o1")["ErrCode"])
		require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate("Unblock", "o1")["ErrCode"])
	})

	t.Run("WrongAmountFaultTakesLess", func(t *testing.T) {
		t.Parallel()
		b := hold(t)
		require.Equal(t, 200, b.Control("faults", `{"provider":"payture","op":"charge","fault":"wrong_amount"}`).Status)
		require.Equal(t, "True", b.operate("Charge", "o1")["Success"])
		require.Equal(t, "900", b.state("o1")["Amount"])
		require.Equal(t, int64(900), b.Book()[0].CapturedMinor)
	})
}

func TestRefund(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	b.pay(b.open("Pay", "o1", 1000), "", "")

	require.Equal(t, reply{"Success": "True", "OrderId": "o1", "NewAmount": "700"}, b.operate("Refund", "o1", "Amount", "300"))
	require.Equal(t, "Charged", b.state("o1")["State"])
	require.Equal(t, "700", b.state("o1")["Amount"])
	require.Equal(t, "AMOUNT_ERROR", b.operate("Refund", "o1", "Amount", "701")["ErrCode"])
	require.Equal(t, "AMOUNT_ERROR", b.operate("Refund", "o1", "Amount", "0")["ErrCode"])
	require.Equal(t, "0", b.operate("Refund", "o1")["NewAmount"], "absent is all that is left")
	require.Equal(t, "Refunded", b.state("o1")["State"])
	require.Equal(t, "ILLEGAL_ORDER_STATE", b.operate("Refund", "o1")["ErrCode"])
	require.Equal(t, int64(1000), b.Book()[0].RefundedMinor)
	require.Equal(t, int64(1000), b.Book()[0].CapturedMinor)
}

func TestOperations_Refuse(t *testing.T) {
	t.Parallel()
	b := setup(t, options{})
	b.open("Block", "unpaid", 100)

	tests := []struct {
		name  string
		pairs []string
		code  string
	}{
		{"NoPassword", []string{"Key", "Merchant", "OrderId", "unpaid"}, "ACCESS_DENIED"},
		{"WrongPassword", []string{"Key", "Merchant", "Password", "1234", "OrderId", "unpaid"}, "ACCESS_DENIED"},
		{"UnknownKey", []string{"Key", "Nobody", "Password", "123", "OrderId", "unpaid"}, "ACCESS_DENIED"},
		{"WalletKey", []string{"Key", "MerchantBlock", "Password", "123", "OrderId", "unpaid"}, "OPERATION_NOT_ALLOWED"},
		{"NoOrderID", []string{"Key", "Merchant", "Password", "123"}, "WRONG_PARAMS"},
		{"UnknownOrder", []string{"Key", "Merchant", "Password", "123", "OrderId", "other"}, "ORDER_NOT_FOUND"},
		{"DecimalAmount", []string{"Key", "Merchant", "Password", "123", "OrderId", "unpaid", "Amount", "1.00"}, "FORMAT_ERROR"},
		{"Cheque", []string{"Key", "Merchant", "Password", "123", "OrderId", "unpaid", "Cheque", "{}"}, "FORMAT_ERROR"},
		{"Unpaid", []string{"Key", "Merchant", "Password", "123", "OrderId", "unpaid"}, "ILLEGAL_ORDER_STATE"},
	}
	for _, command := range []string{"Charge", "Unblock", "Refund"} {
		for _, tt := range tests {
			t.Run(command+tt.name, func(t *testing.T) {
				t.Parallel()
				require.Equal(t, tt.code, b.command(command, tt.pairs...)["ErrCode"])
			})
		}
	}
}
