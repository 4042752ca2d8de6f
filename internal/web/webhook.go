package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// maxNotificationBytes bounds a notification: those documented have a few
// kilobytes at most.
const maxNotificationBytes = 256 << 10

// takeNotification hands a provider's notification to billing and answers as
// the provider expects.
//
// The work does not end when the provider hangs up: some send a notification
// once and wait for it no longer than a second.
func (s *Server) takeNotification(w http.ResponseWriter, r *http.Request) {
	body, status := s.readNotification(w, r)
	if status != 0 {
		w.Header().Set("Connection", "close") // do not read on just to be polite
		writeText(w, status, http.StatusText(status)+"\n")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.opts.Timeouts.Work)
	defer cancel()
	n := providers.Notification{Header: r.Header, Query: r.URL.Query(), Body: body}
	var reply providers.Reply
	var err error
	if token := r.PathValue("token"); token != "" {
		reply, err = s.opts.Billing.NotifyOrder(ctx, r.PathValue("provider"), r.PathValue("account"), token, n)
	} else {
		reply, err = s.opts.Billing.Notify(ctx, r.PathValue("provider"), r.PathValue("account"), n)
	}
	if err != nil {
		s.refuseNotification(w, r, err)
		return
	}
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	if reply.ContentType == "" {
		reply.ContentType = "text/plain; charset=utf-8"
	}
	writeBody(w, reply.Status, reply.ContentType, reply.Body)
}

// readNotification reads the body to its end, or returns the status that says
// why not. A body that trickles is cut by a timer, for the server's own
// deadline begins with the head of the request.
func (s *Server) readNotification(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	control := http.NewResponseController(w)
	late := time.AfterFunc(s.opts.Timeouts.Notice, func() { _ = control.SetReadDeadline(time.Unix(1, 0)) })
	defer late.Stop()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxNotificationBytes+1))
	switch {
	case err == nil && len(body) > maxNotificationBytes:
		// A client that is still sending when the connection closes may never
		// see the answer: as much again is read off, and no more.
		_, _ = io.CopyN(io.Discard, r.Body, maxNotificationBytes)
		return nil, http.StatusRequestEntityTooLarge
	case err == nil:
		return body, 0
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, http.StatusRequestTimeout
	default:
		return nil, http.StatusBadRequest
	}
}

// refuseNotification says no in a way that makes providers send again what we
// could not take, and give up what we never will.
func (s *Server) refuseNotification(w http.ResponseWriter, r *http.Request, err error) {
	status, level := http.StatusServiceUnavailable, slog.LevelError
	failure, isFailure := errors.AsType[*providers.Error](err)
	switch {
	case pay.CodeOf(err) == pay.CodeNotFound:
		writeText(w, http.StatusNotFound, "there is no such account\n")
		return // anybody can ask for anything: the access log has it
	case isFailure && failure.Kind == providers.Auth:
		status, level = http.StatusUnauthorized, slog.LevelWarn
	case isFailure && failure.Kind == providers.Malformed:
		status, level = http.StatusBadRequest, slog.LevelWarn
	case isFailure && failure.Kind == providers.RateLimited:
		level = slog.LevelWarn
	}
	s.opts.Logger.LogAttrs(r.Context(), level, "a notification was refused",
		slog.Int("status", status), slog.String("error", err.Error()), slog.String(requestIDAttr, RequestID(r.Context())))
	writeText(w, status, http.StatusText(status)+"\n")
}
