package jobs_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a store and its Postgres server, so that a test can take
// the server away and give it back.
type proxy struct {
	url     string        // of the database behind it
	refused chan struct{} // one for each connection that was not let through

	listener         net.Listener
	network, address string // the server's

	mu    sync.Mutex
	away  bool
	conns map[net.Conn]struct{}
	wg    sync.WaitGroup
}

func newProxy(t *testing.T, database string) *proxy {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, refused: make(chan struct{}, 10_000), conns: map[net.Conn]struct{}{}}
	p.network, p.address = server(u)
	host, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	q := u.Query()
	q.Set("host", host)
	q.Set("port", port)
	u.RawQuery = q.Encode()
	p.url = u.String()
	p.wg.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

// server is where the Postgres server of a URL listens: on a socket in the
// folder that ?host= names, or on TCP.
func server(u *url.URL) (network, address string) {
	if folder := u.Query().Get("host"); folder != "" {
		return "unix", folder + "/.s.PGSQL." + u.Query().Get("port")
	}
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	return "tcp", net.JoinHostPort(u.Hostname(), port)
}

// cut takes the server away: every connection breaks, and new ones are closed at
// once.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

// restore gives it back.
func (p *proxy) restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

func (p *proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.forward(c) })
	}
}

func (p *proxy) forward(c net.Conn) {
	defer func() { _ = c.Close() }()
	behind, err := net.Dial(p.network, p.address)
	if err != nil {
		return
	}
	defer func() { _ = behind.Close() }()
	if !p.keep(c, behind) {
		p.refused <- struct{}{}
		return
	}
	p.wg.Go(func() {
		_, _ = io.Copy(behind, c)
		_ = behind.Close()
	})
	_, _ = io.Copy(c, behind)
}

// keep notes the connections that a cut must break, unless the server is away.
func (p *proxy) keep(list ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away {
		return false
	}
	for _, c := range list {
		p.conns[c] = struct{}{}
	}
	return true
}
