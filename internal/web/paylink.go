package web

import (
	"context"
	"net/http"
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
	s.sendOn(w, r, next, err, pageSettled)
}
