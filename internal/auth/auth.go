// Package auth says who is asking: it turns a bearer token or an API key into a
// viewer, and makes the keys and tokens that it later recognises.
//
// It owns the proofs (keys, guest tokens, JSON Web Tokens), the rows that only
// they need (api_keys, settings) and the first sight of a user. It decides
// nothing about what a viewer may do: the store, the graph and the services do.
// It never writes a token, or a part of one, into an error or a log.
//
// Start with Authenticate; then key.go, guest.go, and token.go with issuer.go.
// origin.go stands alone: where a payer's browser may be sent.
package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/paygraph/paygraph/internal/cache"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// maxTokenBytes bounds what is read of a token before anything looks at it.
const maxTokenBytes = 8 << 10

// What is remembered, for how long and how many of each. A revoked key or a
// raised token version is noticed when its entry has aged out.
const (
	keyTTL      = 5 * time.Second
	billTTL     = 3 * time.Second
	userTTL     = 30 * time.Second
	merchantTTL = 30 * time.Second

	maxKeys      = 4096
	maxBills     = 16384
	maxUsers     = 16384
	maxMerchants = 1024
)

// Options say what an Authenticator recognises. Store, Clock, Logger and
// GuestKeys are required.
type Options struct {
	Store  *store.Store
	Clock  pay.Clock
	Logger *slog.Logger

	// Issuers sign tokens of users and of people at the console.
	Issuers []Issuer
	// DevSecret verifies what SignDevToken signed. Nil in production: then no
	// token with a shared secret is accepted.
	DevSecret []byte
	// GuestKeys verify guest tokens. The first also signs: a new key goes to the
	// front and the old one leaves when its last token has expired.
	GuestKeys [][]byte
	// HTTPClient fetches the issuers' keys. Nil: http.DefaultClient. Redirects
	// are never followed, and answers are cut at 64 KiB.
	HTTPClient *http.Client
}

// Authenticator recognises keys and tokens. It is safe for concurrent use.
type Authenticator struct {
	store     *store.Store
	clock     pay.Clock
	guestKeys [][]byte
	issuers   map[string]*issuer
	parser    *jwt.Parser
	stop      context.CancelFunc

	keys          *cache.Cache[[32]byte, viewer.Viewer]
	bills         *cache.Cache[pay.BillID, billState]
	registrations *cache.Cache[pay.CardRegistrationID, pay.MerchantID]
	users         *cache.Cache[userName, pay.UserID]
	merchants     *cache.Cache[pay.MerchantID, struct{}]
}

// minSecretBytes is the least length of a secret that signs tokens.
const minSecretBytes = 32

// New makes an Authenticator. It asks neither the database nor the network: an
// issuer's keys are fetched with its first token. Close ends their refreshing.
func New(o Options) (*Authenticator, error) {
	if o.Store == nil || o.Clock == nil || o.Logger == nil {
		return nil, errors.New("an authenticator needs a store, a clock and a logger")
	}
	if len(o.GuestKeys) == 0 {
		return nil, errors.New("an authenticator needs a key for guest tokens")
	}
	for at, key := range o.GuestKeys {
		if len(key) < minSecretBytes {
			return nil, fmt.Errorf("guest key %d is too short: want %d bytes", at, minSecretBytes)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	issuers, err := openIssuers(ctx, o)
	if err != nil {
		stop()
		return nil, err
	}
	return &Authenticator{
		store:         o.Store,
		clock:         o.Clock,
		guestKeys:     o.GuestKeys,
		issuers:       issuers,
		parser:        newParser(),
		stop:          stop,
		keys:          cache.New[[32]byte, viewer.Viewer](o.Clock, keyTTL, maxKeys),
		bills:         cache.New[pay.BillID, billState](o.Clock, billTTL, maxBills),
		registrations: cache.New[pay.CardRegistrationID, pay.MerchantID](o.Clock, billTTL, maxBills),
		users:         cache.New[userName, pay.UserID](o.Clock, userTTL, maxUsers),
		merchants:     cache.New[pay.MerchantID, struct{}](o.Clock, merchantTTL, maxMerchants),
	}, nil
}

// Close ends the refreshing of the issuers' keys.
func (a *Authenticator) Close() { a.stop() }

// Authenticate returns whose token or key bearer is. Which kind it is shows in
// its shape: pk_ and sk_ are keys, gt_ and rt_ guest tokens of a bill and of a card
// registration, two dots a JSON Web Token.
//
// It returns CodeUnauthenticated with a key auth.… for whatever does not prove
// anything, and any other error when it could not be judged just now (the
// database or the issuer's keys are out of reach): that is no refusal.
//
// The first token of a user makes the user's row, so it must not be called
// inside a transaction.
func (a *Authenticator) Authenticate(ctx context.Context, bearer string) (viewer.Viewer, error) {
	switch {
	case bearer == "":
		return viewer.Viewer{}, refuse("auth.missing", "Send a key or a token: Authorization: Bearer ….")
	case len(bearer) > maxTokenBytes, !isTokenText(bearer):
		return viewer.Viewer{}, errMalformed()
	case strings.HasPrefix(bearer, "pk_"), strings.HasPrefix(bearer, "sk_"):
		return a.byKey(ctx, bearer)
	case strings.HasPrefix(bearer, guestPrefix):
		return a.byGuestToken(ctx, bearer)
	case strings.HasPrefix(bearer, registrationPrefix):
		return a.byRegistrationToken(ctx, bearer)
	case strings.Count(bearer, ".") == 2:
		return a.byJWT(ctx, bearer)
	default:
		return viewer.Viewer{}, errMalformed()
	}
}

// isTokenText reports whether s is written in the characters that keys and
// tokens are made of: base64url and the dot.
func isTokenText(s string) bool {
	for at := range len(s) {
		c := s[at]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func refuse(key, message string) *pay.Error {
	return pay.Errorf(pay.CodeUnauthenticated, key, "%s", message)
}

func errMalformed() *pay.Error {
	return refuse("auth.malformed", "This is neither a key nor a token that we know.")
}

func errRevoked() *pay.Error {
	return refuse("auth.revoked", "The token has been revoked.")
}

func errExpired() *pay.Error {
	return refuse("auth.expired", "The token has expired: get a new one.")
}
