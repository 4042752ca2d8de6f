package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// takeReturn takes a payer's browser that comes back from a provider's page,
// and sends it on to the merchant's. What stands in the query or in a posted
// form is not read: that the browser came proves nothing, the provider is asked.
//
// The address is a secret of the payer's, so it must not leave in a Referer and
// no cache may keep it.
func (s *Server) takeReturn(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.opts.Timeouts.Work)
	defer cancel()
	next, err := s.opts.Billing.Return(ctx, r.PathValue("token"))
	s.sendOn(w, r, next, err, pageProcessing)
}

// sendOn sends a payer on to the page at next. When there is none it shows the page
// of the kind otherwise, and says in words what went wrong.
func (s *Server) sendOn(w http.ResponseWriter, r *http.Request, next string, err error, otherwise pageKind) {
	switch {
	case pay.CodeOf(err) == pay.CodeNotFound:
		s.pages.write(w, r, http.StatusNotFound, pageUnknown)
	case err != nil:
		s.opts.Logger.LogAttrs(r.Context(), slog.LevelWarn, "a payer could not be sent on",
			slog.String("error", err.Error()), slog.String(requestIDAttr, RequestID(r.Context())))
		w.Header().Set("Retry-After", "30")
		s.pages.write(w, r, http.StatusServiceUnavailable, pageTrouble)
	case isWebPage(next):
		header := w.Header()
		header.Set("Location", next)
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusSeeOther)
	default:
		s.pages.write(w, r, http.StatusOK, otherwise)
	}
}

// isWebPage is the last look before a browser is sent somewhere: billing has
// checked the origin.
func isWebPage(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

func (s *Server) answerPagePanic(w http.ResponseWriter, r *http.Request) {
	s.pages.write(w, r, http.StatusInternalServerError, pageTrouble)
}
