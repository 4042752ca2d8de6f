package payture

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// syncOn asks a vendor that has these answers, and returns what it was asked.
func syncOn(t *testing.T, ref providers.Ref, bodies map[string]string) ([]vendortest.Asked, providers.Result, error) {
	t.Helper()
	v := vendortest.New(t, saysBy(bodies))
	result, err := newClient(t, v.URL, true).Sync(t.Context(), ref)
	return v.Seen(), result, err
}

func getState(attributes string) map[string]string {
	return map[string]string{"GetState": `<GetState OrderId="` + order + `" ` + attributes + `/>`}
}

func TestClient_SyncStates(t *testing.T) {
	t.Parallel()

	held, taken, nothing, untold := pay.Of(12480, pay.RUB), pay.Of(12480, pay.RUB), pay.Of(0, pay.RUB), pay.Money{}
	tests := []struct {
		state                string
		want                 providers.Status
		authorized, captured pay.Money
	}{
		{"New", providers.ActionRequired, untold, untold},
		{"PreAuthorized3DS", providers.ActionRequired, untold, untold},
		{"PreAuthorizedAF", providers.ActionRequired, untold, untold},
		{"Obsolete", providers.ActionRequired, untold, untold},
		{"Pending", providers.Pending, untold, untold},
		{"Forwarded", providers.Pending, untold, untold},
		{"Forwarded(VTB)", providers.Pending, untold, untold},
		{"Error", providers.Pending, untold, untold},
		{"Authorized", providers.Authorized, held, nothing},
		{"AUTHORIZED", providers.Authorized, held, nothing},
		{"AuthorizationClosed", providers.Expired, nothing, nothing},
		{"Voided", providers.Voided, nothing, nothing},
		{"Charged", providers.Captured, nothing, taken},
		{"charged", providers.Captured, nothing, taken},
		{"Charged(Terminal)", providers.Captured, nothing, taken},
		{"Refunded", providers.Refunded, nothing, nothing},
		{"Chargeback", providers.ChargedBack, nothing, nothing},
		{"Rejected", providers.Declined, untold, untold},
		{"Rejected(Terminal)", providers.Declined, untold, untold},
		{"Rejected (Terminal)", providers.Declined, untold, untold},
	}
	for _, tt := range tests {
		t.Run(tt.state, func(t *testing.T) {
			t.Parallel()
			_, result, err := syncOn(t, providers.Ref{OrderNumber: order}, getState(`Success="True" Amount="12480" State="`+tt.state+`"`))
			require.NoError(t, err)
			require.Equal(t, tt.want, result.Status)
			require.Equal(t, tt.state, result.RawStatus)
			require.Equal(t, tt.authorized, result.Authorized)
			require.Equal(t, tt.captured, result.Captured)
			require.False(t, result.SessionOver)
			require.Nil(t, result.Redirect)
			require.Nil(t, result.TestMode)
		})
	}

	for _, unheard := range []string{
		"", "Chargedish", "ChargedX", "Charge", "NotCharged", "Paid", "Authorized3", "AuthorizationClosedLate", "Newer", "Ch\u0430rged",
		"Charged;", "Success", "Rejected|Charged", "4111111111111111", canaryKey,
	} {
		t.Run("Unheard "+unheard, func(t *testing.T) {
			t.Parallel()
			_, result, err := syncOn(t, providers.Ref{OrderNumber: order}, getState(`Success="True" Amount="12480" State="`+unheard+`"`))
			requireError(t, err, providers.OpSync, providers.Malformed, "")
			require.Zero(t, result)
		})
	}
}

func TestClient_SyncCodes(t *testing.T) {
	t.Parallel()

	results := []struct {
		code string
		want providers.Status
		over bool
	}{
		{"NONE", providers.ActionRequired, false},
		{"none", providers.ActionRequired, false},
		{"ORDER_TIME_OUT", providers.Expired, false},
		{"AMOUNT_EXCEED", providers.Declined, false},
		{"THREE_DS_FAIL", providers.Declined, false},
		{"LIMIT_EXCHAUST", providers.Declined, true},
		{"RETRY_LIMIT_EXCEEDED", providers.Declined, true},
	}
	for _, tt := range results {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			_, result, err := syncOn(t, providers.Ref{OrderNumber: order}, getState(`Success="False" ErrCode="`+tt.code+`"`))
			require.NoError(t, err)
			require.Equal(t, tt.want, result.Status)
			require.Equal(t, tt.over, result.SessionOver)
			require.Equal(t, tt.want == providers.Declined, result.Decline != nil)
		})
	}

	failures := []struct {
		code string
		kind providers.Kind
	}{
		{"ORDER_NOT_FOUND", providers.NotFound},
		{"ACCESS_DENIED", providers.Auth},
		{"WRONG_PARAMS", providers.Rejected},
		{"ILLEGAL_ORDER_STATE", providers.Conflict},
		{"INTERNAL_ERROR", providers.Unavailable},
		{"PROCESSING_TIME_OUT", providers.Unavailable},
		{"MOON_PHASE", providers.Malformed},
		{"", providers.Malformed},
	}
	for _, tt := range failures {
		t.Run("Fails "+tt.code, func(t *testing.T) {
			t.Parallel()
			seen, result, err := syncOn(t, providers.Ref{OrderNumber: order}, getState(`Success="False" ErrCode="`+tt.code+`"`))
			requireError(t, err, providers.OpSync, tt.kind, tt.code)
			require.Zero(t, result)
			require.Len(t, seen, 1)
		})
	}
}

