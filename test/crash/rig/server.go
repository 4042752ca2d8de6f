package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// ServerOptions say how one server is started.
type ServerOptions struct {
	Name     string // of its log in Dir
	Binary   string
	Dir      string
	Addr     string // where it listens on every start; "": a free port
	Data     string // the folder of its SQLite database, when Database is empty
	Database string
	Sandbox  string   // the sandbox's URL
	Env      []string // more variables, as NAME=value
}

// Keys are what a client calls a server with. They are the same over restarts and
// for all servers on one database.
type Keys struct {
	Publishable string
	Secret      string
	Operator    string
}

// Server is one `paygraph dev` that is killed and started again at one address.
type Server struct {
	Name string
	Addr string
	Keys Keys

	opts    ServerOptions
	life    context.Context //nolint:containedctx // of the processes that Restart starts
	mu      sync.Mutex
	process *Process
}

// StartServer starts a server and waits until it is ready. The end of ctx kills it,
// and what Restart puts in its place.
func StartServer(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Addr == "" {
		port, err := FreePort(ctx)
		if err != nil {
			return nil, err
		}
		o.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	s := &Server{Name: o.Name, Addr: o.Addr, opts: o, life: ctx}
	p, err := s.start(o.Env)
	if err != nil {
		return nil, err
	}
	s.process = p
	s.Keys = Keys{Publishable: p.Ready["publishable_key"], Secret: p.Ready["secret_key"], Operator: p.Ready["operator_token"]}
	return s, nil
}

func (s *Server) start(env []string) (*Process, error) {
	args := []string{"dev", "--addr", s.Addr, "--sandbox", s.opts.Sandbox}
	if s.opts.Database != "" {
		args = append(args, "--database", s.opts.Database)
	} else {
		args = append(args, "--data", s.opts.Data)
	}
	return Start(s.life, Command{Name: s.Name, Path: s.opts.Binary, Args: args, Env: env, Log: filepath.Join(s.opts.Dir, s.Name+".log")})
}

// Restart starts the server again where it was, when it has ended, and returns
// how long that took. Env replaces its own variables for this start when given.
func (s *Server) Restart(env ...string) (time.Duration, error) {
	if env == nil {
		env = s.opts.Env
	}
	p, err := s.start(env)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = p
	return p.Took, nil
}

// Process is the one that serves now, or did last.
func (s *Server) Process() *Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// Kill ends the server as kill -9 does. It may be repeated.
func (s *Server) Kill() error { return s.Process().Kill() }

// URL is where it is reached, without a path.
func (s *Server) URL() string { return "http://" + s.Addr }

// FreePort finds a port where nothing listens, below those that systems give to
// outgoing connections: else a client that calls a killed server might be given
// the server's own port, and the server could not come back.
func FreePort(ctx context.Context) (int, error) {
	var errs []error
	for range 100 {
		port := 15000 + rand.IntN(15000) //nolint:gosec // no secret
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		errs = append(errs, err)
	}
	return 0, fmt.Errorf("find a free port: %w", errors.Join(errs...))
}
