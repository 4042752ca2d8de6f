package web

import (
	"net/http"
	"slices"
)

// corsMaxAge is for how many seconds a browser remembers a preflight.
const corsMaxAge = "600"

// cors lets pages of other origins call: a shop's page is never served by us.
//
// It is safe to let every origin in, because an origin proves nothing here and
// nothing of the browser's is used: no cookie, no client certificate, no
// Authorization that a browser would add by itself. Who has no key or token to
// write into the header is nobody, from whatever page; and only
// application/json is read, which a form or an image cannot send.
// Access-Control-Allow-Credentials is never sent. The same holds for sockets,
// which browsers open without asking: the token comes in connection_init.
func (s *Server) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && s.isAllowed(origin) {
			header.Set("Access-Control-Allow-Origin", origin)
			header.Set("Access-Control-Expose-Headers", requestIDHeader)
		}
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		header.Set("Allow", "OPTIONS, POST")
		if header.Get("Access-Control-Allow-Origin") != "" {
			header.Set("Access-Control-Allow-Methods", http.MethodPost)
			header.Set("Access-Control-Allow-Headers", "authorization, content-type, x-request-id")
			header.Set("Access-Control-Max-Age", corsMaxAge)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *Server) isAllowed(origin string) bool {
	return s.opts.AllowedOrigins == nil || slices.Contains(s.opts.AllowedOrigins, origin)
}

// mayConnect says whether a page may open a socket. A client that is no page
// sends no origin.
func (s *Server) mayConnect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || s.isAllowed(origin)
}
