package bisyssandbox_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// vectors are legacy signatures made outside of this project.
type vectors struct {
	ShopToken, SecKey string
	Vectors           []struct {
		Values []string
		Sign   string
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/legacy_sign.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	return v
}

func TestAuthentication(t *testing.T) {
	t.Parallel()

	t.Run("Case21_BasicWithAWrongPassword", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, who := range [][2]string{{"sandbox-shop", "wrong"}, {"nobody", "sandbox-key"}, {"", ""}, {"sandbox-shop", ""}} {
			b.token, b.key = who[0], who[1]
			status, out := b.call(anonymousPath, fixture(t, "anonymous.json"))
			require.Equal(t, http.StatusUnauthorized, status)
			require.InDelta(t, 9401, out["code"], 0)
			require.Contains(t, out["message"], "Unauthorized")
		}
	})

	t.Run("Case21_NoCredentials", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, text := range []string{"", "{}", `{"shopToken":"sandbox-shop"}`, `{"shopToken":"sandbox-shop","sign":""}`, `{"shopToken":"sandbox-shop","sign":"00"}`} {
			a := b.Ask("POST", "/bisys"+anonymousPath, text, "Content-Type", "application/json")
			require.Equal(t, http.StatusUnauthorized, a.Status, text)
			require.NotEmpty(t, a.Header.Get("WWW-Authenticate"))
		}
	})

	t.Run("Case21_LegacySignature", func(t *testing.T) {
		t.Parallel()
		known := readVectors(t)
		b := setup(t, options{bisys: bisyssandbox.Options{Accounts: []bisyssandbox.Account{{
			ShopToken: known.ShopToken, SecKey: known.SecKey, Services: bisyssandbox.DefaultAccounts()[0].Services,
		}}}})
		send := func(path string, in body, sign string) int {
			text, err := json.Marshal(with(in, "shopToken", known.ShopToken, "sign", sign))
			require.NoError(t, err)
			return b.Ask("POST", "/bisys"+path, string(text), "Content-Type", "application/json").Status
		}
		login := body{"login": known.Vectors[0].Values[0]}
		require.Equal(t, http.StatusOK, send("/user/registration", login, known.Vectors[0].Sign))
		require.Equal(t, http.StatusOK, send("/user/status", login, known.Vectors[0].Sign))
		pay := body{
			"serviceCode": "109-5804-1", "amount": "450", "comission": "13300",
			"properties": []body{{"name": "Л/СЧЕТ", "value": "9503006477"}},
		}
		require.Equal(t, http.StatusOK, send("/do/payment/anonymous", pay, known.Vectors[1].Sign))
		require.Equal(t, http.StatusUnauthorized, send("/do/payment/anonymous", with(pay, "amount", "451"), known.Vectors[1].Sign))
		require.Equal(t, http.StatusUnauthorized, send("/do/payment/anonymous", pay, strings.ToLower(known.Vectors[1].Sign)))
		require.Equal(t, http.StatusBadRequest, send("/check/payment/state", body{"regPayNum": known.Vectors[2].Values[0]}, known.Vectors[2].Sign))
		tokens := body{"userToken": "USER_TOKEN", "cardToken": "CARD_TOKEN"}
		require.Equal(t, http.StatusBadRequest, send("/card/deactivation", tokens, known.Vectors[3].Sign), "let in, and the user is not known")
	})

	t.Run("CertificateIsAskedForWhereRequired", func(t *testing.T) {
		t.Parallel()
		s, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock)})
		require.NoError(t, err)
		require.NoError(t, s.Register(bisyssandbox.New(bisyssandbox.Options{RequireCertificate: true})))
		t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
		call := func(state *tls.ConnectionState) int {
			r := httptest.NewRequestWithContext(t.Context(), "POST", "/bisys/user/status", strings.NewReader(`{"login":"79150000000"}`))
			r.Header.Set("Content-Type", "application/json")
			r.SetBasicAuth("sandbox-shop", "sandbox-key")
			r.TLS = state
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			return w.Code
		}
		require.Equal(t, http.StatusUnauthorized, call(nil))
		require.Equal(t, http.StatusUnauthorized, call(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{{}}}), "not verified")
		require.Equal(t, http.StatusBadRequest, call(&tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}), "let in, unknown user")
	})
}
