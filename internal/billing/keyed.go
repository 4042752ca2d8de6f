package billing

import (
	"context"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// keyed is a piece of work's hold on what makes it happen once: a caller's
// idempotency key (*idempotency.Claim), or nothing for work that the program does
// by itself, whose rows are unique in another way.
type keyed interface {
	Begin(ctx context.Context, tx *store.Tx, objectID string) error
	Finish(ctx context.Context, tx *store.Tx, errs ...*pay.Error) error
}

// keyless is work without a caller's key.
type keyless struct{}

func (keyless) Begin(context.Context, *store.Tx, string) error         { return nil }
func (keyless) Finish(context.Context, *store.Tx, ...*pay.Error) error { return nil }
