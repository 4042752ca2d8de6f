package check_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// entry is a line of the book, as the control interface writes it.
type entry struct {
	Seq           int64        `json:"seq"`
	Provider      string       `json:"provider"`
	OrderRef      string       `json:"orderRef"`
	Kind          string       `json:"kind"`
	AmountMinor   int64        `json:"amountMinor"`
	Currency      pay.Currency `json:"currency"`
	State         string       `json:"state"`
	CapturedMinor int64        `json:"capturedMinor"`
	RefundedMinor int64        `json:"refundedMinor"`
	Captures      int          `json:"captures"`
	At            time.Time    `json:"at"`
}

// book is a sandbox that shows its book in pages of three lines at most.
type book struct {
	url     string
	entries []entry
	pages   int
}

func newBook(t *testing.T) *book {
	t.Helper()
	b := &book{}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *book) add(e entry) {
	e.Seq = int64(len(b.entries)) + 1
	b.entries = append(b.entries, e)
}

// of returns the line of an attempt's order.
func (b *book) of(id pay.AttemptID) *entry {
	at := slices.IndexFunc(b.entries, func(e entry) bool { return e.OrderRef == id.Suffix() })
	return &b.entries[at]
}

// take has the vendor take the money of an attempt's order now.
func (b *book) take(id pay.AttemptID) { e := b.of(id); e.CapturedMinor, e.Captures = 1000, 1 }

// drop forgets the line of an attempt's order.
func (b *book) drop(id pay.AttemptID) {
	b.entries = slices.DeleteFunc(b.entries, func(e entry) bool { return e.OrderRef == id.Suffix() })
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	if err != nil || r.Method != http.MethodGet || r.URL.Path != "/_control/captures" {
		http.Error(w, "no such control", http.StatusNotFound)
		return
	}
	b.pages++
	page := []entry{}
	for _, e := range b.entries {
		if e.Seq > after && len(page) < 3 {
			page = append(page, e)
		}
	}
	_ = json.NewEncoder(w).Encode(page)
}
