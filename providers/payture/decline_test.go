package payture

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// documentedCodes is every error code that any source has (testdata/error-codes.txt).
func documentedCodes(t *testing.T) []string {
	t.Helper()
	codes := strings.Fields(golden(t, "error-codes.txt"))
	require.Len(t, codes, 90)
	return codes
}

func TestCodeOf_KnowsEveryDocumentedCode(t *testing.T) {
	t.Parallel()

	ourCode := regexp.MustCompile(`^[a-z][a-z0-9_]+$`)
	sentence := regexp.MustCompile(`^[A-Z][^<>;\n]+\.$`)
	advice := []pay.Retry{pay.DoNotRetry, pay.RetryNewKey, pay.RetryOtherMethod}
	for _, code := range documentedCodes(t) {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			row := codeOf(code)
			require.NotEqual(t, meansUnknown, row.means)
			require.Regexp(t, ourCode, row.code)
			require.Regexp(t, sentence, row.message)
			require.Contains(t, advice, row.retry)
			require.NotContains(t, row.message, code, "the vendor's word is not for the payer")
			require.Equal(t, code, word(code), "it can be told")
		})
	}
	for _, code := range []string{"", "MOON_PHASE", "ISSUER", "FRAUD_ERROR_", "none"} {
		require.Equal(t, meansUnknown, codeOf(code).means)
		require.Equal(t, "declined", codeOf(code).code)
	}
}

// Whatever code comes back, nothing is paid, nothing panics, and a write's
// conclusion is one of those that its meaning allows.
func TestClient_EveryDocumentedCode(t *testing.T) {
	t.Parallel()

	type outcome struct {
		status providers.Status
		kind   providers.Kind
	}
	writes := map[meaning]outcome{
		meansNothingYet: {kind: providers.Unknown}, meansTimeOut: {kind: providers.Conflict}, meansNoOrder: {kind: providers.NotFound},
		meansConflict: {kind: providers.Conflict}, meansAccess: {kind: providers.Auth}, meansNotAllowed: {kind: providers.Auth},
		meansWrongRequest: {kind: providers.Rejected}, meansRefusal: {status: providers.Declined}, meansExhausted: {status: providers.Declined},
		meansDoubt: {kind: providers.Unknown},
	}
	reads := map[meaning]outcome{
		meansNothingYet: {status: providers.ActionRequired}, meansTimeOut: {status: providers.Expired}, meansNoOrder: {kind: providers.NotFound},
		meansConflict: {kind: providers.Conflict}, meansAccess: {kind: providers.Auth}, meansNotAllowed: {kind: providers.Auth},
		meansWrongRequest: {kind: providers.Rejected}, meansRefusal: {status: providers.Declined}, meansExhausted: {status: providers.Declined},
		meansDoubt: {kind: providers.Unavailable},
	}
	tables := map[providers.Op]map[meaning]outcome{
		providers.OpStart: writes, providers.OpCapture: writes, providers.OpVoid: writes, providers.OpRefund: writes, providers.OpSync: reads,
	}
	v := vendortest.New(t, func(w http.ResponseWriter, r *http.Request) {
		code := r.Header.Get("X-Code")
		says(`<`+strings.TrimPrefix(r.URL.Path, "/apim/")+` Success="False" OrderId="`+order+`" ErrCode="`+code+`" />`)(w, r)
	})
	for _, code := range documentedCodes(t) {
		config, deps := testConfig(v.URL), testDeps()
		config.TwoStage = true
		base := deps.HTTP.Transport
		deps.HTTP.Transport = vendortest.TransportFunc(func(r *http.Request) (*http.Response, error) {
			marked := r.Clone(r.Context())
			marked.Header.Set("X-Code", code)
			return base.RoundTrip(marked)
		})
		c, err := New(config, deps)
		require.NoError(t, err)
		for op, call := range calls() {
			result, err := call(t.Context(), c)
			want, allowed := tables[op][codeOf(code).means]
			require.True(t, allowed, "%s %s", op, code)
			require.Equal(t, want, outcome{status: result.Status, kind: providers.KindOf(err)}, "%s %s", op, code)
			require.True(t, result.Captured.IsZero())
			require.Equal(t, result.Status == providers.Declined, result.Decline != nil)
		}
	}
}

func TestClient_EveryDocumentedCodeBesideRejected(t *testing.T) {
	t.Parallel()

	c := newClient(t, "https://sandbox3.payture.com", false)
	for _, code := range documentedCodes(t) {
		for _, said := range []string{"True", "False"} {
			answer := reply{attributes: map[string]string{"success": said, "orderid": order, "state": "Rejected", "errcode": code, "amount": "12480"}}
			result, err := c.judge(providers.Ref{OrderNumber: order}, answer)
			require.NoError(t, err)
			require.Equal(t, providers.Declined, result.Status)
			require.Equal(t, code, result.Decline.ProviderCode)
			require.True(t, result.Captured.IsZero())
		}
	}
}
