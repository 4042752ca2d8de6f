package billing_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// script stands before an adapter and says what a test wants the vendor to say;
// what it leaves nil the adapter does. The notifications it reads are signed ones.
type script struct {
	start  func() (providers.Result, error)
	sync   func(ctx context.Context, adapter func() (providers.Result, error)) (providers.Result, error)
	about  func(order string) (providers.Result, error) // Sync, by order number; before sync
	signed bool
	asked  int // how often Sync was called
}

func (s *script) wrap(p providers.Provider) providers.Provider {
	adapter, _ := p.(*payture.Client)
	return &scripted{Client: adapter, script: s}
}

type scripted struct {
	*payture.Client

	script *script
}

func (s *scripted) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	if s.script.start != nil {
		return s.script.start()
	}
	return s.Client.Start(ctx, r)
}

func (s *scripted) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	s.script.asked++
	if s.script.about != nil {
		return s.script.about(ref.OrderNumber)
	}
	adapter := func() (providers.Result, error) { return s.Client.Sync(ctx, ref) }
	if s.script.sync != nil {
		return s.script.sync(ctx, adapter)
	}
	return adapter()
}

// ParseWebhook takes JSON of providers.Event for proven.
func (s *scripted) ParseWebhook(ctx context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if !s.script.signed {
		return s.Client.ParseWebhook(ctx, n)
	}
	var event providers.Event
	if err := json.Unmarshal(n.Body, &event); err != nil {
		return nil, providers.Reply{}, &providers.Error{Provider: s.Name(), Op: providers.OpWebhook, Kind: providers.Malformed}
	}
	return []providers.Event{event}, providers.Reply{Status: http.StatusOK}, nil
}

// setupScripted lays a backend whose first account does what the script says.
func setupScripted(t *testing.T, url string, s *script) *bundle {
	t.Helper()
	first := true
	return setup(t, url, func(p providers.Provider) providers.Provider {
		if !first {
			return p
		}
		first = false
		return s.wrap(p)
	})
}

// scriptedFact runs f on a backend that has begun, and whose first account does
// what the script says.
func scriptedFact(t *testing.T, name string, f func(t *testing.T, b *bundle, s *script)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			s := &script{}
			b := setupScripted(t, url, s)
			require.NoError(t, b.Begin(b.program()))
			f(t, b, s)
		})
	})
}

// says is a vendor that gives the same answer to every question.
func says(r providers.Result, err error) func(context.Context, func() (providers.Result, error)) (providers.Result, error) {
	return func(context.Context, func() (providers.Result, error)) (providers.Result, error) { return r, err }
}

// unreadable is a vendor whose answer makes no sense, though it is there.
func unreadable() (providers.Result, error) {
	return providers.Result{}, &providers.Error{Provider: payture.Name, Op: providers.OpSync, Kind: providers.Malformed}
}

// silent is a vendor that does not answer.
func silent() (providers.Result, error) {
	return providers.Result{}, &providers.Error{Provider: payture.Name, Op: providers.OpSync, Kind: providers.Unknown}
}

// event sends the backend one signed event.
func (b *bundle) event(key, order string, r providers.Result) error {
	b.t.Helper()
	body, err := json.Marshal(providers.Event{Key: key, Kind: "payment", Ref: providers.Ref{OrderNumber: order}, Result: &r})
	if err != nil {
		return err
	}
	_, err = b.Notify(b.t.Context(), "payture", oneStage, providers.Notification{Body: body})
	return err
}
