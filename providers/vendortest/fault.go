package vendortest

import (
	"context"
	"io"
	"net"
	"net/http"
)

// HangUp writes the beginning of an answer to the bare connection, status line and
// all, and closes it. It may be nothing, or no HTTP.
func HangUp(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}
}

// TransportFunc makes an http.RoundTripper of a function, one that reports nothing
// of its connections.
type TransportFunc func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f TransportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// NoSuchHost is a transport for which no name is resolved.
func NoSuchHost() http.RoundTripper {
	return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
	}}
}
