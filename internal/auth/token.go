package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// The signatures that are accepted. Which of them an issuer may use is fixed
// by its keys, never by the token.
const (
	algEdDSA = "EdDSA"
	algRS256 = "RS256"
	algHS256 = "HS256" // development only
)

// newParser reads and verifies; the issuer's own validator judges the claims.
func newParser() *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{algEdDSA, algRS256, algHS256}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(),
	)
}

// errKeysUnavailable is the cause when an issuer's keys cannot be fetched.
var errKeysUnavailable = errors.New("the issuer's keys cannot be fetched")

// lastYear bounds exp: what a timer and a time's JSON can hold.
const lastYear = 9999

// byJWT accepts a token that one of the issuers signed for us. It must carry
// iss, sub, aud and exp. The merchant is the issuer's, not the token's, except
// for a development token.
func (a *Authenticator) byJWT(ctx context.Context, text string) (viewer.Viewer, error) {
	// A map, not a struct: encoding/json would take "Role" for "role".
	claims := jwt.MapClaims{}
	var from *issuer
	_, err := a.parser.ParseWithClaims(text, claims, func(token *jwt.Token) (any, error) {
		var err error
		if from, err = a.issuerOf(token, claims); err != nil {
			return nil, err
		}
		return from.keys.find(ctx, token)
	})
	if err != nil {
		return viewer.Viewer{}, refusalOf(err)
	}
	if err := from.validator.Validate(claims); err != nil {
		return viewer.Viewer{}, refusalOf(err)
	}
	return a.viewerOf(ctx, from, claims)
}

// issuerOf returns who says to have signed token, once its header is one that
// the issuer may write.
func (a *Authenticator) issuerOf(token *jwt.Token, claims jwt.MapClaims) (*issuer, error) {
	name, _ := claims["iss"].(string)
	from, known := a.issuers[name]
	if !known {
		return nil, refuse("auth.unknown_issuer", "The token's issuer is not one of ours.")
	}
	// A key named or carried by the token proves nothing, and what must be
	// understood (RFC 7515, section 4.1.11) we do not understand.
	for _, header := range []string{"jku", "jwk", "x5u", "x5c", "crit"} {
		if _, present := token.Header[header]; present {
			return nil, errMalformed()
		}
	}
	if typ, present := token.Header["typ"]; present && !isTokenType(typ) {
		return nil, refuse("auth.wrong_type", "This token is not for signing in.")
	}
	if !slices.Contains(from.algorithms, token.Method.Alg()) {
		return nil, errBadSignature()
	}
	return from, nil
}

// isTokenType reports whether typ is that of an access token (RFC 9068, section
// 4) or the plain one; logout, DPoP and security event tokens have others.
func isTokenType(typ any) bool {
	text, _ := typ.(string)
	switch strings.TrimPrefix(strings.ToLower(text), "application/") {
	case "jwt", "at+jwt":
		return true
	default:
		return false
	}
}

// viewerOf turns verified claims into who asks.
func (a *Authenticator) viewerOf(ctx context.Context, from *issuer, claims jwt.MapClaims) (viewer.Viewer, error) {
	subject, _ := claims["sub"].(string)
	if !isSubject(subject) {
		return viewer.Viewer{}, refuse("auth.missing_claim", "The token needs a subject of at most 255 bytes without control characters.")
	}
	expires, err := claims.GetExpirationTime()
	if err != nil || expires == nil || expires.Year() > lastYear {
		return viewer.Viewer{}, errMalformed()
	}
	role := pay.RoleUser
	if claim, present := claims["role"]; present {
		text, _ := claim.(string)
		role = pay.Role(text)
	}
	if !slices.Contains(from.roles, role) {
		return viewer.Viewer{}, refuse("auth.wrong_role", "The token's issuer may not grant this role.")
	}
	merchant, err := a.merchantOf(ctx, from, claims)
	if err != nil {
		return viewer.Viewer{}, err
	}
	v := viewer.Viewer{Role: role, Merchant: merchant, Expires: expires.Add(from.leeway).UTC()}
	if role != pay.RoleUser {
		v.Principal = "operator/" + from.name + "/" + subject
		return v, nil
	}
	if v.User, err = a.userOf(ctx, userName{merchant: merchant, externalID: subject}); err != nil {
		return viewer.Viewer{}, err
	}
	v.Principal = "user/" + v.User.String()
	return v, nil
}

func (a *Authenticator) merchantOf(ctx context.Context, from *issuer, claims jwt.MapClaims) (pay.MerchantID, error) {
	id := from.merchant
	if from.name == DevIssuer {
		text, _ := claims["merchant"].(string)
		id, _ = pay.ParseMerchantID(text) // the zero id when it is none
	}
	known, err := a.knowsMerchant(ctx, id)
	if err != nil {
		return pay.MerchantID{}, err
	}
	if !known {
		return pay.MerchantID{}, refuse("auth.unknown_merchant", "The token is for no merchant of ours.")
	}
	return id, nil
}

func errBadSignature() *pay.Error {
	return refuse("auth.bad_signature", "The token's signature is wrong.")
}

// refusalOf says why a token was refused, without the parser's text: that may
// quote the token.
func refusalOf(err error) error {
	if refusal, ok := errors.AsType[*pay.Error](err); ok {
		return refusal
	}
	switch {
	case errors.Is(err, errKeysUnavailable):
		return fmt.Errorf("verify a token: %w", errKeysUnavailable)
	case errors.Is(err, jwt.ErrTokenMalformed):
		return errMalformed()
	case errors.Is(err, jwt.ErrTokenSignatureInvalid), errors.Is(err, jwt.ErrTokenUnverifiable):
		return errBadSignature()
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return refuse("auth.missing_claim", "The token needs iss, sub, aud and exp.")
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		return refuse("auth.wrong_audience", "The token is for somebody else.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return errExpired()
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return refuse("auth.not_yet_valid", "The token is not valid yet.")
	default:
		return errMalformed()
	}
}
