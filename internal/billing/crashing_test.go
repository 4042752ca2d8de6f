package billing_test

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// crash decides whether the next call of a provider ends as the death of the
// process would: the vendor did it, and nothing after the call runs.
type crash struct{ die atomic.Bool }

// wrap stands before an adapter and ends the caller's goroutine when it is told
// to.
func (c *crash) wrap(p providers.Provider) providers.Provider {
	return &crashing{Provider: p, crash: c}
}

type crashing struct {
	providers.Provider

	crash *crash
}

func (c *crashing) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	defer c.crash.now()
	return c.Provider.Start(ctx, r)
}

func (c *crashing) Capture(ctx context.Context, ref providers.Ref, handle string, amount pay.Money) (providers.Result, error) {
	defer c.crash.now()
	capturer, err := providers.As[providers.Capturer](c.Provider, providers.OpCapture)
	if err != nil {
		return providers.Result{}, err
	}
	return capturer.Capture(ctx, ref, handle, amount)
}

func (c *crashing) Void(ctx context.Context, ref providers.Ref, handle string) (providers.Result, error) {
	voider, err := providers.As[providers.Voider](c.Provider, providers.OpVoid)
	if err != nil {
		return providers.Result{}, err
	}
	return voider.Void(ctx, ref, handle)
}

func (c *crash) now() {
	if c.die.Load() {
		runtime.Goexit()
	}
}
