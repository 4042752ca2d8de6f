package web

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/paygraph/paygraph/internal/pay"
)

// takePayer takes a payer who comes by the link of a mail, and sends them on to
// the page on which the bill is paid. As with /return, the address is a secret.
// Only a GET opens anything: what only looks whether a link is alive does not.
func (s *Server) takePayer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.opts.Timeouts.Work)
	defer cancel()
	next, err := s.opts.Billing.FollowPayURL(ctx, r.PathValue("token"))
	switch {
	case pay.CodeOf(err) == pay.CodeNotFound:
		s.pages.write(w, r, http.StatusNotFound, pageUnknown)
	case err != nil:
		s.opts.Logger.LogAttrs(ctx, slog.LevelWarn, "a payer could not be sent to pay",
			slog.String("error", err.Error()), slog.String(requestIDAttr, RequestID(ctx)))
		w.Header().Set("Retry-After", "30")
		s.pages.write(w, r, http.StatusServiceUnavailable, pageTrouble)
	case isWebPage(next):
		header := w.Header()
		header.Set("Location", next)
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
	default:
		s.pages.write(w, r, http.StatusOK, pageSettled)
	}
}
