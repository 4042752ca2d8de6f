// Package viewer says who is asking. It is a leaf: it knows roles and ids, no
// table and no token, so that the store can hold rows back from those who may
// not see them without knowing how they proved who they are.
//
// internal/auth makes a Viewer from a request; internal/store reads it from the
// context for every query.
package viewer

import (
	"context"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Viewer is who asks, for one merchant.
type Viewer struct {
	Role         pay.Role
	Merchant     pay.MerchantID
	User         pay.UserID             // of a USER; zero otherwise
	Bill         pay.BillID             // of a GUEST: the one bill the token opens; zero otherwise
	Registration pay.CardRegistrationID // of a GUEST whose token opens one card registration; zero otherwise
	Principal    string                 // names the caller in idempotency scopes and audits: a key's id, "user/…", "bill/…", "operator/…"
	Expires      time.Time              // when the proof ends; zero: never

	program bool
}

type contextKey struct{}

// With returns a context in which v asks.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, contextKey{}, v)
}

// From returns who asks. Without anybody it returns the zero Viewer, who may
// see nothing.
func From(ctx context.Context) Viewer {
	v, _ := ctx.Value(contextKey{}).(Viewer)
	return v
}

// AsProgram returns a context in which the program itself asks: jobs, sweeps,
// start-up and the inside of a transaction, where a service has decided before
// what its caller may do.
func AsProgram(ctx context.Context) context.Context {
	v := From(ctx)
	v.program = true
	return With(ctx, v)
}

// IsProgram reports whether the program itself asks.
func (v Viewer) IsProgram() bool { return v.program }

// Actor returns the role to write beside an act, or nil for the program's own.
// Inside a transaction the caller is still the actor.
func (v Viewer) Actor() *pay.Role {
	if v.Role == "" {
		return nil
	}
	role := v.Role
	return &role
}
