package billing_test

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/paygraph/paygraph/providers"
)

// crashing stands before an adapter and ends the caller's goroutine instead of
// answering, as the death of the process would: nothing after the call runs.
type crashing struct {
	providers.Provider

	die atomic.Bool
}

func (c *crashing) wrap(p providers.Provider) providers.Provider {
	c.Provider = p
	return c
}

// Start opens the attempt at the vendor and dies before it can say so.
func (c *crashing) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	result, err := c.Provider.Start(ctx, r)
	if c.die.Load() {
		runtime.Goexit()
	}
	return result, err
}
