package ktpay

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestReadAnswer(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name, body string
		want       answer
	}{
		{"Success", `{"error":[],"response":{"success":true,"data":{"transaction_hash":"` + sampleHash + `","show_close_button":true}}}`, answer{verdict: saysYes, hash: sampleHash}},
		{"SuccessAtTheTop", `{"success":true,"data":{"transaction_hash":"` + sampleHash + `"}}`, answer{verdict: saysYes, hash: sampleHash}},
		{"Case24_ErrorOfTheReadme", `{"success":false,"data":[],"error":{"code":4010103,"messages":{"error":"Wrong id"},"hint":"Ask"}}`, answer{verdict: saysNo, code: "4010103"}},
		{"Case24_ErrorOfThePHPClient", `{"response":{"success":false,"data":[]},"error":{"code":"4220101","messages":["x"],"hint":"Ask"}}`, answer{verdict: saysNo, code: "4220101"}},
		{"Case24_ErrorOfTheOldReference", `{"success":false,"error":{"code":4220002,"message":"Bad","validation":{"order.order_id":["used"],"amount":["small"]},"hint":"Mend"}}`, answer{verdict: saysNo, code: "4220002", fields: []string{"amount", "order_id"}}},
		{"ErrorOfAllShapes", `{"success":false,"data":[],"response":{"success":false,"data":[]},"error":{"code":4220002,"messages":{"order_id":"used","error":"Bad"},"hint":"x"}}`, answer{verdict: saysNo, code: "4220002", fields: []string{"order_id"}}},
		{"FieldThatWeDoNotSend", `{"success":false,"error":{"code":4220002,"validation":{"CANARY":["x"]}}}`, answer{verdict: saysNo, code: "4220002", others: true}},
		{"NothingIsSaid", `{"data":{"transaction_hash":"` + sampleHash + `"}}`, answer{hash: sampleHash}},
		{"SaidBothWays", `{"success":false,"response":{"success":true,"data":{"transaction_hash":"` + sampleHash + `"}}}`, answer{hash: sampleHash}},
		{"SuccessWithAnError", `{"response":{"success":true,"data":{}},"error":{"code":5000001}}`, answer{code: "5000001"}},
		{"SuccessIsNoText", `{"success":"true"}`, answer{}},
		{"TwoHashes", `{"success":true,"data":{"transaction_hash":"a"},"response":{"data":{"transaction_hash":"b"}}}`, answer{verdict: saysYes}},
		{"HashIsNoText", `{"success":true,"data":{"transaction_hash":7}}`, answer{verdict: saysYes}},
		{"CodeIsNoCode", `{"success":false,"error":{"code":"CANARY <b>"}}`, answer{verdict: saysNo}},
		{"Nothing", `{}`, answer{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said, err := readAnswer([]byte(tt.body))
			require.NoError(t, err)
			require.Equal(t, tt.want, said)
		})
	}
}

func TestClient_Start_Answers(t *testing.T) {
	t.Parallel()

	const unknown, auth, rejected = providers.Unknown, providers.Auth, providers.Rejected
	tests := []struct {
		name   string
		status int
		body   string
		kind   providers.Kind
		code   string
	}{
		{"Case24_SuccessWithoutAHashIsUnknown", 200, `{"error":[],"response":{"success":true,"data":{}}}`, unknown, ""},
		{"Case24_ErrorOfTheReadme", 200, refusing(4010103, "error"), auth, "4010103"},
		{"Case24_ErrorOfThePHPClient", 401, `{"response":{"success":false},"error":{"code":4010103,"messages":["CANARY"]}}`, auth, "4010103"},
		{"Case24_ErrorOfTheOldReference", 422, `{"success":false,"error":{"code":4220103,"message":"CANARY","hint":"CANARY"}}`, auth, "4220103"},
		{"Case18_ExpiredKey", 422, refusing(4220104, "error"), auth, "4220104"},
		{"CannotBeOpened", 422, refusing(4220101, "error"), rejected, "4220101"},
		{"OtherEncryption", 422, refusing(4220102, "error"), rejected, "4220102"},
		{"WrongField", 422, refusing(4220002, "callback_post_url"), rejected, "4220002"},
		{"WrongFieldThatWeDoNotKnow", 422, refusing(4220002, "CANARY"), rejected, "4220002"},
		{"WrongAmountAndAnother", 422, `{"success":false,"error":{"code":4220002,"validation":{"amount":[],"CANARY":[]}}}`, rejected, "4220002"},
		{"WrongNothing", 422, refusing(4220002, "error"), rejected, "4220002"},
		{"UsedNumberAndAnotherField", 422, `{"success":false,"error":{"code":4220002,"validation":{"amount":[],"order_id":[]}}}`, providers.Conflict, "4220002"},
		{"InternalError", 500, refusing(5000001, "error"), unknown, "5000001"},
		{"CreationBroke", 200, refusing(5000105, "error"), unknown, "5000105"},
		{"AuthorisationDataBroke", 500, refusing(5000106, "error"), unknown, "5000106"},
		{"InformationBroke", 500, refusing(5000107, "error"), unknown, "5000107"},
		{"ReceiptBroke", 500, refusing(5000109, "error"), unknown, "5000109"},
		{"ReceiptModuleBroke", 500, refusing(5000110, "error"), unknown, "5000110"},
		{"NewCodeOfAccess", 401, refusing(4010999, "error"), auth, "4010999"},
		{"NewCodeOfARequest", 422, refusing(4220999, "error"), rejected, "4220999"},
		{"NewCodeOfTheServer", 500, refusing(5030999, "error"), unknown, "5030999"},
		{"ShortCode", 200, refusing(422, "error"), unknown, "422"},
		{"CodeZero", 200, refusing(0, "error"), unknown, "0"},
		{"NoCode", 200, `{"success":false}`, unknown, ""},
		{"NeitherYesNorNo", 200, `{}`, unknown, ""},
		{"HashInCapitals", 200, `{"response":{"success":true,"data":{"transaction_hash":"AF7ED500AA9F2132FAE4B63E936AF641BCC4EBAF"}}}`, unknown, ""},
		{"HashWithATypingError", 200, `{"response":{"success":true,"data":{"transaction_hash":"488c9a8b24d4f3f6ec5611dd37cefc6e4fdb389s"}}}`, unknown, ""},
		{"HashThatIsAnAddress", 200, `{"response":{"success":true,"data":{"transaction_hash":"../CANARY"}}}`, unknown, ""},
		{"CodeThatEchoes", 200, `{"success":false,"error":{"code":"CANARY-7f3a91bd"}}`, unknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, says(tt.status, tt.body))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			requireError(t, err, providers.OpStart, tt.kind, tt.code)
			require.ErrorContains(t, err, orderNumber)
			require.Zero(t, result)
		})
	}

	t.Run("StatusOfASuccessMayBeAnyOfThe200s", func(t *testing.T) {
		t.Parallel()
		v := newVendor(t, says(201, `{"response":{"success":true,"data":{"transaction_hash":"`+sampleHash+`"}}}`))
		result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
		require.NoError(t, err)
		require.Equal(t, sampleHash, result.ProviderRef)
	})
}

