package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web"
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for at, text := range texts {
		list[at] = netip.MustParsePrefix(text)
	}
	return list
}

// running is an edge that Serve runs.
type running struct {
	*edge
	stop  context.CancelFunc // as SIGTERM does
	ended chan error         // what Serve returned
}

func serve(t *testing.T, drain time.Duration, change func(*edge)) *running {
	t.Helper()
	e := &running{edge: newEdge(t, change), ended: make(chan error, 1)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	e.url = "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	e.stop = stop
	over := make(chan struct{})
	go func() {
		defer close(over)
		e.ended <- e.server.Serve(ctx, listener, drain)
	}()
	t.Cleanup(func() {
		stop()
		<-over
	})
	return e
}

// isListening reports whether a new connection is taken.
func (e *running) isListening() bool {
	conn, err := net.Dial("tcp", strings.TrimPrefix(e.url, "http://"))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// streams opens an event stream and returns a reader that has seen its first
// event.
func (e *running) streams(t *testing.T) *bufio.Reader {
	t.Helper()
	conn := e.dial(t)
	body := `{"query":"subscription {ticks}"}`
	_, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	for line := ""; !strings.Contains(line, "ticks"); {
		line, err = reader.ReadString('\n')
		require.NoError(t, err)
	}
	return reader
}

const subscribed = `{"id":"1","type":"subscribe","payload":{"query":"subscription {ticks}"}}`

func (e *running) subscriber(t *testing.T) *websocket.Conn {
	t.Helper()
	conn := e.socket(t, nil, `{"type":"connection_init","payload":{"Authorization":"Bearer alice"}}`)
	hear(t, conn) // the ack
	say(t, conn, subscribed)
	require.Contains(t, hear(t, conn), "ticks")
	return conn
}

func TestServe_Drains(t *testing.T) {
	t.Parallel()

	e := serve(t, patience, nil)
	socket, stream := e.subscriber(t), e.streams(t)
	wait(t, e.schema.started)
	wait(t, e.schema.started)
	held := make(chan answer, 1)
	go func() {
		a, err := e.trySend(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{hold}"}`), "Content-Type", "application/json")
		if err != nil {
			a.body = err.Error()
		}
		held <- a
	}()
	wait(t, e.schema.started)

	e.stop()
	require.Equal(t, websocket.CloseServiceRestart, closeCode(t, socket))
	rest, err := io.ReadAll(stream)
	require.NoError(t, err)
	require.NotContains(t, string(rest), "event: complete", "a stream that was cut must be opened again")
	require.False(t, e.isListening(), "the door is closed before the sockets are")
	select {
	case <-held:
		require.FailNow(t, "a request under way did not finish")
	case err := <-e.ended:
		require.FailNow(t, "Serve did not wait", err)
	default:
	}
	close(e.schema.release)
	require.JSONEq(t, `{"data":{"hold":"held"}}`, wait(t, held).body)
	require.NoError(t, wait(t, e.ended))
	require.Zero(t, e.server.Sockets().Len())
}

func TestServe_SaysNotReadyBeforeItStops(t *testing.T) {
	t.Parallel()

	e := serve(t, patience, func(e *edge) { e.options.DrainDelay = 300 * time.Millisecond })
	require.Equal(t, http.StatusOK, e.send(t, http.MethodGet, "/readyz", "").status)
	e.stop()
	require.Eventually(t, func() bool {
		a, err := e.trySend(http.MethodGet, "/readyz", http.NoBody)
		return err == nil && a.status == http.StatusServiceUnavailable && strings.Contains(a.body, `"draining"`)
	}, patience, time.Millisecond)
	a := e.query(t, "{who}", "Authorization", "Bearer alice")
	require.Equal(t, http.StatusOK, a.status, "everything else is still served")
	require.NoError(t, wait(t, e.ended))
	require.False(t, e.isListening())
}

func TestServe_DrainIsBounded(t *testing.T) {
	t.Parallel()

	e := serve(t, 50*time.Millisecond, nil)
	go func() {
		_, _ = e.trySend(http.MethodPost, "/graphql", strings.NewReader(`{"query":"{hold}"}`), "Content-Type", "application/json")
	}()
	wait(t, e.schema.started)
	e.stop()
	require.ErrorContains(t, wait(t, e.ended), "requests were cut")
	close(e.schema.release)
}

func TestServe_FailsWithItsListener(t *testing.T) {
	t.Parallel()

	e := newEdge(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.ErrorContains(t, e.server.Serve(t.Context(), listener, time.Second), "serve on 127.0.0.1:")
}

func TestServe_Limits(t *testing.T) {
	t.Parallel()

	const short = 100 * time.Millisecond
	stuck := make(chan error, 1)
	e := serve(t, patience, func(e *edge) {
		e.options.Explorer = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // says more than anybody wants
			var err error
			for err == nil {
				_, err = w.Write(make([]byte, 64<<10))
			}
			stuck <- err
		})
		e.options.Timeouts = web.Timeouts{Header: short, Read: 2 * short, Write: 4 * short, Idle: short}
	})
	rest := func(t *testing.T, sent string) string {
		t.Helper()
		conn := e.dial(t)
		_, err := io.WriteString(conn, sent)
		require.NoError(t, err)
		answered, err := io.ReadAll(conn) // a reset is an end, too; our own patience is none
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		return string(answered)
	}

	t.Run("BigHeads", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, rest(t, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: "+strings.Repeat("x", 24<<10)+"\r\n\r\n"), "431 ")
		require.Equal(t, http.StatusOK, e.send(t, http.MethodGet, "/healthz", "", "X-Big", strings.Repeat("x", 8<<10)).status)
	})
	t.Run("SlowHeads", func(t *testing.T) {
		t.Parallel()
		require.Empty(t, rest(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n"))
	})
	t.Run("SlowBodies", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, rest(t, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"), "400 ")
	})
	t.Run("ClientsThatDoNotRead", func(t *testing.T) {
		t.Parallel()
		_, err := io.WriteString(e.dial(t), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		require.ErrorIs(t, wait(t, stuck), os.ErrDeadlineExceeded)
	})
	t.Run("IdleConnections", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, rest(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), "200 ")
	})
	t.Run("SocketsAndStreamsLiveOn", func(t *testing.T) {
		t.Parallel()
		socket, stream := e.subscriber(t), e.streams(t)
		gone := make(chan error, 1)
		go func() { _, err := stream.Peek(stream.Buffered() + 1); gone <- err }()
		buffered := make(chan struct{})
		go func() { defer close(buffered); <-time.After(6 * short) }()
		wait(t, buffered)
		say(t, socket, `{"id":"2","type":"subscribe","payload":{"query":"{who}"}}`)
		require.Contains(t, hear(t, socket), "user/alice")
		require.Empty(t, gone)
	})
}
