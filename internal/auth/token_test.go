package auth_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// with returns the claims of base, changed; a nil value takes a claim away.
func with(base, change map[string]any) map[string]any {
	claims := maps.Clone(base)
	for name, value := range change {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// shopClaims are those of a good token of the shop's issuer.
func shopClaims() map[string]any {
	now := storetest.Epoch()
	return map[string]any{"iss": shopIssuer, "aud": audience, "sub": "alice", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix()}
}

// sign signs claims under a header that says what the caller wants it to.
func sign(t testing.TB, method jwt.SigningMethod, key any, header, claims map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	require.NoError(t, err)
	return text
}

// edTokens signs good and bad claims alike with the shop's own key.
func edTokens(t testing.TB) func(header, change map[string]any) string {
	t.Helper()
	keys := issuerKeys(t)
	return func(header, change map[string]any) string {
		return sign(t, jwt.SigningMethodEdDSA, keys.ed, header, with(shopClaims(), change))
	}
}

// publicBytes returns the public half, which a private Ed25519 key ends with.
func publicBytes(key ed25519.PrivateKey) []byte { return key[ed25519.PublicKeySize:] }

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestAuthenticator_JWT(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		keys := issuerKeys(t)
		ed := edTokens(t)

		t.Run("UserIsMadeOnFirstSightAndFoundAgain", func(t *testing.T) {
			first, err := b.Authenticate(t.Context(), ed(nil, nil))
			require.NoError(t, err)
			row, err := b.store.Read().User.Get(viewer.AsProgram(t.Context()), first.User)
			require.NoError(t, err)
			require.Equal(t, "alice", row.ExternalID)
			require.Equal(t, viewer.Viewer{
				Role: pay.RoleUser, Merchant: b.merchant, User: row.ID, Principal: "user/" + row.ID.String(),
				Expires: b.clock.Now().Add(time.Hour + time.Minute),
			}, first)

			again, err := b.Authenticate(t.Context(), sign(t, jwt.SigningMethodRS256, keys.rsa, nil, shopClaims()))
			require.NoError(t, err)
			require.Equal(t, first, again)
			b.clock.Advance(31 * time.Second) // what is remembered has aged out
			again, err = b.Authenticate(t.Context(), ed(nil, nil))
			require.NoError(t, err)
			require.Equal(t, first.User, again.User)
		})

		t.Run("FirstSightByManyAtOnceMakesOneUser", func(t *testing.T) {
			token := ed(nil, map[string]any{"sub": "bob"})
			type answer struct {
				v   viewer.Viewer
				err error
			}
			answers := make(chan answer)
			for range 16 {
				a := b.newAuthenticator(t, b.options) // nobody remembers for another
				go func() {
					v, err := a.Authenticate(t.Context(), token)
					answers <- answer{v, err}
				}()
			}
			seen := map[pay.UserID]bool{}
			for range 16 {
				got := <-answers
				require.NoError(t, got.err)
				seen[got.v.User] = true
			}
			require.Len(t, seen, 1)
		})

		t.Run("ExternalIdsOfTwoMerchantsAreTwoUsers", func(t *testing.T) {
			claims := auth.DevClaims{Merchant: b.merchant, Role: pay.RoleUser, Subject: "alice", Expires: b.clock.Now().Add(time.Hour)}
			here, err := b.Authenticate(t.Context(), b.devToken(t, claims))
			require.NoError(t, err)
			claims.Merchant = b.addMerchant(t, "there", true)
			there, err := b.Authenticate(t.Context(), b.devToken(t, claims))
			require.NoError(t, err)
			require.Equal(t, claims.Merchant, there.Merchant)
			require.NotEqual(t, here.User, there.User)
		})

		t.Run("PersonIsNoUser", func(t *testing.T) {
			token := ed(nil, map[string]any{"iss": consoleIssuer, "role": "SUPPORT", "sub": "carol"})
			v, err := b.Authenticate(t.Context(), token)
			require.NoError(t, err)
			require.Equal(t, viewer.Viewer{
				Role: pay.RoleSupport, Merchant: b.merchant, Principal: "operator/" + consoleIssuer + "/carol",
				Expires: storetest.Epoch().Add(time.Hour + time.Minute),
			}, v)
		})

		t.Run("MerchantMustExist", func(t *testing.T) {
			b.refused(t, b.devToken(t, auth.DevClaims{
				Merchant: pay.NewMerchantID(b.clock.Now()), Role: pay.RoleAdmin, Subject: "eve", Expires: b.clock.Now().Add(time.Hour),
			}), "auth.unknown_merchant")
		})
	})
}

