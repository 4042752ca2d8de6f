package auth_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// keyServer is an identity provider's key set, as it stands in body, behind
// HTTP. It counts who asks.
type keyServer struct {
	*httptest.Server
	status  atomic.Int64
	body    atomic.Pointer[string]
	fetches atomic.Int64
}

func newKeyServer(t testing.TB, keys ...map[string]any) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.status.Store(http.StatusOK)
	s.publish(t, keys...)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fetches.Add(1)
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/jwks", http.StatusFound)
			return
		}
		w.WriteHeader(int(s.status.Load()))
		_, _ = io.WriteString(w, *s.body.Load())
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) publish(t testing.TB, keys ...map[string]any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": keys})
	require.NoError(t, err)
	s.answer(string(text))
}

// answer has the server say text.
func (s *keyServer) answer(text string) { s.body.Store(&text) }

func edJWK(kid string, key ed25519.PrivateKey) map[string]any {
	return map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "alg": "EdDSA", "x": base64.RawURLEncoding.EncodeToString(publicBytes(key))}
}

func rsaJWK(kid string, key *rsa.PrivateKey) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "alg": "RS256", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}
}

// remote returns an Authenticator of one issuer whose keys are at path.
func (b *bundle) remote(t testing.TB, s *keyServer, path string) *auth.Authenticator {
	t.Helper()
	o := b.options
	o.HTTPClient = s.Client()
	o.Issuers = []auth.Issuer{{Name: shopIssuer, Audience: audience, Merchant: b.merchant, JWKSURL: s.URL + path}}
	return b.newAuthenticator(t, o)
}