func TestClient_SyncAnswers(t *testing.T) {
	t.Parallel()

	ref := providers.Ref{OrderNumber: order}
	malformed := []struct{ name, body string }{
		{"OtherOrder", `<GetState Success="True" OrderId="0198c0ffee0000000000000abd" State="Charged" Amount="12480"/>`},
		{"OrderMissing", `<GetState Success="True" State="Charged" Amount="12480"/>`},
		{"OrderMissingWithState", `<GetState Success="True" OrderId="" State="New"/>`},
		{"RefusalOfOtherOrder", `<GetState Success="False" OrderId="x" ErrCode="ORDER_TIME_OUT"/>`},
		{"SuccessMissing", `<GetState OrderId="` + order + `" State="Charged" Amount="12480"/>`},
		{"SuccessIs3DS", `<GetState Success="3DS" OrderId="` + order + `" State="Charged" Amount="12480"/>`},
		{"FalseButCharged", `<GetState Success="False" OrderId="` + order + `" State="Charged" Amount="12480"/>`},
		{"FalseButAuthorized", `<GetState Success="False" OrderId="` + order + `" State="Authorized" Amount="12480"/>`},
		{"AmountMissing", `<GetState Success="True" OrderId="` + order + `" State="Charged"/>`},
		{"AmountOfHoldMissing", `<GetState Success="True" OrderId="` + order + `" State="Authorized"/>`},
		{"AmountInRoubles", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="124.80"/>`},
		{"AmountWithComma", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="124,80"/>`},
		{"AmountNegative", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="-12480"/>`},
		{"AmountWithPlus", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="+12480"/>`},
		{"AmountExponent", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="1e4"/>`},
		{"AmountHex", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="0x30C0"/>`},
		{"AmountInArabicDigits", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="١٢"/>`},
		{"AmountOverflows", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="9223372036854775808"/>`},
		{"AmountOverTheAPI", `<GetState Success="True" OrderId="` + order + `" State="Charged" Amount="9007199254740992"/>`},
	}
	for _, tt := range malformed {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, result, err := syncOn(t, ref, map[string]string{"GetState": tt.body})
			requireError(t, err, providers.OpSync, providers.Malformed, codeIn(t, tt.body))
			require.Zero(t, result)
		})
	}

	t.Run("DocumentedGetState", func(t *testing.T) {
		t.Parallel()
		seen, result, err := syncOn(t, ref, map[string]string{"GetState": golden(t, "getstate-charged.xml")})
		require.NoError(t, err)
		require.Equal(t, providers.Captured, result.Status)
		require.Equal(t, pay.Of(12480, pay.RUB), result.Captured)
		require.Equal(t, "POST", seen[0].Method)
		require.Equal(t, "/apim/GetState", seen[0].Target)
		require.Equal(t, "Key="+canaryKey+"&OrderId="+order, seen[0].Body, "no password")
	})
	t.Run("PartOfItWasRefunded", func(t *testing.T) {
		t.Parallel()
		_, result, err := syncOn(t, ref, getState(`Success="True" State="Charged" Amount="2000"`))
		require.NoError(t, err)
		require.Equal(t, pay.Of(2000, pay.RUB), result.Captured)
	})
	t.Run("RejectedSaysWhy", func(t *testing.T) {
		t.Parallel()
		_, result, err := syncOn(t, ref, getState(`Success="True" State="Rejected" Amount="12480" ErrCode="AMOUNT_EXCEED"`))
		require.NoError(t, err)
		require.Equal(t, &providers.Decline{
			Code: "insufficient_funds", ProviderCode: "AMOUNT_EXCEED", Retry: pay.RetryOtherMethod,
			Message: "There is not enough money on the card, or its limit is met. Please use another one.",
		}, result.Decline)
		require.False(t, result.SessionOver)
	})
	t.Run("RejectedWithSuccessFalse", func(t *testing.T) {
		t.Parallel()
		_, result, err := syncOn(t, ref, getState(`Success="False" State="Rejected" ErrCode="ISSUER_BLOCKED_CARD"`))
		require.NoError(t, err)
		require.Equal(t, providers.Declined, result.Status)
		require.Equal(t, "card_blocked", result.Decline.Code)
	})
	t.Run("RejectedByUnheardOfCode", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, saysBy(getState(`Success="True" State="Rejected" ErrCode="MOON_PHASE"`)))
		deps := testDeps()
		var log bytes.Buffer
		deps.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		c, err := New(testConfig(v.URL), deps)
		require.NoError(t, err)
		result, err := c.Sync(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, "declined", result.Decline.Code)
		require.Equal(t, "MOON_PHASE", result.Decline.ProviderCode)
		require.Contains(t, log.String(), "MOON_PHASE")
		requireNoSecret(t, log.String())
	})
	t.Run("TriesAreOver", func(t *testing.T) {
		t.Parallel()
		_, result, err := syncOn(t, ref, getState(`Success="True" State="Rejected" ErrCode="LIMIT_EXCHAUST"`))
		require.NoError(t, err)
		require.True(t, result.SessionOver)
	})
	t.Run("TechnicalErrorEndsNothing", func(t *testing.T) {
		t.Parallel()
		_, result, err := syncOn(t, ref, getState(`Success="True" State="Error" Amount="0" ErrCode="PROCESSING_ERROR"`))
		require.NoError(t, err)
		require.Equal(t, providers.Pending, result.Status)
		require.Equal(t, "processing_error", result.Decline.Code)
		require.False(t, result.SessionOver)
	})
	t.Run("OrderNumberRefusedBeforeAsking", func(t *testing.T) {
		t.Parallel()
		seen, _, err := syncOn(t, providers.Ref{OrderNumber: "a&b"}, nil)
		requireError(t, err, providers.OpSync, providers.Rejected, "")
		require.Empty(t, seen)
	})
	t.Run("OpenedSessionThatNobodyTouchedWaits", func(t *testing.T) {
		t.Parallel()
		opened := providers.Ref{OrderNumber: order, ProviderRef: "3d0ac9a5-6a2e-4b36-9d0e-8a5f5b1c7e21"}
		_, result, err := syncOn(t, opened, getState(`Success="False" ErrCode="ORDER_NOT_FOUND"`))
		require.NoError(t, err)
		require.Equal(t, providers.ActionRequired, result.Status)
	})
}

