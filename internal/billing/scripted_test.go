package billing_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture"
)

// script stands before an adapter and says what a test wants the vendor to say;
// what it leaves nil the adapter does. The notifications it reads are signed ones.
type script struct {
	start  func() (providers.Result, error)
	sync   func(ctx context.Context, adapter func() (providers.Result, error)) (providers.Result, error)
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