func TestAuthenticator_JWKS(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	keys := issuerKeys(t)
	signed := func(kid string) string {
		return sign(t, jwt.SigningMethodEdDSA, keys.ed, map[string]any{"kid": kid}, shopClaims())
	}

	t.Run("BothAlgorithms", func(t *testing.T) {
		s := newKeyServer(t, edJWK("e1", keys.ed), rsaJWK("r1", keys.rsa))
		a := b.remote(t, s, "/jwks")
		require.Zero(t, s.fetches.Load(), "nothing is fetched before the first token")
		v, err := a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
		require.Equal(t, pay.RoleUser, v.Role)
		_, err = a.Authenticate(t.Context(), sign(t, jwt.SigningMethodRS256, keys.rsa, map[string]any{"kid": "r1"}, shopClaims()))
		require.NoError(t, err)
		require.EqualValues(t, 1, s.fetches.Load())
	})

	t.Run("NewKeyIsFetchedWhenItsTokenComes", func(t *testing.T) {
		s := newKeyServer(t, edJWK("e1", keys.ed))
		a := b.remote(t, s, "/jwks")
		_, err := a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
		s.publish(t, edJWK("e2", keys.ed))
		_, err = a.Authenticate(t.Context(), signed("e2"))
		require.NoError(t, err)
		_, err = a.Authenticate(t.Context(), signed("e1"))
		requireRefusal(t, err, "auth.unknown_kid")
	})

	t.Run("InventedKeyIDsFetchOnce", func(t *testing.T) {
		s := newKeyServer(t, edJWK("e1", keys.ed))
		a := b.remote(t, s, "/jwks")
		for _, kid := range []string{"x", "../../etc/passwd", "' OR 1=1 --", "e1\x00", "E1", strings.Repeat("k", 4096)} {
			_, err := a.Authenticate(t.Context(), signed(kid))
			requireRefusal(t, err, "auth.unknown_kid")
		}
		require.EqualValues(t, 2, s.fetches.Load())
		_, err := a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
	})

	t.Run("CallerWhoGivesUpDoesNotCutTheFetch", func(t *testing.T) {
		s := newKeyServer(t, edJWK("e1", keys.ed))
		a := b.remote(t, s, "/jwks")
		_, err := a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
		s.publish(t, edJWK("e2", keys.ed))
		gone, leave := context.WithCancel(t.Context())
		leave()
		_, err = a.Authenticate(gone, signed("e2")) // the user is remembered: no query to fail
		require.NoError(t, err)
	})

	t.Run("KeyIDIsRequired", func(t *testing.T) {
		a := b.remote(t, newKeyServer(t, edJWK("", keys.ed)), "/jwks")
		for _, header := range []map[string]any{nil, {"kid": ""}, {"kid": 1}, {"kid": nil}, {"kid": []string{"e1"}}} {
			_, err := a.Authenticate(t.Context(), sign(t, jwt.SigningMethodEdDSA, keys.ed, header, shopClaims()))
			requireRefusal(t, err, "auth.unknown_kid")
		}
	})

	t.Run("KeyOfAnotherAlgorithmIsNotUsed", func(t *testing.T) {
		a := b.remote(t, newKeyServer(t, rsaJWK("r1", keys.rsa)), "/jwks")
		_, err := a.Authenticate(t.Context(), signed("r1"))
		requireRefusal(t, err, "auth.unknown_kid")
	})

	small, err := rsa.GenerateKey(rand.Reader, 1024) // too small on purpose
	require.NoError(t, err)
	secret := bytes.Repeat([]byte("s"), 32)
	unfit := []struct {
		name  string
		key   map[string]any
		token string
	}{
		{
			"SharedSecretInTheSet",
			map[string]any{"kty": "oct", "kid": "k", "k": base64.RawURLEncoding.EncodeToString(secret)},
			sign(t, jwt.SigningMethodHS256, secret, map[string]any{"kid": "k"}, shopClaims()),
		},
		{"KeyForEncryption", with(edJWK("k", keys.ed), map[string]any{"use": "enc"}), signed("k")},
		{
			"SmallRSAKey", rsaJWK("k", small),
			sign(t, jwt.SigningMethodRS256, small, map[string]any{"kid": "k"}, shopClaims()),
		},
	}
	for _, tt := range unfit {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.remote(t, newKeyServer(t, tt.key), "/jwks").Authenticate(t.Context(), tt.token)
			require.Equal(t, pay.CodeUnauthenticated, pay.CodeOf(err))
		})
	}

	outages := []struct {
		name, path, body string
		status           int64
	}{
		{"ServerError", "/jwks", `{"keys":[]}`, http.StatusInternalServerError},
		{"LoginPage", "/jwks", `<html>sign in</html>`, http.StatusOK},
		{"HalfABody", "/jwks", `{"keys":[{"kty":"OKP"`, http.StatusOK},
		{"EndlessBody", "/jwks", `{"keys":[` + strings.Repeat(" ", 1<<20) + `]}`, http.StatusOK},
		{"Redirect", "/moved", `{"keys":[]}`, http.StatusOK},
	}
	for _, tt := range outages {
		t.Run(tt.name+"IsNoRefusal", func(t *testing.T) {
			s := newKeyServer(t)
			s.status.Store(tt.status)
			s.answer(tt.body)
			var log bytes.Buffer
			b := *b
			b.options.Logger = slog.New(slog.NewTextHandler(&log, nil))
			token := signed("e1")
			_, err := b.remote(t, s, tt.path).Authenticate(t.Context(), token)
			require.Equal(t, pay.CodeInternal, pay.CodeOf(err))
			require.ErrorContains(t, err, "keys cannot be fetched")
			require.Contains(t, log.String(), shopIssuer)
			require.NotContains(t, log.String(), token)
		})
	}

	t.Run("OutageKeepsTheKeysThereWere", func(t *testing.T) {
		s := newKeyServer(t, edJWK("e1", keys.ed))
		a := b.remote(t, s, "/jwks")
		_, err := a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
		s.status.Store(http.StatusBadGateway)
		_, err = a.Authenticate(t.Context(), signed("e2"))
		require.Equal(t, pay.CodeInternal, pay.CodeOf(err), "it may be a new key")
		_, err = a.Authenticate(t.Context(), signed("e1"))
		require.NoError(t, err)
	})
}