// codeIn is the code that a malformed answer is expected to be reported with.
func codeIn(t *testing.T, body string) string {
	t.Helper()
	answer, err := readReply([]byte(body), "GetState")
	require.NoError(t, err)
	return answer.code()
}

func TestClient_SyncFallsBackToPayStatus(t *testing.T) {
	t.Parallel()

	ref := providers.Ref{OrderNumber: order}
	for _, code := range []string{"API_NOT_ALLOWED", "OPERATION_NOT_ALLOWED", "NOT_ALLOWED"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			seen, result, err := syncOn(t, ref, map[string]string{
				"GetState":  fmt.Sprintf(`<GetState Success="False" ErrCode=%q/>`, code),
				"PayStatus": golden(t, "paystatus-charged.xml"),
			})
			require.NoError(t, err)
			require.Equal(t, providers.Captured, result.Status)
			require.Equal(t, []string{"/apim/GetState", "/apim/PayStatus"}, []string{seen[0].Path, seen[1].Path})
			require.Equal(t, seen[0].Body, seen[1].Body)
		})
	}

	results := []struct {
		name, body string
		want       providers.Status
	}{
		{"Paid", golden(t, "paystatus-charged.xml"), providers.Captured},
		{"BeforeThePayerActs", golden(t, "paystatus-none.xml"), providers.ActionRequired},
		{"SessionIsOver", golden(t, "paystatus-time-out.xml"), providers.Expired},
	}
	for _, tt := range results {
		t.Run("UnknownCommand"+tt.name, func(t *testing.T) {
			t.Parallel()
			seen, result, err := syncOn(t, ref, map[string]string{"PayStatus": tt.body})
			require.NoError(t, err)
			require.Equal(t, tt.want, result.Status)
			require.Len(t, seen, 2)
		})
	}

	t.Run("NeitherIsAllowed", func(t *testing.T) {
		t.Parallel()
		_, _, err := syncOn(t, ref, map[string]string{
			"GetState": `<GetState Success="False" ErrCode="API_NOT_ALLOWED"/>`, "PayStatus": `<PayStatus Success="False" ErrCode="API_NOT_ALLOWED"/>`,
		})
		requireError(t, err, providers.OpSync, providers.Auth, "API_NOT_ALLOWED")
	})
	t.Run("NeitherIsThere", func(t *testing.T) {
		t.Parallel()
		seen, _, err := syncOn(t, ref, nil)
		requireError(t, err, providers.OpSync, providers.Malformed, "")
		require.Len(t, seen, 2)
	})
	t.Run("AnAnswerToTheOtherCommandIsNone", func(t *testing.T) {
		t.Parallel()
		_, _, err := syncOn(t, ref, map[string]string{"GetState": golden(t, "paystatus-charged.xml")})
		requireError(t, err, providers.OpSync, providers.Malformed, "")
	})
}
