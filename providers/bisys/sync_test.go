package bisys

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

func TestClient_Sync(t *testing.T) {
	t.Parallel()

	nothing, fee := tenge(0), tenge(13300)
	result := func(status providers.Status, raw string) providers.Result {
		return providers.Result{Status: status, ProviderRef: payment, RawStatus: raw}
	}
	captured := func(raw string, total int64) providers.Result {
		r := result(providers.Captured, raw)
		r.Authorized, r.Captured, r.Fee = nothing, tenge(total), fee
		return r
	}
	held := result(providers.Authorized, "holded")
	held.Authorized, held.Captured, held.Fee = tenge(13750), nothing, fee
	refunded := result(providers.Refunded, "refunded")
	refunded.Authorized, refunded.Captured = nothing, nothing
	lost := result(providers.Captured, "error 1001")
	lost.Authorized, lost.Captured = nothing, nothing

	tests := []struct {
		name, answer string
		want         providers.Result
	}{
		{"Created", `{"state":"created","totalAmount":13750}`, result(providers.ActionRequired, "created")},
		{"PayedAsNumber", `{"state":"payed","totalAmount":13750,"provisionServices":true}`, captured("payed", 13750)},
		{"Processed", `{"state":"processed","totalAmount":"13750","procDate":"2026-11-21 12:00:00"}`, captured("processed", 13750)},
		{"CapitalsOfTheSibling", `{"state":"PAYED","totalAmount":"13750"}`, captured("PAYED", 13750)},
		{"Held", `{"state":"holded","totalAmount":"13750"}`, held},
		{"Refunded", `{"state":"refunded","totalAmount":"13750"}`, refunded},
		{"PostingError", `{"state":"error","totalAmount":"13750","errorCode":"1001","error":"x"}`, lost},
		{"UnknownWord", `{"state":"in_orbit","totalAmount":"13750"}`, result(providers.Pending, "in_orbit")},
		{"UnknownThatIsNoWord", `{"state":"4111111111111111","totalAmount":"13750"}`, result(providers.Pending, "")},
		{"LongerWordThanPayed", `{"state":"payed_partly","totalAmount":"13750"}`, result(providers.Pending, "payed_partly")},
		{"TimeWasOver", `{"state":"rejected","error":"OrderExpired"}`, result(providers.Expired, "rejected")},
		{"TimeWasOverInTheMessage", `{"state":"rejected","message":"x.y.OrderExpiredException: late"}`, result(providers.Expired, "rejected")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.answer))
			got, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			require.Equal(t, statePath, v.Seen()[0].Path)
			require.JSONEq(t, `{"regPayNum":"1310958041"}`, v.Seen()[0].Body)
		})
	}

	refusals := []struct{ name, answer, code, providerCode string }{
		{"WithoutReason", `{"state":"rejected"}`, "declined", ""},
		{"BankCode", `{"state":"rejected","errorCode":"05"}`, "issuer_declined", "05"},
		{"BankCodeAsNumber", `{"state":"rejected","errorCode":51}`, "insufficient_funds", "51"},
		{"BankCodeInAText", `{"state":"rejected","errorCode":"1001","message":"refused, RC=54."}`, "card_expired", "54"},
		{"UnknownCode", `{"state":"rejected","errorCode":"1001"}`, "declined", "1001"},
		{"CodeIsNoWord", `{"state":"rejected","errorCode":"4111 1111 1111 1111"}`, "declined", ""},
		{"NotCreated", `{"state":"created_error","errorCode":"1001"}`, "processing_error", "1001"},
	}
	for _, tt := range refusals {
		t.Run("Refused"+tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(tt.answer))
			got, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
			require.NoError(t, err)
			require.Equal(t, providers.Declined, got.Status)
			require.Equal(t, tt.code, got.Decline.Code)
			require.Equal(t, tt.providerCode, got.Decline.ProviderCode)
			require.NotEmpty(t, got.Decline.Message)
			require.Equal(t, payment, got.ProviderRef)
			require.True(t, got.SessionOver)
		})
	}

	senseless := map[string]string{
		"NoState": `{"totalAmount":13750}`, "StateIsNull": `{"state":null}`, "NoTotal": `{"state":"payed"}`,
		"TotalIsNull": `{"state":"payed","totalAmount":null}`, "TotalOfMajorUnits": `{"state":"payed","totalAmount":"137.50"}`,
		"TotalWithExponent": `{"state":"payed","totalAmount":1e4}`, "NegativeTotal": `{"state":"payed","totalAmount":-1}`,
		"TotalOverTheAPI": `{"state":"payed","totalAmount":"9007199254740992"}`, "TotalIsAnObject": `{"state":"payed","totalAmount":{"x":1}}`,
	}
	for name, answer := range senseless {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, says(answer))
			_, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
			requireError(t, err, providers.OpSync, providers.Malformed, "")
		})
	}

	t.Run("WithoutTheirNumberNobodyIsAsked", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(""))
		_, err := newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: orderNumber})
		requireError(t, err, providers.OpSync, providers.Unsupported, "")
		require.ErrorContains(t, err, "its own number")
		_, err = newClient(t, v.URL).Sync(t.Context(), providers.Ref{OrderNumber: orderNumber, ProviderRef: "a b"})
		requireError(t, err, providers.OpSync, providers.Rejected, "")
		require.Empty(t, v.Seen())
	})
	t.Run("CreatedChargeMayBeOnItsWay", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"state":"created","totalAmount":13750}`))
		ref := syncRef()
		ref.OfCustomer = true
		got, err := newClient(t, v.URL).Sync(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, providers.Pending, got.Status)
	})
	t.Run("UnknownStateIsLogged", func(t *testing.T) {
		t.Parallel()
		v := vendortest.New(t, says(`{"state":"in_orbit"}`))
		var log bytes.Buffer
		config, deps := testConfig(v.URL), testDeps()
		deps.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c, err := New(config, deps)
		require.NoError(t, err)
		_, err = c.Sync(t.Context(), syncRef())
		require.NoError(t, err)
		require.Contains(t, log.String(), "in_orbit")
	})
	t.Run("VendorsSamples", func(t *testing.T) {
		t.Parallel()
		none := func(c *Config) { c.Commission = Fee{} }
		got, err := newClient(t, vendortest.New(t, says(golden(t, "state-payed.json"))).URL, none).Sync(t.Context(), syncRef())
		require.NoError(t, err)
		require.Equal(t, tenge(100000), got.Captured)
		got, err = newClient(t, vendortest.New(t, says(golden(t, "state-holded.json"))).URL, none).Sync(t.Context(), syncRef())
		require.NoError(t, err)
		require.Equal(t, tenge(2575), got.Authorized)
	})
}

// Exceptions are told by the class's name inside the message or by their number, at
// any status but success.
func TestClient_SyncExceptions(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		status int
		answer string
		kind   providers.Kind
		code   string
	}{
		{"PaymentNotFoundByNumber", 400, `{"code":9004,"message":""}`, providers.NotFound, "9004"},
		{"PaymentNotFoundByName", 500, `{"code":77,"message":"com.techinfocom.bisys.pay.utils.shared.exception.PaymentNotFoundException: x"}`, providers.NotFound, "77"},
		{"NameDecides", 400, `{"code":9001,"message":"PaymentNotFound"}`, providers.NotFound, "9001"},
		{"NumberAsString", 400, `{"code":"9005","message":"x"}`, providers.Rejected, "9005"},
		{"NameWithoutNumber", 400, `{"message":"ValidationException: regPayNum"}`, providers.Rejected, "400"},
		{"Unauthorized", 401, `{"code":9401,"message":"Unauthorized"}`, providers.Auth, "9401"},
		{"UnauthorizedWithoutBody", 401, "", providers.Auth, "401"},
		{"UnknownNumber", 400, `{"code":1234,"message":"SomethingElseException"}`, providers.Malformed, "1234"},
		{"ProofWithoutPage", 400, `{"code":2365,"message":"NeedPass3dsException","regPayNum":"1310958041"}`, providers.Malformed, "2365"},
		{"ProofOfAnotherPayment", 400, `{"code":2365,"message":"x","regPayNum":"2","securePageURL":"https://acs.example/"}`, providers.Malformed, "2365"},
		{"ProofOnNoPage", 400, `{"code":2365,"message":"x","regPayNum":"1310958041","securePageURL":"javascript:x"}`, providers.Malformed, "2365"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := vendortest.New(t, saysStatus(tt.status, tt.answer))
			_, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
			requireError(t, err, providers.OpSync, tt.kind, tt.code)
		})
	}

	proofs := map[string]string{
		"ByNumber": `{"code":2365,"regPayNum":"1310958041","securePageURL":"https://acs.example/3ds?id=1"}`,
		"ByName":   `{"code":1,"message":"x.NeedPass3dsException: go there","regPayNum":1310958041,"securePageURL":"https://acs.example/3ds?id=1"}`,
	}
	for name, answer := range proofs {
		for _, status := range []int{200, 400, 500} {
			t.Run(fmt.Sprint("Proof", name, status), func(t *testing.T) {
				t.Parallel()
				v := vendortest.New(t, saysStatus(status, answer))
				got, err := newClient(t, v.URL).Sync(t.Context(), syncRef())
				require.NoError(t, err)
				require.Equal(t, providers.Result{
					Status: providers.ActionRequired, ProviderRef: payment, RawStatus: "NeedPass3dsException",
					Redirect: &providers.Redirect{URL: "https://acs.example/3ds?id=1", Method: http.MethodGet},
				}, got)
			})
		}
	}
	t.Run("OurTestNumbersMeanNothingLive", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, faultPayment, readException(400, []byte(`{"code":9004,"message":"x"}`), true).fault)
		require.Equal(t, faultUnknown, readException(400, []byte(`{"code":9004,"message":"x"}`), false).fault)
		require.Equal(t, faultProof, readException(400, []byte(`{"code":2365,"message":"x"}`), false).fault)
		require.Equal(t, faultPayment, readException(400, []byte(`{"code":9004,"message":"PaymentNotFound"}`), false).fault)
	})
}

func FuzzStatus(f *testing.F) {
	for _, seed := range []string{
		`{"state":"payed","totalAmount":"13750","provisionServices":"true"}`,
		`{"state":"holded","totalAmount":2575,"errorCode":null,"provisionServices":false}`,
		`{"state":"REJECTED","errorCode":"05","message":"RC=05"}`,
		`{"state":"error","totalAmount":1,"errorCode":1001}`,
		`{"code":2365,"message":"NeedPass3dsException","regPayNum":"1","securePageURL":"https://x/"}`,
		`{"state":"payed","state":"created"}`, `{"state":"payed","totalAmount":1e2}`, `{"cards":[{"cardMask":"400000******0002"}]}`, `[`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	c, err := New(testConfig(liveBase), testDeps())
	require.NoError(f, err)
	digits := regexp.MustCompile(`[0-9]`)
	f.Fuzz(func(t *testing.T, body []byte) {
		found := readException(http.StatusBadRequest, body, true)
		require.Equal(t, found.code, word(found.code))
		if result, ok := c.proof(found); ok {
			require.NotEmpty(t, result.ProviderRef)
			require.True(t, strings.HasPrefix(result.Redirect.URL, "http"))
		}
		answer, err := readObject(body)
		if err != nil {
			require.Nil(t, answer)
			return
		}
		_, _ = answer.objects("cards")
		result, err := c.judge(syncRef(), answer, c.config.Commission.within)
		if err != nil {
			require.Zero(t, result)
			require.NotEqual(t, providers.Unknown, providers.KindOf(err), "a read is never in doubt")
			return
		}
		require.Equal(t, payment, result.ProviderRef)
		if result.Status == providers.Captured && !result.Captured.IsZero() {
			said := strings.ToLower(answer.text("state"))
			require.Contains(t, []string{"payed", "processed"}, said)
			require.Regexp(t, digits, answer.text("totalAmount"))
			require.Equal(t, pay.KZT, result.Captured.Currency)
			require.Positive(t, result.Captured.Amount)
		}
	})
}