// A payer or an amount that is refused is no error.
func TestClient_Start_Declined(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, body, code, theirs string }{
		{"AmountOutsideTheirLimits", refusing(4220002, "amount"), "invalid_amount", "4220002"},
		{"ContractThatTheServiceDoesNotKnow", refusing(4220002, "order.service.contract_value"), "invalid_account", "4220002"},
		{"CodeOfTheAcquirer", `{"success":false,"error":{"code":"51"}}`, "insufficient_funds", "51"},
		{"CodeOfTheAcquirerWithATypesetMinus", `{"success":false,"error":{"code":"−19"}}`, "authentication_failed", "-19"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := newVendor(t, says(422, tt.body))
			result, err := newClient(t, v.URL).Start(t.Context(), startRequest())
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.True(t, result.SessionOver)
			require.Equal(t, tt.code, result.Decline.Code)
			require.Equal(t, tt.theirs, result.Decline.ProviderCode)
			require.NotEmpty(t, result.Decline.Message)
			requireNoSecret(t, fmt.Sprint(result, *result.Decline))
		})
	}
}

// Whatever is answered, a success has a hash, and nothing but known words of it is
// told.
func FuzzReadAnswer(f *testing.F) {
	for _, body := range []string{
		`{"error":[],"response":{"success":true,"data":{"transaction_hash":"` + sampleHash + `","show_close_button":true}}}`,
		refusing(4220002, "order.order_id"), refusing(5000001, "error"),
		`{"success":false,"error":{"code":"−19","validation":{"amount":["x"]}}}`, `[]`, `null`, `{"success":true}`, `<html>`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said, err := readAnswer(body)
		if err != nil {
			require.Zero(t, said)
			return
		}
		require.Regexp(t, `^(-?[0-9A-Z]{1,7})?$`, said.code)
		require.Subset(t, []string{
			"order_id", "amount", "type", "service", "service_id", "contract_value", "description", "show_close_button", "phone", "email",
			"callback_post_url", "callback_back_url", "callback_success_url", "callback_failed_url",
			"callback_force_back_url", "callback_force_success_url", "callback_force_failed_url",
		}, said.fields)
		require.False(t, said.verdict == saysYes && said.code != "")
		result, err := new(Client).opened(orderNumber, said)
		require.Equal(t, isHash(said.hash), err == nil)
		require.Equal(t, err == nil, result.Redirect != nil)
	})
}

func TestDeclineOfCode(t *testing.T) {
	t.Parallel()

	for _, code := range []string{
		"05", "01", "02", "37", "1A", "04", "07", "36", "46", "62", "75", "86", "12", "14", "15", "33", "54", "41", "43", "45", "51", "57", "61", "65",
		"82", "91", "96", "195", "196", "961", "962", "19", "-19", "191", "190", "198", "199", "216", "189", "21", "-21", "-22", "-2", "77", "-3", "-4",
		"-8", "8", "-9", "-17", "20", "30", "58", "59", "63", "78", "88", "93", "94", "192", "193", "194",
	} {
		t.Run("DocumentedCodeIsThere "+code, func(t *testing.T) {
			t.Parallel()
			told := declineOfCode(code)
			require.NotNil(t, told)
			require.Equal(t, code, told.ProviderCode)
			require.Regexp(t, `^[a-z_]+$`, told.Code)
			require.Regexp(t, `^[A-Z].*\.$`, told.Message)
			require.Contains(t, []pay.Retry{pay.RetryNewKey, pay.RetryOtherMethod}, told.Retry)
		})
	}
	t.Run("OthersAreNot", func(t *testing.T) {
		t.Parallel()
		for _, code := range []string{"", "0", "00", "5", "4220002", "-51"} {
			require.Nil(t, declineOfCode(code), code)
		}
	})
}
