package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/paygraph/paygraph/internal/pay"
)

// What a development token says in iss and aud.
const (
	DevIssuer   = "paygraph-dev"
	DevAudience = "paygraph"
)

// DevClaims are what a development token says.
type DevClaims struct {
	Merchant pay.MerchantID
	Role     pay.Role  // USER, or a person's: SUPPORT, FINANCE, ADMIN
	Subject  string    // of a USER: the external id
	IssuedAt time.Time // cut to whole seconds; zero: not said
	Expires  time.Time // cut to whole seconds
}

// SignDevToken signs a token that an Authenticator with the same DevSecret
// accepts. The same claims always give the same token.
func SignDevToken(secret []byte, c DevClaims) (string, error) {
	switch {
	case len(secret) < minSecretBytes:
		return "", fmt.Errorf("sign a development token: the secret is too short: want %d bytes", minSecretBytes)
	case c.Merchant.IsZero():
		return "", errors.New("sign a development token: it needs a merchant")
	case !isTokenRole(c.Role):
		return "", fmt.Errorf("sign a development token: the role must be USER, SUPPORT, FINANCE or ADMIN, not %q", c.Role)
	case !isSubject(c.Subject):
		return "", errors.New("sign a development token: the subject must be 1 to 255 bytes without control characters")
	case c.Expires.IsZero():
		return "", errors.New("sign a development token: it needs an end")
	}
	claims := jwt.MapClaims{
		"iss":      DevIssuer,
		"aud":      DevAudience,
		"sub":      c.Subject,
		"role":     string(c.Role),
		"merchant": c.Merchant.String(),
		"exp":      c.Expires.Unix(),
	}
	if !c.IssuedAt.IsZero() {
		claims["iat"] = c.IssuedAt.Unix()
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(secret)
	if err != nil {
		return "", fmt.Errorf("sign a development token: %w", err)
	}
	return token, nil
}

// isTokenRole reports whether a token may carry the role: keys and guest tokens
// have the others.
func isTokenRole(r pay.Role) bool { return r == pay.RoleUser || r.IsPerson() }
