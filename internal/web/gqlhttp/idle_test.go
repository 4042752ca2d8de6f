package gqlhttp

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkIdleSubscriber measures what a socket with one silent subscription
// costs: b.N of them are opened, then the process is weighed. The clients live
// in it too, as bare connections of about half a kilobyte each. Run it with
// -benchtime=5000x.
func BenchmarkIdleSubscriber(b *testing.B) {
	e := setup(b, func(o *Options) { o.Clock = newFakeClock() })
	weigh := func() (bytes uint64) {
		for range 4 { // stacks shrink by half at each collection
			runtime.GC()
		}
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before, goroutines := weigh(), runtime.NumGoroutine()
	for i := range b.N {
		e.dialBare(b, fmt.Sprint(i))
		wait(b, e.schema.started)
	}
	after := weigh()
	b.ReportMetric(float64(after-before)/float64(b.N), "B/socket")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/float64(b.N), "goroutines/socket")
	start := time.Now()
	e.sockets.sweep()
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N), "sweep-ns/socket")
	b.ReportMetric(0, "ns/op")
}

// dialBare opens a socket with a subscription and leaves it, with no more than
// the connection on the client's side.
func (e *edge) dialBare(b *testing.B, id string) {
	b.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\nSec-WebSocket-Protocol: " + subprotocol + "\r\n\r\n"))
	require.NoError(b, err)
	require.NoError(b, readUntil(conn, "\r\n\r\n"))
	for _, message := range []string{
		`{"type":"connection_init"}`,
		`{"id":"` + id + `","type":"subscribe","payload":{"query":"subscription { forever }"}}`,
	} {
		// A final text frame, masked with zeros.
		_, err = conn.Write(append([]byte{0x81, 0x80 | byte(len(message)), 0, 0, 0, 0}, message...))
		require.NoError(b, err)
	}
	require.NoError(b, readUntil(conn, "connection_ack"))
}

func readUntil(r io.Reader, end string) error {
	var seen strings.Builder
	var one [1]byte
	for !strings.HasSuffix(seen.String(), end) {
		if _, err := r.Read(one[:]); err != nil {
			return err
		}
		seen.WriteByte(one[0])
	}
	return nil
}

// The server's own deadlines are for requests: neither sockets nor streams may
// end by them.
func TestServerDeadlinesAreForRequests(t *testing.T) {
	t.Parallel()
	const deadline = 200 * time.Millisecond
	e := setup(t, nil)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.web.Config.Handler.ServeHTTP(wrapped{w}, r)
	}))
	web.Config.ReadTimeout, web.Config.WriteTimeout = deadline, deadline
	web.Start()
	t.Cleanup(web.Close)
	e.url = web.URL

	c := e.dialAcked(t)
	s := e.stream(t, "subscription { forever }")
	wait(t, e.schema.started)
	c.subscribe("s", "subscription { forever }")
	wait(t, e.schema.started)
	select {
	case <-e.schema.canceled:
		require.FailNow(t, "the deadline of a request ended a stream")
	case <-time.After(2 * deadline):
	}
	e.schema.feed <- "1"
	e.schema.feed <- "1"
	c.expect(`{"id":"s","type":"next","payload":{"data":{"forever":1}}}`)
	s.expect("event: next", `data: {"data":{"forever":1}}`)
}

// wrapped is a ResponseWriter as middlewares make them: it has Unwrap, and no
// Hijack or Flush of its own.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }
