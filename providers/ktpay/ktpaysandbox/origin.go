package ktpaysandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// trusts reports whether a page of origin may use the widget. Origins are
// compared exactly, but for a port that the account leaves open.
func (a Account) trusts(origin string) bool {
	return slices.ContainsFunc(a.Origins, func(trusted string) bool {
		host, isOpen := strings.CutSuffix(trusted, ":*")
		if !isOpen {
			return origin == trusted
		}
		u, err := url.Parse(origin)
		return err == nil && origin == u.Scheme+"://"+u.Host && host == u.Scheme+"://"+u.Hostname()
	})
}

// preflight answers the browser's question before a POST with
// Auth-Identifier. It names no application yet, so the origin must be trusted
// by any of them; the POST itself must come from one of its own.
func (v *Vendor) preflight(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	w.Header().Add("Vary", "Origin")
	for _, a := range v.accounts {
		if a.trusts(origin) {
			allow(w, origin)
			w.Header().Set("Access-Control-Allow-Methods", "POST")
			w.Header().Set("Access-Control-Allow-Headers", "auth-identifier, content-type")
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	w.WriteHeader(http.StatusForbidden)
}

// allow lets a page of origin read the answer.
func allow(w http.ResponseWriter, origin string) {
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true") // seen in a real answer
}

// parents are the origins that a page in a frame may speak to: the account's,
// and, where a port is open, the one that the transaction was seen from.
func (a Account) parents(seen string) []string {
	all := slices.DeleteFunc(slices.Clone(a.Origins), func(o string) bool { return strings.HasSuffix(o, ":*") })
	if seen != "" && !slices.Contains(all, seen) {
		all = append(all, seen)
	}
	return all
}

// originOf is the origin of a page's address, or "".
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