func TestAuthenticator_JWTTimes(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	ed := edTokens(t)
	at := func(d time.Duration) int64 { return storetest.Epoch().Add(d).Unix() }
	dev := b.devToken(t, auth.DevClaims{
		Merchant: b.merchant, Role: pay.RoleUser, Subject: "alice", IssuedAt: b.clock.Now(), Expires: b.clock.Now().Add(15 * time.Minute),
	})

	t.Run("AnotherClockMayBeAMinuteAhead", func(t *testing.T) {
		v, err := b.Authenticate(t.Context(), ed(nil, map[string]any{"iat": at(time.Minute), "nbf": at(time.Minute)}))
		require.NoError(t, err)
		require.NotZero(t, v.User)
	})
	t.Run("AnotherClockMayBeAMinuteBehind", func(t *testing.T) {
		v, err := b.Authenticate(t.Context(), ed(nil, map[string]any{"exp": at(-59 * time.Second)}))
		require.NoError(t, err)
		require.Equal(t, b.clock.Now().Add(time.Second), v.Expires, "a socket ends when the token would be refused")
		b.refused(t, ed(nil, map[string]any{"exp": at(-60 * time.Second)}), "auth.expired")
	})
	t.Run("DevelopmentTokenEndsToTheSecond", func(t *testing.T) {
		v, err := b.Authenticate(t.Context(), dev)
		require.NoError(t, err)
		require.Equal(t, b.clock.Now().Add(15*time.Minute), v.Expires)
		b.clock.Advance(15 * time.Minute)
		b.refused(t, dev, "auth.expired")
	})
}

