package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/events"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// caller is one client on one connection that it keeps. It writes its requests
// by hand: it shares the processors with the server that is measured, and
// net/http's client would take a third of them.
type caller struct {
	conn    net.Conn
	answers *bufio.Reader
	addr    string
	request bytes.Buffer
}

// ask is one POST and a part of the only good answer.
type ask struct {
	path  string // "": /graphql
	token string // "": none
	body  []byte
	want  string
}

func dial(ctx context.Context, addr string) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("dial the server: %w", err)
	}
	return &caller{conn: conn, answers: bufio.NewReader(conn), addr: addr}, nil
}

func (c *caller) close() { _ = c.conn.Close() }

// ask sends a and returns the body of its answer, which must be a good one.
func (c *caller) ask(a ask) ([]byte, error) {
	if a.path == "" {
		a.path = "/graphql"
	}
	c.request.Reset()
	c.request.WriteString("POST " + a.path + " HTTP/1.1\r\nHost: " + c.addr + "\r\nContent-Type: application/json\r\n")
	if a.token != "" {
		c.request.WriteString("Authorization: Bearer " + a.token + "\r\n")
	}
	c.request.WriteString("Content-Length: " + strconv.Itoa(len(a.body)) + "\r\n\r\n")
	c.request.Write(a.body)
	if _, err := c.conn.Write(c.request.Bytes()); err != nil {
		return nil, fmt.Errorf("send a request: %w", err)
	}
	response, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(a.want)) {
		return nil, fmt.Errorf("the server answered %s %s", response.Status, answer)
	}
	return answer, nil
}

// instant is a provider that answers at once. Its payers pay when a benchmark
// says so, and its notifications are hints: an order number and nothing else.
type instant struct {
	mu   sync.Mutex
	paid map[string]pay.Money // by order number
	slow time.Duration        // how long it thinks when it is asked; 0: not at all
}

func newInstant() *instant { return &instant{paid: map[string]pay.Money{}} }

const instantPage = "https://pay.example/"

// orderNumberOf reads it out of the page's address, as the payer's browser could.
func orderNumberOf(page string) string { return strings.TrimPrefix(page, instantPage) }

func (*instant) Name() providers.Name { return "instant" }

func (*instant) Capabilities() providers.Capabilities {
	return providers.Capabilities{
		Ops:        []providers.Op{providers.OpStart, providers.OpSync, providers.OpWebhook},
		Currencies: []pay.Currency{pay.RUB}, SyncByOurNumber: true, SessionLife: time.Hour,
	}
}

func (*instant) Start(_ context.Context, r providers.StartRequest) (providers.Result, error) {
	return providers.Result{
		Status: providers.ActionRequired, ProviderRef: r.OrderNumber,
		Redirect: &providers.Redirect{URL: instantPage + r.OrderNumber, Method: http.MethodGet, Expires: time.Now().Add(time.Hour)},
	}, nil
}

func (i *instant) Sync(ctx context.Context, ref providers.Ref) (providers.Result, error) {
	i.mu.Lock()
	thinks := i.slow
	i.mu.Unlock()
	if thinks > 0 {
		select {
		case <-time.After(thinks):
		case <-ctx.Done():
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if captured, isPaid := i.paid[ref.OrderNumber]; isPaid {
		return providers.Result{Status: providers.Captured, ProviderRef: ref.OrderNumber, Captured: captured}, nil
	}
	return providers.Result{Status: providers.ActionRequired, ProviderRef: ref.OrderNumber}, nil
}

func (*instant) ParseWebhook(_ context.Context, n providers.Notification) ([]providers.Event, providers.Reply, error) {
	if len(n.Body) == 0 {
		return nil, providers.Reply{}, &providers.Error{Provider: "instant", Op: providers.OpWebhook, Kind: providers.Malformed}
	}
	event := providers.Event{Kind: "paid", Ref: providers.Ref{OrderNumber: string(n.Body)}, Hint: true}
	return []providers.Event{event}, providers.Reply{Status: http.StatusOK, ContentType: "text/plain", Body: []byte("OK")}, nil
}

// pays plays the payer.
func (i *instant) pays(orderNumber string, amount pay.Money) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.paid[orderNumber] = amount
}

// thinks has it take so long for each answer from now on.
func (i *instant) thinks(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.slow = d
}

// commits stands between billing and the feed and notes when each version of a
// bill was committed: the feed is told of it first thing after the commit.
type commits struct {
	billing.Feed
	mu sync.Mutex
	at map[committed]time.Time
}

type committed struct {
	bill    string
	version int
}

func newCommits(feed billing.Feed) *commits {
	return &commits{Feed: feed, at: map[committed]time.Time{}}
}

func (c *commits) Committed(changes ...events.Change) {
	now := time.Now()
	c.mu.Lock()
	for _, change := range changes {
		c.at[committed{change.Bill.String(), change.Version}] = now
	}
	c.mu.Unlock()
	c.Feed.Committed(changes...)
}

// of returns when the version was committed, and forgets it.
func (c *commits) of(bill string, version int) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.at[committed{bill, version}]
	delete(c.at, committed{bill, version})
	return at
}
