package providertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

// vendorPace is how many times faster than the clock a sandbox waits.
const vendorPace = 1000

// vendorHaste is a pace at which an hour passes in a few milliseconds.
const vendorHaste = 1_000_000

// control calls the sandbox's control API, and decodes the answer into a value that
// is not nil.
func (b *bench) control(method, path string, body, answer any) {
	b.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(b.t, err)
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.world.Sandbox+"/_control/"+path, bytes.NewReader(text))
	require.NoError(b.t, err)
	response, err := b.line.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	require.Equal(b.t, http.StatusOK, response.StatusCode, "%s: %s", path, told)
	if answer != nil {
		require.NoError(b.t, json.Unmarshal(told, answer))
	}
}

// The payer's behaviour on a page.
const (
	approves = "approve"
	declines = "decline"
	abandons = "abandon"
)

// visits plays the payer on a page.
func (b *bench) visits(page string, card Card, outcome string) {
	b.t.Helper()
	b.control(http.MethodPost, "pay", map[string]string{"url": page, "card": card.text(), "outcome": outcome}, nil)
}

// fails has the next requests of a kind go wrong at the sandbox.
func (b *bench) fails(op, how string, times int) {
	b.t.Helper()
	b.control(http.MethodPost, "faults", map[string]any{"provider": b.target.Vendor, "op": op, "fault": how, "rate": 1, "count": times}, nil)
}

// works takes all faults away.
func (b *bench) works() {
	b.t.Helper()
	b.requireStruck()
	b.control(http.MethodDelete, "faults", nil, nil)
}

// requireStruck checks that no fault was aimed at nothing: a case that it did not
// meet would show nothing.
func (b *bench) requireStruck() {
	b.t.Helper()
	var set struct {
		Faults []struct {
			Op    string `json:"op"`
			Fault string `json:"fault"`
			Hits  int    `json:"hits"`
		} `json:"faults"`
	}
	b.control(http.MethodGet, "faults", nil, &set)
	for _, f := range set.Faults {
		require.Positive(b.t, f.Hits, "the fault %s of %s struck nothing", f.Fault, f.Op)
	}
}

func (b *bench) pace(speed int) {
	b.t.Helper()
	b.control(http.MethodPost, "clock", map[string]any{"speed": speed}, nil)
}

// later moves the sandbox's clock forward.
func (b *bench) later(d time.Duration) {
	b.t.Helper()
	b.control(http.MethodPost, "clock", map[string]any{"advanceMs": d.Milliseconds()}, nil)
}

// money is what the book says was really done, in minor units.
type money struct {
	Captures           int // how many times money was taken
	Captured, Refunded int64
}

// left is what stays taken.
func (m money) left() int64 { return m.Captured - m.Refunded }

// book adds up the payments of this world, the checks of cards left out.
func (b *bench) book() money {
	b.t.Helper()
	var entries []struct {
		Kind          string `json:"kind"`
		CapturedMinor int64  `json:"capturedMinor"`
		RefundedMinor int64  `json:"refundedMinor"`
		Captures      int    `json:"captures"`
	}
	b.control(http.MethodGet, "captures?limit=1000", nil, &entries)
	var sum money
	for _, e := range entries {
		if e.Kind == "payment" {
			sum.Captures += e.Captures
			sum.Captured += e.CapturedMinor
			sum.Refunded += e.RefundedMinor
		}
	}
	return sum
}
