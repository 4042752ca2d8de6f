package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

func runSandbox(ctx context.Context, args []string, env environment) error {
	flags := newFlags(env, "sandbox", "[--addr HOST:PORT] [--state FILE]",
		"Simulates the payment providers over HTTP: their protocols, pay pages, test cards,\n3-D Secure and notifications, each under its own path such as /payture/, and a control\nAPI for tests under /_control/. It keeps its own book of what was taken.")
	addr := flags.String("addr", "127.0.0.1:8090", "where to listen; port 0 picks a free one")
	state := flags.String("state", "", "a file that keeps the providers' state over restarts; empty: in memory only")
	if err := parse(flags, args, 0); err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(env.Stderr, nil))
	box, err := startSandbox(ctx, *addr, *state, systemClock(), logger)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(env.Stdout, "paygraph sandbox ready addr=%s\n", box.listener.Addr())
	return box.run(ctx)
}

// sandboxes are the simulated providers, listening.
type sandboxes struct {
	server   *sandbox.Server
	listener net.Listener
}

// startSandbox opens every simulated provider at addr. Nothing is served before
// run.
func startSandbox(ctx context.Context, addr, stateFile string, clock pay.Clock, logger *slog.Logger) (*sandboxes, error) {
	server, err := sandbox.New(sandbox.Options{Clock: clock, Logger: logger, StateFile: stateFile})
	if err != nil {
		return nil, fmt.Errorf("open the sandbox: %w", err)
	}
	for _, vendor := range vendors() {
		if err := server.Register(vendor.sandbox()); err != nil {
			return nil, fmt.Errorf("open the sandbox of %s: %w", vendor.Name, err)
		}
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the sandbox (choose another address, or port 0): %w", err)
	}
	server.SetBaseURL("http://" + listener.Addr().String())
	return &sandboxes{server: server, listener: listener}, nil
}

// url is where the providers are.
func (s *sandboxes) url() string { return "http://" + s.listener.Addr().String() }

// run serves until ctx ends, then lets the notifications that are under way end.
func (s *sandboxes) run(ctx context.Context) error {
	web := &http.Server{Handler: s.server.Handler(), ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- web.Serve(s.listener) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve the sandbox: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := web.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = web.Close() // a slow test card holds its request for 40 s
	}
	return errors.Join(err, s.server.Close(drain))
}
