package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// How long a look at the database may take, and for how long its result is
// believed: however often somebody asks, the database is asked once in that
// time.
const (
	readyTimeout = 2 * time.Second
	readyFor     = 500 * time.Millisecond
)

// Why a server is not ready, as /readyz says it.
const (
	reasonDraining = "draining"
	reasonDatabase = "database"
	reasonVersion  = "migrations"
)

// serveHealth says that the process is up, and nothing else: a server without
// its database must not be killed, it recovers by itself.
func serveHealth(w http.ResponseWriter, _ *http.Request) { writeText(w, http.StatusOK, "ok\n") }

// serveReadiness says whether this server should be sent requests.
func (s *Server) serveReadiness(w http.ResponseWriter, r *http.Request) {
	if reasons := s.notReady(r.Context()); len(reasons) > 0 {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reasons": reasons})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ready": true})
}

// readiness is what was last seen of the database.
type readiness struct {
	mu         sync.Mutex // held while asking, so that one asks for all
	askedAt    time.Time
	reason     string
	isMigrated bool // never unsaid: a database does not grow younger
}

// notReady returns the reasons why not, none when ready.
func (s *Server) notReady(ctx context.Context) []string {
	var reasons []string
	if s.draining.Load() {
		reasons = append(reasons, reasonDraining)
	}
	if reason := s.lookAtDatabase(ctx); reason != "" {
		reasons = append(reasons, reason)
	}
	return reasons
}

func (s *Server) lookAtDatabase(ctx context.Context) string {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	now := s.opts.Clock.Now()
	if age := now.Sub(s.ready.askedAt); age >= 0 && age < readyFor {
		return s.ready.reason
	}
	// Others will believe the result: who asked first may hang up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	s.ready.reason = s.askDatabase(ctx)
	s.ready.askedAt = s.opts.Clock.Now()
	return s.ready.reason
}

// startTimeout is how long a starting server waits for its database: longer than
// one that is asked whether it is ready, for nobody waits for it yet.
const startTimeout = 15 * time.Second

// awaitDatabase looks at the database with more patience, and remembers what it
// saw.
func (s *Server) awaitDatabase(ctx context.Context) string {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s.ready.reason = s.askDatabase(ctx)
	s.ready.askedAt = s.opts.Clock.Now()
	return s.ready.reason
}

// askDatabase needs s.ready.mu.
func (s *Server) askDatabase(ctx context.Context) string {
	err := s.opts.Store.Ping(ctx)
	if err == nil && !s.ready.isMigrated {
		s.ready.isMigrated, err = s.opts.Store.IsMigrated(ctx)
	}
	switch {
	case err != nil:
		s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "not ready: the database does not answer", slog.String("error", err.Error()))
		return reasonDatabase
	case !s.ready.isMigrated:
		return reasonVersion
	default:
		return ""
	}
}
