package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxHeaderBytes bounds the head of a request; net/http adds 4 KiB of its own.
const maxHeaderBytes = 16 << 10

// Serve answers on the listener until ctx ends, and then drains: /readyz says no
// for DrainDelay while everything else is still served, the listener closes,
// what is under way finishes, sockets are closed with 1012. It returns nil when
// all of that was done within drain of the closing, and an error that says what
// was cut otherwise. It closes the listener and may be called once.
func (s *Server) Serve(ctx context.Context, listener net.Listener, drain time.Duration) error {
	t := s.opts.Timeouts
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: t.Header,
		ReadTimeout:       t.Read,
		WriteTimeout:      t.Write, // sockets and streams lift it
		IdleTimeout:       t.Idle,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.opts.Logger.Handler(), slog.LevelWarn),
	}
	closed := make(chan struct{})
	server.RegisterOnShutdown(func() { close(closed) }) // when the listener has closed
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("serve on %s: %w", listener.Addr(), err), s.Close())
	case <-ctx.Done():
	}
	s.draining.Store(true)
	wait(s.opts.DrainDelay)

	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- server.Shutdown(bounded) }()
	<-closed
	socketsErr := s.sockets.Shutdown(bounded)
	err := <-stopped
	if err != nil {
		err = fmt.Errorf("drain: requests were cut: %w", err)
		_ = server.Close() // its error is of connections that are gone
	}
	if ended := <-served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve on %s: %w", listener.Addr(), ended))
	}
	if socketsErr != nil {
		err = errors.Join(err, fmt.Errorf("drain: sockets were cut: %w", socketsErr))
	}
	return err
}

// wait is for a fixed time: a drain is not hurried.
func wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}

// Close ends what New started, when Serve does not. It cuts open sockets and may
// be repeated.
func (s *Server) Close() error {
	s.draining.Store(true)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.sockets.Shutdown(ended); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// Warm makes the first request as quick as the others, and fails when it could
// not be answered: the database must answer and be migrated, and one query goes
// the whole way.
func (s *Server) Warm(ctx context.Context) error {
	if reason := s.awaitDatabase(ctx); reason != "" {
		return fmt.Errorf("not ready: %s", reason)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{__typename}"}`))
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	w := &probe{header: make(http.Header)}
	s.graphql.ServeHTTP(w, r)
	if want := `{"data":{"__typename":"Query"}}`; w.body.String() != want {
		return fmt.Errorf("warm up: a query was answered with status %d and not with %s", w.status, want)
	}
	return nil
}

// probe is an answer that nobody waits for.
type probe struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is part of http.ResponseWriter.
func (p *probe) Header() http.Header { return p.header }

// WriteHeader is part of http.ResponseWriter.
func (p *probe) WriteHeader(status int) { p.status = status }

// Write is part of http.ResponseWriter.
func (p *probe) Write(b []byte) (int, error) { return p.body.Write(b) }
