package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/internal/web/gqlhttp"
)

// authenticated puts who asks into the context. Who sends no Authorization is
// nobody, and @auth decides what nobody may do; who sends one that proves
// nothing is told so at once.
func (s *Server) authenticated(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values("Authorization")) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		v, err := s.opts.Auth.FromHeader(r)
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		requestOf(r.Context()).role = v.Role
		next.ServeHTTP(w, r.WithContext(viewer.With(r.Context(), v)))
	})
}

// refuse answers a request whose proof was no good, or could not be judged.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal, isRefusal := asRefusal(err)
	if !isRefusal {
		s.logUnjudged(r.Context(), err)
		w.Header().Set("Retry-After", "2")
		writeError(w, r, http.StatusServiceUnavailable, gqlhttp.CodeUnavailable, "auth.unavailable",
			"Who you are could not be checked just now. Try again.")
		return
	}
	requestOf(r.Context()).refused = refusal.Key
	w.Header().Set("WWW-Authenticate", "Bearer")
	writeError(w, r, http.StatusUnauthorized, string(refusal.Code), refusal.Key, refusal.Message)
}

func asRefusal(err error) (*pay.Error, bool) {
	refusal, ok := errors.AsType[*pay.Error](err)
	return refusal, ok && refusal.Code == pay.CodeUnauthenticated
}

func (s *Server) logUnjudged(ctx context.Context, err error) {
	s.opts.Logger.LogAttrs(ctx, slog.LevelError, "a token could not be judged",
		slog.String("error", err.Error()), slog.String(requestIDAttr, RequestID(ctx)))
}

// initSocket decides who is at the other end of a socket: whoever its
// connection_init names (a browser can set no header), else whoever its upgrade
// request was. A socket of nobody is refused: nothing could be asked on it.
func (s *Server) initSocket(ctx context.Context, payload gqlhttp.InitPayload) (context.Context, time.Time, error) {
	if v := viewer.From(ctx); v.Role != "" && !hasAuthorization(payload) {
		return ctx, v.Expires, nil
	}
	v, err := s.opts.Auth.FromInit(ctx, payload)
	if err == nil {
		return viewer.With(ctx, v), v.Expires, nil
	}
	if _, isRefusal := asRefusal(err); isRefusal {
		return nil, time.Time{}, err
	}
	s.logUnjudged(ctx, err)
	return nil, time.Time{}, fmt.Errorf("%w: %w", gqlhttp.ErrUnavailable, err)
}

func hasAuthorization(payload gqlhttp.InitPayload) bool {
	for name := range payload {
		if strings.EqualFold(name, "Authorization") {
			return true
		}
	}
	return false
}
