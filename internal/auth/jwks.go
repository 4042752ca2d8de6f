package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

// How an issuer's keys are fetched: with its first token, every jwksRefresh,
// and for a key id that is not among them, at most once in jwksPause however
// many strangers invent one.
const (
	jwksRefresh  = 15 * time.Minute
	jwksPause    = 30 * time.Second
	jwksTimeout  = 5 * time.Second
	maxJWKSBytes = 64 << 10
)

// remoteKeys are an issuer's keys behind a URL.
type remoteKeys struct {
	issuer  string
	logger  *slog.Logger
	open    func() (keyfunc.Keyfunc, error)
	failing atomic.Bool // the last fetch brought nothing
}

func newRemoteKeys(ctx context.Context, config Issuer, client *http.Client, logger *slog.Logger) *remoteKeys {
	k := &remoteKeys{issuer: config.Name, logger: logger}
	k.open = sync.OnceValues(func() (keyfunc.Keyfunc, error) {
		fetched, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{config.JWKSURL}, keyfunc.Override{
			Client:                  k.client(client),
			HTTPTimeout:             jwksTimeout,
			RateLimitWaitMax:        jwksTimeout, // also bounds the fetch for an unknown key id
			RefreshInterval:         jwksRefresh,
			RefreshUnknownKID:       rate.NewLimiter(rate.Every(jwksPause), 1),
			RefreshErrorHandlerFunc: func(string) func(context.Context, error) { return k.failed },
		})
		if err != nil {
			return nil, err
		}
		return keyfunc.New(keyfunc.Options{
			Ctx:          ctx,
			Storage:      fetched.Storage(),
			UseWhitelist: []jwkset.USE{jwkset.UseSig, ""}, // not those for encryption
		})
	})
	return k
}

// find returns the key that the token names by its kid. A caller who gives up
// does not cut short the fetch that others may wait for.
func (k *remoteKeys) find(ctx context.Context, token *jwt.Token) (any, error) {
	if kid, _ := token.Header["kid"].(string); kid == "" {
		return nil, errUnknownKID()
	}
	opened, err := k.open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errKeysUnavailable, err)
	}
	key, err := opened.KeyfuncCtx(context.WithoutCancel(ctx))(token)
	if err != nil {
		if k.failing.Load() {
			return nil, errKeysUnavailable
		}
		return nil, errUnknownKID()
	}
	if err := checkKey(key); err != nil {
		return nil, errUnknownKID()
	}
	return key, nil
}

func errUnknownKID() error {
	return refuse("auth.unknown_kid", "The token's issuer has no such key.")
}

func (k *remoteKeys) failed(ctx context.Context, err error) {
	k.failing.Store(true)
	k.logger.WarnContext(ctx, "an issuer's keys could not be fetched", "issuer", k.issuer, "error", err)
}

// client returns a copy of base that follows no redirect and reads no endless
// answer.
func (k *remoteKeys) client(base *http.Client) *http.Client {
	if base == nil {
		base = http.DefaultClient
	}
	careful := *base
	careful.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	careful.Transport = &cappedTransport{base: base.Transport, answered: func() { k.failing.Store(false) }}
	return &careful
}

// cappedTransport cuts answers at maxJWKSBytes and tells of each good one.
type cappedTransport struct {
	base     http.RoundTripper
	answered func()
}

// RoundTrip asks base.
func (t *cappedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	response, err := base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		t.answered() // a bad body is reported after this
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxJWKSBytes), response.Body}
	return response, nil
}
