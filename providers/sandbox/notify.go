package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	notifyAtOnce  = 8                // notifications on the wire at one time
	notifyTimeout = 10 * time.Second // for one answer
	reorderHold   = 5 * time.Second  // of vendor time, when nothing overtakes a held notification
)

// Notification is a webhook to send. It is sent once at once and then again
// after each pause of Retries, in vendor time, until the receiver acknowledges it:
// with 200, or as the vendor's Acknowledger says. It goes to URL; without one to the
// address of Account, or to Instead's while Account has none.
type Notification struct {
	Account string
	Instead string
	URL     string            // this one's own address, as an order may name it
	Header  map[string]string // Content-Type included
	Body    string
	Retries []time.Duration
}

// Acknowledger is a Vendor that wants to hear more than 200 from the receiver of a
// notification. A vendor that is content with 200 does not implement it.
type Acknowledger interface {
	// Acknowledged reports whether an answer ends the deliveries. The body is cut
	// at 64 KiB.
	Acknowledged(account string, status int, contentType string, body []byte) bool
}

// target is where an account's notifications go. Retries and IntervalMs, when
// Retries is given, take the place of the vendor's own schedule.
type target struct {
	Provider   string `json:"provider"`
	Account    string `json:"account"`
	URL        string `json:"url"`
	Retries    *int   `json:"retries,omitempty"`
	IntervalMs int64  `json:"intervalMs,omitempty"`
}

// delivery is a notification on its way, as the state file keeps it.
type delivery struct {
	ID       string            `json:"id"`
	Provider string            `json:"provider"`
	Account  string            `json:"account"`
	Instead  string            `json:"instead,omitempty"`
	URL      string            `json:"url,omitempty"`
	Header   map[string]string `json:"header"`
	Body     string            `json:"body"`
	Retries  []time.Duration   `json:"retriesNs"`
	Sent     int               `json:"sent"`
	Due      time.Time         `json:"due"`
}

func (d *delivery) record() record { return record{kind: kindPending, id: d.ID, value: *d} }

type accountKey struct{ provider, account string }

// notifier sends notifications: one goroutine waits for each that is pending,
// notifyAtOnce of them may be on the wire. It stops when the server's life
// ends.
type notifier struct {
	server *Server
	client *http.Client
	wire   chan struct{}
	wait   sync.WaitGroup
	posts  context.Context // of what is on the wire; ends when Close waits no longer
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	targets map[accountKey]target
	passed  map[accountKey]chan struct{} // closed when the account's next notification went
}

func newNotifier(s *Server, c *http.Client) *notifier {
	posts, cancel := context.WithCancel(context.Background())
	return &notifier{
		server: s, client: c, wire: make(chan struct{}, notifyAtOnce), posts: posts, cancel: cancel,
		targets: map[accountKey]target{}, passed: map[accountKey]chan struct{}{},
	}
}

func (n *notifier) setTarget(t target) record {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := accountKey{t.Provider, t.Account}
	r := record{kind: kindTarget, id: t.Provider + "/" + t.Account, value: t}
	if t.URL == "" {
		delete(n.targets, key)
		r.value = nil
		return r
	}
	n.targets[key] = t
	return r
}

func (n *notifier) restoreTarget(raw json.RawMessage) error {
	var t target
	if err := json.Unmarshal(raw, &t); err != nil {
		return err
	}
	n.setTarget(t)
	return nil
}

func (n *notifier) target(d *delivery) (target, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t, ok := n.targets[accountKey{d.Provider, d.Account}]
	if d.URL != "" {
		t.URL, ok = d.URL, true
	}
	if !ok && d.Instead != "" {
		t, ok = n.targets[accountKey{d.Provider, d.Instead}]
	}
	return t, ok
}

// queue makes the delivery of a notification, or nil when its account has no
// address.
func (n *notifier) queue(provider string, x Notification) *delivery {
	d := &delivery{
		ID: rand.Text(), Provider: provider, Account: x.Account, Instead: x.Instead, URL: x.URL, Header: x.Header, Body: x.Body,
		Retries: x.Retries, Due: n.server.pace.now(),
	}
	t, ok := n.target(d)
	if !ok {
		return nil
	}
	if t.Retries != nil {
		d.Retries = make([]time.Duration, *t.Retries)
		for i := range d.Retries {
			d.Retries[i] = time.Duration(t.IntervalMs) * time.Millisecond
		}
	}
	return d
}

// start begins to deliver d, which is d's only user from now on.
func (n *notifier) start(d *delivery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.wait.Add(1)
	go func() {
		defer n.wait.Done()
		n.run(d)
	}()
}

// resume starts what an earlier process had not delivered.
func (n *notifier) resume(provider string) error {
	return n.server.store.each(kindPending, func(_ string, raw json.RawMessage) error {
		d := new(delivery)
		if err := json.Unmarshal(raw, d); err != nil {
			return err
		}
		if d.Provider == provider {
			n.start(d)
		}
		return nil
	})
}

