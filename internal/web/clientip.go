package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientIP returns the address that a request comes from: the peer's own,
// unless that is one of our proxies, which says in X-Forwarded-For whom it
// serves. The list is read from its end, where our proxies write; what stands
// before the first address that is not one of ours was written by a stranger
// and is not read. Zero when the peer has no address (a Unix socket).
func clientIP(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	client := peer.Addr().Unmap().WithZone("")
	if !isAmong(client, proxies) {
		return client
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		said, ok := parseHop(strings.TrimSpace(hop))
		if !ok {
			return client // the nearest one that is known
		}
		client = said
		if !isAmong(client, proxies) {
			return client
		}
	}
	return client
}

// parseHop reads an address with or without a port, as proxies write both.
func parseHop(text string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	if pair, err := netip.ParseAddrPort(text); err == nil {
		return pair.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

func isAmong(ip netip.Addr, prefixes []netip.Prefix) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip) })
}
