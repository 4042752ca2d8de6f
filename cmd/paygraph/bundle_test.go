package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

// program is `paygraph dev` or `paygraph serve`, run in the test's own process
// as main would run it: real listeners, real HTTP to the sandbox.
type program struct {
	t       *testing.T
	ready   map[string]string // of the ready line: addr, sandbox, publishable_key, ...
	stderr  *safeBuffer
	stop    context.CancelFunc
	stopped chan int
}

// startDev starts `paygraph dev` on free ports with more arguments, and waits for
// its ready line.
func startDev(t *testing.T, args ...string) *program {
	t.Helper()
	return start(t, append([]string{"dev", "--addr", "127.0.0.1:0"}, args...)...)
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &program{t: t, stderr: &safeBuffer{}, stop: stop, stopped: make(chan int, 1)}
	stdout, lines := io.Pipe()
	go func() {
		code := run(ctx, args, environment{Getenv: func(string) string { return "" }, Stdout: lines, Stderr: p.stderr})
		_ = lines.Close()
		p.stopped <- code
	}()
	t.Cleanup(func() { p.end() })
	line := make([]byte, 4096)
	n, err := stdout.Read(line)
	require.NoError(t, err, "%s", p.stderr)
	p.ready = fields(string(line[:n]))
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return p
}

// end stops the program as SIGTERM would and returns its exit code.
func (p *program) end() int {
	p.stop()
	code := <-p.stopped
	p.stopped <- code
	return code
}

// fields reads the name=value pairs of a ready line.
func fields(line string) map[string]string {
	found := map[string]string{}
	for _, word := range strings.Fields(line) {
		if name, value, ok := strings.Cut(word, "="); ok {
			found[name] = value
		}
	}
	return found
}

// url is where the program's API is.
func (p *program) url() string { return "http://" + p.ready["addr"] + "/graphql" }

// ask posts one GraphQL request and decodes its data into the answer.
func (p *program) ask(token, document string, variables map[string]any, answer any) {
	p.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	require.NoError(p.t, err)
	var reply struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	p.post(p.url(), token, body, &reply)
	require.Empty(p.t, string(reply.Errors))
	require.NoError(p.t, json.Unmarshal(reply.Data, answer))
}

func (p *program) post(url, token string, body []byte, answer any) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, response.StatusCode, "%s", text)
	require.NoError(p.t, json.Unmarshal(text, answer))
}

// pays plays the payer at the sandbox.
func (p *program) pays(redirectURL string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"url": redirectURL, "outcome": "approve"})
	require.NoError(p.t, err)
	var paid struct{ State string }
	p.post(p.ready["sandbox"]+"/_control/pay", "", body, &paid)
	require.Equal(p.t, "Charged", paid.State)
}

// bought is a bill as its buyer gets it.
type bought struct {
	BillCreate struct {
		AccessToken string
		Bill        struct {
			ID         string
			Status     string
			NextAction struct{ URL string }
		}
		Errors []struct{ Code, Key, Message string }
	}
}

const buyDocument = `mutation Buy($input: BillCreateInput!) {
  billCreate(input: $input) {
    accessToken
    bill { id status nextAction { ... on RedirectAction { url } } }
    errors { code key message }
  }
}`

// buy makes a guest's bill for one page of the demo shop.
func (p *program) buy(key string, more map[string]any) bought {
	p.t.Helper()
	input := map[string]any{"idempotencyKey": key, "product": p.pageAccess(), "currency": "RUB", "pageId": "articles/42"}
	for name, value := range more {
		input[name] = value
	}
	var answer bought
	p.ask(p.ready["publishable_key"], buyDocument, map[string]any{"input": input}, &answer)
	require.Empty(p.t, answer.BillCreate.Errors)
	require.Equal(p.t, "PENDING", answer.BillCreate.Bill.Status)
	return answer
}

func (p *program) pageAccess() string {
	p.t.Helper()
	var answer struct{ Product struct{ ID string } }
	p.ask(p.ready["publishable_key"], `{ product(code: "page-access") { id } }`, nil, &answer)
	return answer.Product.ID
}

// pushed is one message of billUpdated.
type pushed struct {
	Cursor   string
	Snapshot bool
	Bill     struct {
		Status       string
		Version      int
		Entitlements []struct{ Kind, Resource string }
	}
}

const watchDocument = `subscription Watch($id: ID!, $after: Cursor) {
  billUpdated(id: $id, after: $after) {
    cursor snapshot
    bill { status version entitlements { kind resource } }
  }
}`

// socket is a graphql-transport-ws connection.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
}

func (p *program) socket(token string) *socket {
	p.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}, HandshakeTimeout: 5 * time.Second}
	conn, response, err := dialer.DialContext(p.t.Context(), strings.Replace(p.url(), "http:", "ws:", 1), nil)
	require.NoError(p.t, err)
	_ = response.Body.Close()
	s := &socket{t: p.t, conn: conn}
	p.t.Cleanup(func() { _ = conn.Close() })
	s.send(map[string]any{"type": "connection_init", "payload": map[string]string{"Authorization": "Bearer " + token}})
	require.Equal(p.t, "connection_ack", s.receive().Type)
	return s
}

type frame struct {
	ID      string
	Type    string
	Payload json.RawMessage
}

func (s *socket) send(message any) {
	s.t.Helper()
	require.NoError(s.t, s.conn.WriteJSON(message))
}

// receive returns the next message that is not a ping.
func (s *socket) receive() frame {
	s.t.Helper()
	for {
		var f frame
		require.NoError(s.t, s.conn.SetReadDeadline(deadline()))
		require.NoError(s.t, s.conn.ReadJSON(&f))
		if f.Type != "ping" {
			return f
		}
		s.send(map[string]string{"type": "pong"})
	}
}

// deadline is how long a test waits for what must come.
func deadline() time.Time { return systemClock().Now().Add(20 * time.Second) }

func (s *socket) watch(id string, variables map[string]any) {
	s.t.Helper()
	s.send(map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": watchDocument, "variables": variables}})
}

// next returns the next push of a subscription.
func (s *socket) next() pushed {
	s.t.Helper()
	f := s.receive()
	require.Equal(s.t, "next", f.Type, "%s", f.Payload)
	var message struct {
		Data struct{ BillUpdated pushed }
	}
	require.NoError(s.t, json.Unmarshal(f.Payload, &message))
	return message.Data.BillUpdated
}

// untilDone reads pushes up to the one that says DONE and returns their statuses.
func (s *socket) untilDone() (statuses []string, last pushed) {
	s.t.Helper()
	version := 0
	for last.Bill.Status != "DONE" {
		last = s.next()
		require.Greater(s.t, last.Bill.Version, version, "versions rise")
		version = last.Bill.Version
		statuses = append(statuses, last.Bill.Status)
	}
	return statuses, last
}

// safeBuffer is a buffer that a program writes to while a test reads it.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// databases runs f with the flags of an empty SQLite folder and of an empty
// Postgres database.
func databases(t *testing.T, f func(t *testing.T, flags []string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(t, []string{"--data", t.TempDir()})
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		f(t, []string{"--data", t.TempDir(), "--database", storetest.Postgres(t, nil)})
	})
}

// execute runs one command to its end.
func execute(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, environment{Getenv: func(string) string { return "" }, Stdout: &out, Stderr: &errs})
	return out.String(), errs.String(), code
}
