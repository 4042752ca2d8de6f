// Package sandbox is the host that every provider's simulator plugs into. It
// owns what the vendors have in common: the book of captures (the truth that
// Paygraph's invariants are checked against), the fault injector, the sender of
// notifications, the state file, the control API under /_control/ and what is
// alike in hosted pages (pages.go, cardtext.go): never how they look.
//
// It knows no vendor's words and shares no code with the adapters: an adapter
// and a sandbox that share code agree with each other and are wrong together.
// It is for tests, demos and development and never sees real money or a real
// card. Start reading at [Server] and [Vendor]; one request's way through the
// faults is in serve.go.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Clock tells the time. It is declared here so that the sandbox depends on
// nothing else of Paygraph; pay.Clock satisfies it.
type Clock interface{ Now() time.Time }

// Options is what a Server needs. Clock is required, the rest has defaults.
type Options struct {
	// Clock is the time that sessions and holds live by.
	Clock Clock

	// Logger gets one line for each problem; nil discards them. Card numbers,
	// passwords and notification bodies are never logged.
	Logger *slog.Logger

	// StateFile keeps everything across a restart: vendors' orders, the book,
	// the clock, notification addresses and what is not yet delivered, but no
	// faults. It is written before a request is answered, so a killed process
	// loses nothing that it acknowledged. Empty keeps the state in memory.
	// One process at a time may use a file.
	StateFile string

	// NotifyClient sends notifications; nil is a client that waits 10 s and
	// follows no redirect.
	NotifyClient *http.Client

	// BaseURL is the sandbox's own address as others see it, without a
	// trailing slash. Empty: it is taken from each request's Host header.
	BaseURL string
}

// Server hosts the vendors. Make it with New, add vendors with Register, serve
// Handler, and Close it at the end.
type Server struct {
	log    *slog.Logger
	pace   *pace
	store  *store
	book   *Book
	faults *faults
	notify *notifier
	mux    *http.ServeMux

	life context.Context // ends with Close
	stop context.CancelFunc

	commitMu sync.Mutex // a Change reaches book, notifier and store as one

	mu      sync.RWMutex
	baseURL string
	vendors map[string]Vendor
}

// New makes a server and loads StateFile if it exists. It opens no socket. A
// state file that cannot be read is an error: a sandbox that forgot its
// captures would make every invariant look broken.
func New(o Options) (*Server, error) {
	if o.Clock == nil {
		return nil, errors.New("sandbox: Options.Clock is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.NotifyClient == nil {
		o.NotifyClient = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	st, err := openStore(o.StateFile)
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	s := &Server{
		log: o.Logger, pace: newPace(o.Clock), store: st, book: newBook(), faults: &faults{},
		life: life, stop: stop, baseURL: strings.TrimSuffix(o.BaseURL, "/"), vendors: map[string]Vendor{},
	}
	s.notify = newNotifier(s, o.NotifyClient)
	s.mux = s.routes()
	if err := s.restore(); err != nil {
		stop()
		return nil, err
	}
	return s, nil
}

// restore puts the host's own records back; each vendor restores its own in
// Mount.
func (s *Server) restore() error {
	err := s.store.each(kindClock, func(_ string, raw json.RawMessage) error { return s.pace.restore(raw) })
	if err == nil {
		err = s.store.each(kindBook, func(_ string, raw json.RawMessage) error { return s.book.restore(raw) })
	}
	if err == nil {
		err = s.store.each(kindTarget, func(_ string, raw json.RawMessage) error { return s.notify.restoreTarget(raw) })
	}
	if err != nil {
		return fmt.Errorf("restore the sandbox's state: %w", err)
	}
	s.book.sort()
	return nil
}

// Register mounts a vendor under "/name/" and lets it load its state, and then
// resumes the notifications it had not delivered. Register every vendor before
// serving.
func (s *Server) Register(v Vendor) error {
	name := v.Name()
	s.mu.Lock()
	_, taken := s.vendors[name]
	if !taken {
		s.vendors[name] = v
	}
	s.mu.Unlock()
	if taken {
		return fmt.Errorf("register %s: a vendor of this name is registered already", name)
	}
	routes, err := v.Mount(&Host{server: s, provider: name})
	if err != nil {
		return fmt.Errorf("register %s: %w", name, err)
	}
	for _, r := range routes {
		s.mux.Handle("/"+name+r.Path, s.serve(name, r))
	}
	if err := s.notify.resume(name); err != nil {
		return fmt.Errorf("register %s: %w", name, err)
	}
	return nil
}

// Handler serves the vendors, the control API and /healthz.
func (s *Server) Handler() http.Handler { return s.mux }

// Book is the server's own record of money taken.
func (s *Server) Book() *Book { return s.book }

// SetBaseURL tells the server its own address once it is known, when it
// listens on port 0.
func (s *Server) SetBaseURL(u string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.baseURL = strings.TrimSuffix(u, "/")
}

// SetNotifyURL tells where an account's notifications go, as
// POST /_control/notify does. An empty url stops them.
func (s *Server) SetNotifyURL(provider, account, url string) error {
	if err := s.setTarget(target{Provider: provider, Account: account, URL: url}); err != nil {
		return err
	}
	return s.store.flush()
}

// Close stops the notifier, ends every simulated delay and writes the state
// file for the last time. Notifications not yet delivered stay in the state
// file. Deliveries under way may finish until ctx ends. It is safe to repeat.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	return errors.Join(s.notify.close(ctx), s.store.close())
}

func (s *Server) vendor(name string) (Vendor, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.vendors[name]
	return v, ok
}

func (s *Server) base(r *http.Request) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.baseURL != "" || r == nil {
		return s.baseURL
	}
	return "http://" + r.Host
}
