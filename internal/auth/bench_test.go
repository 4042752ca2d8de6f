package auth_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// What it costs to know who asks, when they asked a moment ago.
func BenchmarkAuthenticator_Authenticate(b *testing.B) {
	f := setup(b, storetest.SQLite(b))
	key, _ := f.addKey(b, pay.RoleServer)
	expires := f.clock.Now().Add(time.Hour)
	keys := issuerKeys(b)
	bearers := []struct{ name, bearer string }{
		{"Key", key.Text},
		{"GuestToken", f.GuestToken(f.merchant, f.addBill(b), 1, expires)},
		{"HS256", f.devToken(b, auth.DevClaims{Merchant: f.merchant, Role: pay.RoleUser, Subject: "alice", Expires: expires})},
		{"EdDSA", sign(b, jwt.SigningMethodEdDSA, keys.ed, nil, shopClaims())},
		{"RS256", sign(b, jwt.SigningMethodRS256, keys.rsa, nil, shopClaims())},
	}
	for _, bb := range bearers {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := f.Authenticate(b.Context(), bb.bearer)
				require.NoError(b, err)
			}
		})
	}
}
