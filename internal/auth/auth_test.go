package auth_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shopIssuer    = "https://id.shop.example"
	consoleIssuer = "https://console.example"
	audience      = "paygraph-api"
)

// bundle is one installation with a test merchant and an Authenticator.
type bundle struct {
	*auth.Authenticator
	store    *store.Store
	clock    *storetest.Clock
	merchant pay.MerchantID
	options  auth.Options
}

// setup opens the database at url with one merchant, whose users a shop's
// issuer signs for and whose people a console's.
func setup(t testing.TB, url string) *bundle {
	t.Helper()
	clock := &storetest.Clock{}
	b := &bundle{store: storetest.Open(t, url, clock), clock: clock}
	b.merchant = b.addMerchant(t, "shop", true)
	keys := issuerKeys(t)
	b.options = auth.Options{
		Store:     b.store,
		Clock:     clock,
		Logger:    slog.New(slog.DiscardHandler),
		DevSecret: devSecret(),
		GuestKeys: [][]byte{bytes.Repeat([]byte("g"), 32)},
		Issuers: []auth.Issuer{
			{Name: shopIssuer, Audience: audience, Merchant: b.merchant, PublicKeyPEM: keys.pem},
			{
				Name: consoleIssuer, Audience: audience, Merchant: b.merchant, PublicKeyPEM: keys.pem,
				Roles: []pay.Role{pay.RoleSupport, pay.RoleAdmin},
			},
		},
	}
	b.Authenticator = b.newAuthenticator(t, b.options)
	return b
}

func (b *bundle) newAuthenticator(t testing.TB, o auth.Options) *auth.Authenticator {
	t.Helper()
	a, err := auth.New(o)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	return a
}

func (b *bundle) inTx(t testing.TB, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), f))
}

func (b *bundle) addMerchant(t testing.TB, code string, testMode bool) pay.MerchantID {
	t.Helper()
	id := pay.NewMerchantID(b.clock.Now())
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.Merchant.Create().SetID(id).SetCode(code).SetName(code).SetTestMode(testMode).SetCreatedAt(tx.Now).Exec(ctx)
	})
	return id
}

func (b *bundle) addBill(t testing.TB) pay.BillID {
	t.Helper()
	id := pay.NewBillID(b.clock.Now())
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		return tx.Bill.Create().SetID(id).SetMerchantID(b.merchant).SetStatus(pay.BillPending).
			SetCurrency("RUB").SetTotalMinor(10000).SetVersion(1).
			SetExpiresAt(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
	return id
}

func (b *bundle) addRegistration(t testing.TB) pay.CardRegistrationID {
	t.Helper()
	id := pay.NewCardRegistrationID(b.clock.Now())
	b.addRegistrationAs(t, id)
	return id
}

func (b *bundle) addRegistrationAs(t testing.TB, id pay.CardRegistrationID) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		user := pay.NewUserID(tx.Now)
		err := tx.User.Create().SetID(user).SetMerchantID(b.merchant).SetExternalID(user.String()).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
		if err != nil {
			return err
		}
		return tx.CardRegistration.Create().SetID(id).SetMerchantID(b.merchant).SetUserID(user).
			SetProvider("fake").SetAccount("fake").SetOrderNumber(id.Suffix()).SetStatus(pay.RegistrationPending).
			SetVerificationMinor(1000).SetCurrency("RUB").SetVersion(1).SetExpiresAt(tx.Now.Add(time.Hour)).
			SetWatchUntil(tx.Now.Add(time.Hour)).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
}

func (b *bundle) addKey(t testing.TB, role pay.Role) (auth.Key, pay.APIKeyID) {
	t.Helper()
	key, err := auth.NewKey(role, true)
	require.NoError(t, err)
	var id pay.APIKeyID
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		row, err := auth.CreateKey(ctx, tx, b.merchant, key)
		id = row.ID
		return err
	})
	return key, id
}

func (b *bundle) devToken(t testing.TB, c auth.DevClaims) string {
	t.Helper()
	token, err := auth.SignDevToken(devSecret(), c)
	require.NoError(t, err)
	return token
}

// refused asserts that bearer proves nothing, for the reason that key names.
func (b *bundle) refused(t testing.TB, bearer, key string) {
	t.Helper()
	v, err := b.Authenticate(t.Context(), bearer)
	requireRefusal(t, err, key)
	require.Equal(t, viewer.Viewer{}, v)
	require.NotContains(t, err.Error(), bearer)
}

