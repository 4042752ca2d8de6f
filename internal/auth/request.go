package auth

import (
	"context"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/internal/viewer"
)

// FromHeader authenticates a request by its one header Authorization: Bearer ….
// Cookies and the query are never looked at. Errors are those of Authenticate.
func (a *Authenticator) FromHeader(r *http.Request) (viewer.Viewer, error) {
	values := r.Header.Values("Authorization")
	if len(values) > 1 {
		return viewer.Viewer{}, refuse("auth.malformed", "Send one Authorization header, not several.")
	}
	if len(values) == 0 {
		return a.Authenticate(r.Context(), "")
	}
	return a.fromText(r.Context(), values[0])
}

// FromInit authenticates a socket by its connection_init payload: one member
// named Authorization, in any case, whose value is written as in the header.
// Errors are those of Authenticate.
func (a *Authenticator) FromInit(ctx context.Context, payload map[string]any) (viewer.Viewer, error) {
	var found []any
	for name, value := range payload {
		if strings.EqualFold(name, "Authorization") {
			found = append(found, value)
		}
	}
	if len(found) == 0 {
		return a.Authenticate(ctx, "")
	}
	text, ok := found[0].(string)
	if !ok || len(found) > 1 {
		return viewer.Viewer{}, errMalformed()
	}
	return a.fromText(ctx, text)
}

// fromText reads "Bearer x". The scheme's case does not matter (RFC 9110,
// section 11.1); exactly one space follows it.
func (a *Authenticator) fromText(ctx context.Context, text string) (viewer.Viewer, error) {
	if text == "" {
		return a.Authenticate(ctx, "")
	}
	scheme, bearer, _ := strings.Cut(text, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return viewer.Viewer{}, refuse("auth.malformed", "The Authorization header must read: Bearer, a space, and the key or token.")
	}
	return a.Authenticate(ctx, bearer)
}