// close refuses new deliveries and waits for those on the wire. The server's
// life must have ended.
func (n *notifier) close(ctx context.Context) error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	done := make(chan struct{})
	go func() {
		n.wait.Wait()
		close(done)
	}()
	defer n.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		n.cancel()
		<-done
		return fmt.Errorf("close the sandbox's notifier: %w", ctx.Err())
	}
}

// run sends d until it is acknowledged or its schedule is used up.
func (n *notifier) run(d *delivery) {
	s := n.server
	if err := s.store.flush(); err != nil { // never tell of what could be forgotten
		s.log.Error("notification is not sent", "provider", d.Provider, "err", err)
		return
	}
	for {
		if err := s.pace.wait(s.life, d.Due.Sub(s.pace.now()), nil); err != nil {
			return
		}
		taken, err := n.attempt(d)
		if s.life.Err() != nil && !taken {
			return // stays in the state file, to be sent again after a restart
		}
		if err != nil {
			s.log.Warn("notification was not taken", "provider", d.Provider, "account", d.Account, "attempt", d.Sent+1, "err", err)
		}
		d.Sent++
		if taken || d.Sent > len(d.Retries) {
			s.store.put(record{kind: kindPending, id: d.ID})
		} else {
			// Due is on the sandbox's clock, which the speed leaves alone.
			d.Due = s.pace.now().Add(d.Retries[d.Sent-1])
			s.store.put(d.record())
		}
		if err := s.store.flush(); err != nil {
			s.log.Error("notification's state is not kept", "provider", d.Provider, "err", err)
		}
		if taken || d.Sent > len(d.Retries) {
			return
		}
	}
}

// attempt sends d once, as the faults let it, and reports whether the vendor
// believes that it was taken.
func (n *notifier) attempt(d *delivery) (bool, error) {
	s := n.server
	hit := s.faults.draw(d.Provider, OpWebhook)
	if !s.sleep(hit.delay) {
		return false, s.life.Err()
	}
	body := d.Body
	switch hit.kind {
	case Lose:
		return true, nil
	case RefuseConnect:
		return false, fmt.Errorf("fault %s", hit.kind)
	case Garbage:
		body = garbage
	case Reorder:
		if err := s.pace.wait(s.life, reorderHold, n.next(d)); err != nil {
			return false, err
		}
	case Duplicate, DropReply, HTTP500: // below, when it went
	case Delay, WrongAmount: // never drawn as what goes wrong with it
	}
	err := n.post(d, body)
	if hit.kind == Duplicate {
		err = n.post(d, body)
	}
	n.pass(d)
	if err == nil && (hit.kind == DropReply || hit.kind == HTTP500) {
		err = fmt.Errorf("fault %s", hit.kind) // the receiver took it, the vendor did not see that
	}
	return err == nil, err
}

// next is closed when another notification of d's account goes.
func (n *notifier) next(d *delivery) <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := accountKey{d.Provider, d.Account}
	if n.passed[key] == nil {
		n.passed[key] = make(chan struct{})
	}
	return n.passed[key]
}

func (n *notifier) pass(d *delivery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := accountKey{d.Provider, d.Account}
	if c := n.passed[key]; c != nil {
		close(c)
		delete(n.passed, key)
	}
}

// post sends body to the present address, and returns an error unless the answer
// acknowledges it.
func (n *notifier) post(d *delivery, body string) error {
	t, ok := n.target(d)
	if !ok {
		return fmt.Errorf("account %s has no address", d.Account)
	}
	select {
	case n.wire <- struct{}{}:
	case <-n.server.life.Done():
		return n.server.life.Err()
	}
	defer func() { <-n.wire }()

	// Not the server's life: what is on the wire at Close may finish.
	ctx, cancel := context.WithTimeout(n.posts, notifyTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, strings.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range d.Header {
		r.Header.Set(k, v)
	}
	resp, err := n.client.Do(r)
	if wrapped := new(url.Error); errors.As(err, &wrapped) {
		return wrapped.Err // without the address: a vendor's may be a secret
	}
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // read so that the connection is used again
	if !n.isAcknowledged(d, resp, answer) {
		return fmt.Errorf("the receiver answered %d", resp.StatusCode)
	}
	return nil
}

// isAcknowledged asks the vendor whether an answer is what it wants to hear.
func (n *notifier) isAcknowledged(d *delivery, answer *http.Response, body []byte) bool {
	vendor, _ := n.server.vendor(d.Provider)
	if own, ok := vendor.(Acknowledger); ok {
		return own.Acknowledged(d.Account, answer.StatusCode, answer.Header.Get("Content-Type"), body)
	}
	return answer.StatusCode == http.StatusOK
}