// Tokens that look good to somebody, each wrong in one way.
func TestAuthenticator_HostileJWT(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	keys := issuerKeys(t)
	ed := edTokens(t)
	_, stranger, err := ed25519.GenerateKey(bytes.NewReader(make([]byte, 32)))
	require.NoError(t, err)
	now := b.clock.Now()
	good := ed(nil, nil)
	parts := strings.Split(good, ".")
	dev := with(shopClaims(), map[string]any{"iss": auth.DevIssuer, "aud": auth.DevAudience, "merchant": b.merchant.String()})
	devSigned := func(change map[string]any) string {
		return sign(t, jwt.SigningMethodHS256, devSecret(), nil, with(dev, change))
	}
	publicRSA := keys.pem[bytes.LastIndex(keys.pem, []byte("-----BEGIN")):]
	// Signed for real, over whatever header and payload.
	signedRaw := func(header, payload string) string {
		text := encode(header) + "." + encode(payload)
		signature, err := keys.ed.Sign(nil, []byte(text), crypto.Hash(0))
		require.NoError(t, err)
		return text + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	devRaw := func(payload string) string {
		text := encode(`{"alg":"HS256"}`) + "." + encode(payload)
		mac := hmac.New(sha256.New, devSecret())
		_, _ = mac.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}

	_, err = b.Authenticate(t.Context(), good)
	require.NoError(t, err, "the token that the others are spoilt from")
	_, err = b.Authenticate(t.Context(), devSigned(nil))
	require.NoError(t, err, "the token that the others are spoilt from")

	type m = map[string]any
	tests := []struct{ name, token, want string }{
		{"AlgNone", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, shopClaims()), "auth.bad_signature"},
		{"AlgNoneWithASignature", encode(`{"alg":"none"}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgNoneInOtherCase", encode(`{"alg":"nOnE"}`) + "." + parts[1] + ".", "auth.bad_signature"},
		{"AlgEmpty", encode(`{"alg":""}`) + "." + parts[1] + ".", "auth.bad_signature"},
		{"AlgMissing", encode(`{"typ":"JWT"}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgIsANumber", encode(`{"alg":256}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgIsAList", encode(`{"alg":["EdDSA","none"]}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgUnknown", encode(`{"alg":"XS1"}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgES256", encode(`{"alg":"ES256"}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},
		{"AlgPS256WithTheRightKey", sign(t, jwt.SigningMethodPS256, keys.rsa, nil, shopClaims()), "auth.bad_signature"},
		{"AlgRS512WithTheRightKey", sign(t, jwt.SigningMethodRS512, keys.rsa, nil, shopClaims()), "auth.bad_signature"},
		{"AlgHS512WithTheDevSecret", sign(t, jwt.SigningMethodHS512, devSecret(), nil, dev), "auth.bad_signature"},
		{"PublicKeyAsSharedSecret", sign(t, jwt.SigningMethodHS256, keys.pem, nil, shopClaims()), "auth.bad_signature"},
		{"PublicRSAKeyAsSharedSecret", sign(t, jwt.SigningMethodHS256, publicRSA, nil, shopClaims()), "auth.bad_signature"},
		{"PublicEdKeyBytesAsSharedSecret", sign(t, jwt.SigningMethodHS256, publicBytes(keys.ed), nil, shopClaims()), "auth.bad_signature"},
		{"DevSecretForAnotherIssuer", sign(t, jwt.SigningMethodHS256, devSecret(), nil, shopClaims()), "auth.bad_signature"},
		{"EmptySecret", sign(t, jwt.SigningMethodHS256, []byte{}, nil, dev), "auth.bad_signature"},
		{"AnotherSecret", sign(t, jwt.SigningMethodHS256, []byte("secret"), nil, dev), "auth.bad_signature"},
		{"DevIssuerSignedByAPublicKey", sign(t, jwt.SigningMethodEdDSA, keys.ed, nil, dev), "auth.bad_signature"},
		{"StrangersKey", sign(t, jwt.SigningMethodEdDSA, stranger, nil, shopClaims()), "auth.bad_signature"},
		{"EdDSASaidToBeRS256", encode(`{"alg":"RS256"}`) + "." + parts[1] + "." + parts[2], "auth.bad_signature"},

		{"SignatureMissing", parts[0] + "." + parts[1] + ".", "auth.bad_signature"},
		{"SignatureCut", parts[0] + "." + parts[1] + "." + parts[2][:84], "auth.bad_signature"},
		{"SignatureOfZeros", parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86), "auth.bad_signature"},
		{"SignatureLastBitsChanged", good[:len(good)-1] + "_", "auth.malformed"},
		{"SignatureOfAnotherToken", parts[0] + "." + parts[1] + "." + strings.Split(ed(nil, m{"sub": "bob"}), ".")[2], "auth.bad_signature"},
		{"PayloadOfAnotherToken", parts[0] + "." + strings.Split(ed(nil, m{"sub": "bob"}), ".")[1] + "." + parts[2], "auth.bad_signature"},
		{"PayloadPadded", parts[0] + "." + parts[1] + "=." + parts[2], "auth.malformed"},
		{"PayloadInPlainBase64", parts[0] + "." + parts[1] + "+/." + parts[2], "auth.malformed"},
		{"NewlineInside", parts[0] + ".\n" + parts[1] + "." + parts[2], "auth.malformed"},

		{"TwoParts", parts[0] + "." + parts[1], "auth.malformed"},
		{"FourParts", good + ".AAAA", "auth.malformed"},
		{"FiveParts", good + ".AAAA.AAAA", "auth.malformed"},
		{"OnlyDots", "..", "auth.malformed"},
		{"HeaderIsNoJSON", encode("alg") + "." + parts[1] + "." + parts[2], "auth.malformed"},
		{"HeaderIsNull", signedRaw(`null`, `{"iss":"`+shopIssuer+`"}`), "auth.bad_signature"},
		{"HeaderIsAList", signedRaw(`[]`, `{}`), "auth.malformed"},
		{"PayloadIsNoJSON", signedRaw(`{"alg":"EdDSA"}`, `sub=alice`), "auth.malformed"},
		{"PayloadIsNull", signedRaw(`{"alg":"EdDSA"}`, `null`), "auth.unknown_issuer"},
		{"PayloadIsAList", signedRaw(`{"alg":"EdDSA"}`, `[]`), "auth.malformed"},
		{"PayloadIsAString", signedRaw(`{"alg":"EdDSA"}`, `"alice"`), "auth.malformed"},
		{"PayloadIsNested", signedRaw(`{"alg":"EdDSA"}`, strings.Repeat("[", 5000)), "auth.malformed"},
		{"TwoPayloads", signedRaw(`{"alg":"EdDSA"}`, `{}{}`), "auth.malformed"},
		{"OneMegabyte", ed(nil, m{"pad": strings.Repeat("a", 1<<20)}), "auth.malformed"},
		{"OverEightKiB", ed(nil, m{"pad": strings.Repeat("a", 7<<10)}), "auth.malformed"},

		{"HeaderJKU", ed(m{"jku": "https://evil.example/jwks"}, nil), "auth.malformed"},
		{"HeaderX5U", ed(m{"x5u": "https://evil.example/cert"}, nil), "auth.malformed"},
		{"HeaderX5C", ed(m{"x5c": []string{"MIIB"}}, nil), "auth.malformed"},
		{"HeaderJWKOfAStranger", sign(t, jwt.SigningMethodEdDSA, stranger, m{"jwk": m{"kty": "OKP"}}, shopClaims()), "auth.malformed"},
		{"HeaderCrit", ed(m{"crit": []string{"b64"}, "b64": false}, nil), "auth.malformed"},
		{"TypeLogout", ed(m{"typ": "logout+jwt"}, nil), "auth.wrong_type"},
		{"TypeDPoP", ed(m{"typ": "dpop+jwt"}, nil), "auth.wrong_type"},
		{"TypeIsANumber", ed(m{"typ": 1}, nil), "auth.wrong_type"},
		{"TypeIsNull", ed(m{"typ": nil}, nil), "auth.wrong_type"},

		{"IssuerMissing", ed(nil, m{"iss": nil}), "auth.unknown_issuer"},
		{"IssuerUnknown", ed(nil, m{"iss": "https://evil.example"}), "auth.unknown_issuer"},
		{"IssuerWithASlashMore", ed(nil, m{"iss": shopIssuer + "/"}), "auth.unknown_issuer"},
		{"IssuerInCapitals", ed(nil, m{"iss": strings.ToUpper(shopIssuer)}), "auth.unknown_issuer"},
		{"IssuerIsAList", ed(nil, m{"iss": []string{shopIssuer}}), "auth.unknown_issuer"},
		{"IssuerUnderAnotherName", ed(nil, m{"iss": nil, "ISS": shopIssuer}), "auth.unknown_issuer"},
		{"AudienceMissing", ed(nil, m{"aud": nil}), "auth.missing_claim"},
		{"AudienceEmpty", ed(nil, m{"aud": ""}), "auth.missing_claim"},
		{"AudienceEmptyList", ed(nil, m{"aud": []string{}}), "auth.missing_claim"},
		{"AudienceOther", ed(nil, m{"aud": "another-api"}), "auth.wrong_audience"},
		{"AudiencesOther", ed(nil, m{"aud": []string{"a", "b"}}), "auth.wrong_audience"},
		{"AudiencePrefix", ed(nil, m{"aud": audience + ".evil"}), "auth.wrong_audience"},
		{"AudienceIsANumber", ed(nil, m{"aud": 1}), "auth.missing_claim"},
		{"AudienceOfDevelopment", ed(nil, m{"aud": auth.DevAudience}), "auth.wrong_audience"},
		{"ExpiryMissing", ed(nil, m{"exp": nil}), "auth.missing_claim"},
		{"ExpiryZero", ed(nil, m{"exp": 0}), "auth.missing_claim"},
		{"ExpiryPast", ed(nil, m{"exp": now.Add(-time.Hour).Unix()}), "auth.expired"},
		{"ExpiryNegative", ed(nil, m{"exp": -1}), "auth.expired"},
		{"ExpiryIsAString", ed(nil, m{"exp": "never"}), "auth.malformed"},
		{"ExpiryIsTrue", ed(nil, m{"exp": true}), "auth.malformed"},
		{"ExpiryInMilliseconds", ed(nil, m{"exp": now.Add(time.Hour).UnixMilli()}), "auth.malformed"},
		{"ExpiryUnderAnotherName", ed(nil, m{"exp": nil, "Exp": now.Add(time.Hour).Unix()}), "auth.missing_claim"},
		{"ExpiryBeyondNumbers", devRaw(`{"iss":"paygraph-dev","aud":"paygraph","sub":"alice","exp":1e999}`), "auth.malformed"},
		{"NotBeforeFuture", ed(nil, m{"nbf": now.Add(2 * time.Minute).Unix()}), "auth.not_yet_valid"},
		{"IssuedInTheFuture", ed(nil, m{"iat": now.Add(2 * time.Minute).Unix()}), "auth.not_yet_valid"},

		{"SubjectMissing", ed(nil, m{"sub": nil}), "auth.missing_claim"},
		{"SubjectEmpty", ed(nil, m{"sub": ""}), "auth.missing_claim"},
		{"SubjectIsANumber", ed(nil, m{"sub": 7}), "auth.missing_claim"},
		{"SubjectTooLong", ed(nil, m{"sub": strings.Repeat("a", 256)}), "auth.missing_claim"},
		{"SubjectWithNUL", ed(nil, m{"sub": "alice\x00"}), "auth.missing_claim"},
		{"SubjectWithNewline", ed(nil, m{"sub": "alice\nlevel=ERROR"}), "auth.missing_claim"},
		{"SubjectIsNotUTF8", devRaw("{\"iss\":\"paygraph-dev\",\"aud\":\"paygraph\",\"sub\":\"\xff\",\"exp\":4102444800}"), "auth.missing_claim"},

		{"RoleAboveTheIssuer", ed(nil, m{"role": "ADMIN"}), "auth.wrong_role"},
		{"RoleAboveTheConsole", ed(nil, m{"iss": consoleIssuer, "role": "FINANCE"}), "auth.wrong_role"},
		{"RoleUserOfTheConsole", ed(nil, m{"iss": consoleIssuer}), "auth.wrong_role"},
		{"RoleServer", devSigned(m{"role": "SERVER"}), "auth.wrong_role"},
		{"RoleGuest", devSigned(m{"role": "GUEST"}), "auth.wrong_role"},
		{"RoleLowerCase", devSigned(m{"role": "admin"}), "auth.wrong_role"},
		{"RoleEmpty", ed(nil, m{"role": ""}), "auth.wrong_role"},
		{"RoleIsAList", ed(nil, m{"role": []string{"USER"}}), "auth.wrong_role"},
		{"MerchantMissing", devSigned(m{"merchant": nil}), "auth.unknown_merchant"},
		{"MerchantMalformed", devSigned(m{"merchant": "mer_' OR 1=1"}), "auth.unknown_merchant"},
		{"MerchantZero", devSigned(m{"merchant": "mer_00000000000000000000000000"}), "auth.unknown_merchant"},
		{"MerchantIsABill", devSigned(m{"merchant": pay.NewBillID(now).String()}), "auth.unknown_merchant"},

		{"UnknownPrefix", "rk_live_" + strings.Repeat("0", 40), "auth.malformed"},
		{"Basic", "YWxpY2U6c2VjcmV0", "auth.malformed"},
		{"NotASCII", "ключ", "auth.malformed"},
		{"Nothing", "", "auth.missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := b.Authenticate(t.Context(), tt.token)
			requireRefusal(t, err, tt.want)
			require.Equal(t, viewer.Viewer{}, v)
			require.NotContains(t, err.Error(), "alice")
		})
	}

	t.Run("MerchantClaimOfAnotherIssuerMeansNothing", func(t *testing.T) {
		other := b.addMerchant(t, "other", true)
		v, err := b.Authenticate(t.Context(), ed(nil, m{"merchant": other.String()}))
		require.NoError(t, err)
		require.Equal(t, b.merchant, v.Merchant)
	})
	t.Run("RoleUnderAnotherNameMeansNothing", func(t *testing.T) {
		v, err := b.Authenticate(t.Context(), devSigned(m{"ROLE": "ADMIN", "Role": "ADMIN"}))
		require.NoError(t, err)
		require.Equal(t, pay.RoleUser, v.Role)
	})
	t.Run("ProductionTakesNoSharedSecret", func(t *testing.T) {
		o := b.options
		o.DevSecret = nil
		_, err := b.newAuthenticator(t, o).Authenticate(t.Context(), devSigned(nil))
		requireRefusal(t, err, "auth.unknown_issuer")
	})
}

func TestSignDevToken(t *testing.T) {
	t.Parallel()
	good := auth.DevClaims{
		Merchant: pay.NewMerchantID(storetest.Epoch()), Role: pay.RoleAdmin, Subject: "operator",
		IssuedAt: storetest.Epoch(), Expires: storetest.Epoch().Add(time.Hour),
	}

	t.Run("SameClaimsSameToken", func(t *testing.T) {
		first, err := auth.SignDevToken(devSecret(), good)
		require.NoError(t, err)
		second, err := auth.SignDevToken(devSecret(), good)
		require.NoError(t, err)
		require.Equal(t, first, second)
	})

	tests := []struct {
		name   string
		secret []byte
		spoil  func(c *auth.DevClaims)
	}{
		{"ShortSecret", []byte("secret"), func(*auth.DevClaims) {}},
		{"NoMerchant", devSecret(), func(c *auth.DevClaims) { c.Merchant = pay.MerchantID{} }},
		{"RoleServer", devSecret(), func(c *auth.DevClaims) { c.Role = pay.RoleServer }},
		{"RoleNone", devSecret(), func(c *auth.DevClaims) { c.Role = "" }},
		{"NoSubject", devSecret(), func(c *auth.DevClaims) { c.Subject = "" }},
		{"SubjectWithTab", devSecret(), func(c *auth.DevClaims) { c.Subject = "a\tb" }},
		{"NoEnd", devSecret(), func(c *auth.DevClaims) { c.Expires = time.Time{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			claims := good
			tt.spoil(&claims)
			_, err := auth.SignDevToken(tt.secret, claims)
			require.Error(t, err)
		})
	}
}