func requireRefusal(t testing.TB, err error, key string) {
	t.Helper()
	var refusal *pay.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, pay.CodeUnauthenticated, refusal.Code)
	require.Equal(t, key, refusal.Key, refusal.Message)
}

func devSecret() []byte { return bytes.Repeat([]byte("d"), 32) }

// keyPair is what the issuers of these tests sign with.
type keyPair struct {
	ed  ed25519.PrivateKey
	rsa *rsa.PrivateKey
	pem []byte // the public halves
}

// An RSA key takes a while: one for the test process.
var makeKeys = sync.OnceValues(func() (*keyPair, error) {
	k := &keyPair{ed: ed25519.NewKeyFromSeed(bytes.Repeat([]byte("e"), 32))}
	var err error
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	for _, public := range []any{k.ed.Public(), k.rsa.Public()} {
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, err
		}
		k.pem = append(k.pem, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})...)
	}
	return k, nil
})

func issuerKeys(t testing.TB) *keyPair {
	t.Helper()
	keys, err := makeKeys()
	require.NoError(t, err)
	return keys
}

func TestNew(t *testing.T) {
	t.Parallel()
	good := setup(t, storetest.SQLite(t)).options

	tests := []struct {
		name  string
		spoil func(o *auth.Options)
	}{
		{"NoStore", func(o *auth.Options) { o.Store = nil }},
		{"NoClock", func(o *auth.Options) { o.Clock = nil }},
		{"NoLogger", func(o *auth.Options) { o.Logger = nil }},
		{"NoGuestKey", func(o *auth.Options) { o.GuestKeys = nil }},
		{"ShortGuestKey", func(o *auth.Options) { o.GuestKeys = [][]byte{make([]byte, 31)} }},
		{"ShortDevSecret", func(o *auth.Options) { o.DevSecret = []byte("secret") }},
		{"EmptyDevSecret", func(o *auth.Options) { o.DevSecret = []byte{} }},
		{"IssuerWithoutName", spoilIssuer(func(i *auth.Issuer) { i.Name = "" })},
		{"IssuerNamedAsDevelopment", spoilIssuer(func(i *auth.Issuer) { i.Name = auth.DevIssuer })},
		{"IssuerTwice", spoilIssuer(func(i *auth.Issuer) { i.Name = consoleIssuer })},
		{"IssuerWithoutAudience", spoilIssuer(func(i *auth.Issuer) { i.Audience = "" })},
		{"IssuerWithoutMerchant", spoilIssuer(func(i *auth.Issuer) { i.Merchant = pay.MerchantID{} })},
		{"IssuerWithoutKeys", spoilIssuer(func(i *auth.Issuer) { i.PublicKeyPEM = nil })},
		{"IssuerWithTwoKindsOfKeys", spoilIssuer(func(i *auth.Issuer) { i.JWKSURL = "https://id.shop.example/jwks" })},
		{"IssuerGrantsServer", spoilIssuer(func(i *auth.Issuer) { i.Roles = []pay.Role{pay.RoleServer} })},
		{"IssuerGrantsNonsense", spoilIssuer(func(i *auth.Issuer) { i.Roles = []pay.Role{"ROOT"} })},
		{"IssuerKeysAreNoPEM", spoilIssuer(func(i *auth.Issuer) { i.PublicKeyPEM = []byte("key") })},
		{"IssuerKeyIsBroken", spoilIssuer(func(i *auth.Issuer) {
			i.PublicKeyPEM = []byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
		})},
		{"IssuerKeysOverPlainHTTP", spoilIssuer(func(i *auth.Issuer) { i.PublicKeyPEM, i.JWKSURL = nil, "http://id.shop.example/jwks" })},
		{"IssuerKeysFromAFile", spoilIssuer(func(i *auth.Issuer) { i.PublicKeyPEM, i.JWKSURL = nil, "file:///etc/keys" })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := good
			o.Issuers = append([]auth.Issuer(nil), good.Issuers...)
			tt.spoil(&o)
			_, err := auth.New(o)
			require.Error(t, err)
		})
	}
}

func spoilIssuer(spoil func(i *auth.Issuer)) func(o *auth.Options) {
	return func(o *auth.Options) { spoil(&o.Issuers[0]) }
}
