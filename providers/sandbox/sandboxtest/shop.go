package sandboxtest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Shop is a merchant that receives notifications in place of a network: whatever
// host they are sent to, they come here. Make it with NewShop.
type Shop struct {
	// Got has every notification, in the order of arrival.
	Got chan Delivery

	answers func(n int) Reply

	mu sync.Mutex
	n  int // notifications so far
}

// Delivery is a notification as the shop got it.
type Delivery struct {
	URL, Method string
	Header      http.Header
	Body        string
	At          time.Time
}

// Reply is a shop's answer. Status 0 is a connection that is refused.
type Reply struct {
	Status            int
	ContentType, Body string
}

// Always answers every notification alike.
func Always(r Reply) func(int) Reply { return func(int) Reply { return r } }

// Statuses are answers without a body.
func Statuses(of func(n int) int) func(int) Reply {
	return func(n int) Reply { return Reply{Status: of(n)} }
}

// NewShop makes a shop that gives answers(n) to the nth notification, from 1.
func NewShop(answers func(n int) Reply) *Shop {
	return &Shop{Got: make(chan Delivery, 200), answers: answers}
}

// Client is what a sandbox sends its notifications with.
func (s *Shop) Client() *http.Client { return &http.Client{Transport: s} }

// RoundTrip takes a notification.
func (s *Shop) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.n++
	a := s.answers(s.n)
	s.mu.Unlock()
	s.Got <- Delivery{r.URL.String(), r.Method, r.Header, string(body), time.Now()} //nolint:forbidigo // when it really came, in or out of a bubble
	if a.Status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{
		StatusCode: a.Status, Header: http.Header{"Content-Type": {a.ContentType}}, Body: io.NopCloser(strings.NewReader(a.Body)), Request: r,
	}, nil
}

// Next waits for a notification, and fails the test when none comes in time.
func (s *Shop) Next(t *testing.T, within time.Duration) Delivery {
	t.Helper()
	select {
	case d := <-s.Got:
		return d
	case <-time.After(within):
		require.FailNow(t, "no notification came")
		return Delivery{}
	}
}

// Quiet lets d go by, and fails the test when a notification comes before its
// end.
func (s *Shop) Quiet(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case got := <-s.Got:
		require.FailNow(t, "a notification came", got.Body)
	case <-time.After(d):
	}
}
