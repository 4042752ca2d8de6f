package auth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/paygraph/paygraph/internal/pay"
)

// Issuer signs tokens for one merchant: its own identity provider, or the
// console's. Exactly one of JWKSURL and PublicKeyPEM is set.
type Issuer struct {
	Name     string // iss, to the letter
	Audience string // one of aud must be this
	Merchant pay.MerchantID
	Roles    []pay.Role // what it may grant: USER, SUPPORT, FINANCE, ADMIN; none: USER

	// JWKSURL is where its keys are: https, or http on this machine.
	JWKSURL string
	// PublicKeyPEM holds its Ed25519 or RSA public keys, of 2048 bits or more.
	PublicKeyPEM []byte
}

// How far the clock of another's issuer may be from ours. A development token
// is judged by the clock that dated it and gets no leeway.
const leeway = time.Minute

// minRSABits is the least size of an RSA key (NIST SP 800-131A).
const minRSABits = 2048

// issuer is an Issuer ready to judge.
type issuer struct {
	name       string
	merchant   pay.MerchantID // zero for development: the token names it
	roles      []pay.Role
	algorithms []string
	leeway     time.Duration
	validator  *jwt.Validator
	keys       keyFinder
}

// keyFinder finds the key, or the set of keys, that may have signed a token.
type keyFinder interface {
	find(ctx context.Context, token *jwt.Token) (any, error)
}

// fixedKey is a keyFinder that knows its answer.
type fixedKey struct{ key any }

func (k fixedKey) find(context.Context, *jwt.Token) (any, error) { return k.key, nil }

// openIssuers makes ready every issuer of o. The refreshing of their keys ends
// with ctx.
func openIssuers(ctx context.Context, o Options) (map[string]*issuer, error) {
	issuers := make(map[string]*issuer)
	for _, config := range o.Issuers {
		opened, err := openIssuer(ctx, o, config)
		if err != nil {
			return nil, fmt.Errorf("issuer %q: %w", config.Name, err)
		}
		if _, twice := issuers[config.Name]; twice {
			return nil, fmt.Errorf("issuer %q: it is named twice", config.Name)
		}
		issuers[config.Name] = opened
	}
	if o.DevSecret == nil {
		return issuers, nil
	}
	if len(o.DevSecret) < minSecretBytes {
		return nil, fmt.Errorf("the development secret is too short: want %d bytes", minSecretBytes)
	}
	issuers[DevIssuer] = &issuer{
		name:       DevIssuer,
		roles:      []pay.Role{pay.RoleUser, pay.RoleSupport, pay.RoleFinance, pay.RoleAdmin},
		algorithms: []string{algHS256},
		validator:  newValidator(o.Clock, DevIssuer, DevAudience, 0),
		keys:       fixedKey{o.DevSecret},
	}
	return issuers, nil
}

func openIssuer(ctx context.Context, o Options, config Issuer) (*issuer, error) {
	switch {
	case config.Name == "" || config.Name == DevIssuer:
		return nil, errors.New("it needs a name of its own")
	case config.Audience == "":
		return nil, errors.New("it needs an audience")
	case config.Merchant.IsZero():
		return nil, errors.New("it needs a merchant")
	case (config.JWKSURL == "") == (len(config.PublicKeyPEM) == 0):
		return nil, errors.New("it needs a JWKS URL or public keys, and not both")
	}
	opened := &issuer{
		name:       config.Name,
		merchant:   config.Merchant,
		roles:      config.Roles,
		algorithms: []string{algEdDSA, algRS256},
		leeway:     leeway,
		validator:  newValidator(o.Clock, config.Name, config.Audience, leeway),
	}
	if len(opened.roles) == 0 {
		opened.roles = []pay.Role{pay.RoleUser}
	}
	for _, role := range opened.roles {
		if !isTokenRole(role) {
			return nil, fmt.Errorf("it may not grant %q: only USER, SUPPORT, FINANCE and ADMIN", role)
		}
	}
	var err error
	if config.JWKSURL == "" {
		opened.keys, err = parsePublicKeys(config.PublicKeyPEM)
		return opened, err
	}
	if err := checkJWKSURL(config.JWKSURL); err != nil {
		return nil, err
	}
	opened.keys = newRemoteKeys(ctx, config, o.HTTPClient, o.Logger)
	return opened, nil
}

func newValidator(clock pay.Clock, name, audience string, leeway time.Duration) *jwt.Validator {
	return jwt.NewValidator(
		jwt.WithIssuer(name),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(clock.Now),
	)
}

// checkJWKSURL refuses a URL that somebody on the way could answer.
func checkJWKSURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("its JWKS URL cannot be read")
	}
	local := u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("its JWKS URL must be https")
	}
	return nil
}

// parsePublicKeys reads every PEM block; a token may be signed by any of them.
func parsePublicKeys(text []byte) (keyFinder, error) {
	var set jwt.VerificationKeySet
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read its public key %d: %w", len(set.Keys), err)
		}
		if err := checkKey(key); err != nil {
			return nil, fmt.Errorf("read its public key %d: %w", len(set.Keys), err)
		}
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("its public keys hold no PEM block")
	}
	return fixedKey{set}, nil
}

// checkKey refuses what EdDSA and RS256 do not use, above all a shared secret.
func checkKey(key crypto.PublicKey) error {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return nil
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return fmt.Errorf("an RSA key must have %d bits", minRSABits)
		}
		return nil
	default:
		return fmt.Errorf("want an Ed25519 or RSA public key, not a %T", key)
	}
}
