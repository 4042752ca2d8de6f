package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

// envIdle makes this test program the other process of a benchmark: the clients
// that watch bills at the server of that address.
const envIdle = "PAYGRAPH_BENCH_IDLE"

// idleReady is what that process prints when all of its clients watch.
const idleReady = "all watch"

// others is the process of the idle clients.
type others struct {
	t     testing.TB
	cmd   *exec.Cmd
	stdin io.Closer // they leave when it closes
}

// watchIdly has another process watch each of the bills, on a socket each, and
// waits until it does. They leave at the end of t.
func (p *benched) watchIdly(t testing.TB, bills []benchBill) *others {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "-test.run=^TestIdleClients$", "-test.timeout=0")
	cmd.Env = append(os.Environ(), envIdle+"="+p.addr)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	o := &others{t: t, cmd: cmd, stdin: stdin}
	t.Cleanup(o.end)
	require.NoError(t, json.NewEncoder(stdin).Encode(bills))
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if lines.Text() == idleReady {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return o
		}
		stderr.WriteString(lines.Text() + "\n")
	}
	require.Fail(t, "the idle clients do not watch", "%s", &stderr)
	return nil
}

// end has the clients leave. It may be repeated.
func (o *others) end() {
	if o.cmd == nil {
		return
	}
	_ = o.stdin.Close()
	_ = o.cmd.Wait()
	o.cmd = nil
}

// TestIdleClients is no test but the other process of watchIdly; of itself it
// does nothing.
func TestIdleClients(t *testing.T) {
	t.Parallel()
	addr := os.Getenv(envIdle)
	if addr == "" {
		return
	}
	var bills []benchBill
	require.NoError(t, json.NewDecoder(os.Stdin).Decode(&bills))
	var opening errgroup.Group
	opening.SetLimit(clients)
	for _, one := range bills {
		opening.Go(func() error {
			conn, err := watch(t.Context(), addr, one)
			if err != nil {
				return err
			}
			if _, _, err := conn.ReadMessage(); err != nil { // the snapshot
				return fmt.Errorf("read the snapshot of %s: %w", one.ID, err)
			}
			go answerPings(conn)
			return nil
		})
	}
	require.NoError(t, opening.Wait())
	fmt.Println(idleReady)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// answerPings keeps a socket alive: the server cuts who is silent for long.
func answerPings(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"pong"}`)); err != nil {
			return
		}
	}
}

// watch opens a socket that watches one bill; its snapshot is still to be read.
func watch(ctx context.Context, addr string, one benchBill) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, HandshakeTimeout: time.Minute}
	conn, response, err := dialer.DialContext(ctx, "ws://"+addr+"/graphql", nil)
	if err != nil {
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	_ = response.Body.Close()
	for _, message := range []any{
		map[string]any{"type": "connection_init", "payload": map[string]string{"Authorization": "Bearer " + one.Token}},
		map[string]any{"type": "subscribe", "id": "1", "payload": map[string]any{"query": watchDocument, "variables": map[string]string{"id": one.ID}}},
	} {
		if err := conn.WriteJSON(message); err != nil {
			return nil, fmt.Errorf("watch %s: %w", one.ID, err)
		}
		if kind, _ := message.(map[string]any)["type"].(string); kind != "connection_init" {
			continue
		}
		if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), "connection_ack") {
			return nil, fmt.Errorf("watch %s: instead of connection_ack: %s %w", one.ID, text, err)
		}
	}
	return conn, nil
}

// weight is what a process has in memory.
type weight struct {
	memory     int64 // bytes of heap and stacks in use
	resident   int64 // bytes; 0 where there is no /proc
	goroutines int64
}

// weigh weighs this process when what is garbage has gone.
func weigh() weight {
	for range 4 { // stacks shrink by half at each collection
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return weight{memory: int64(m.HeapInuse + m.StackInuse), resident: resident("self"), goroutines: int64(runtime.NumGoroutine())}
}

// resident is the resident memory of a process in bytes, 0 where there is no
// /proc to tell it.
func resident(process string) int64 {
	status, err := os.ReadFile("/proc/" + process + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if text, found := strings.CutPrefix(line, "VmRSS:"); found {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}

// quickSQLite is a database for what has nothing to do with the disk.
func quickSQLite(t testing.TB) string {
	t.Helper()
	return storetest.SQLite(t)
}
