package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Vendor is one provider's simulator.
type Vendor interface {
	// Name is the provider's name in the control API and its path prefix.
	Name() string

	// Accounts lists the accounts the vendor knows, by the name that
	// /_control/notify uses for them.
	Accounts() []string

	// Mount loads the vendor's records from the host and returns its routes.
	// It is called once, before anything is served.
	Mount(h *Host) ([]Route, error)

	// Pay plays the payer on the page at p.URL through the same code as the
	// page itself. When it returns, the payment's result is in the book. A
	// declined card is a result; ErrNoPage and ErrCard are the only errors.
	Pay(ctx context.Context, p Payer) (Paid, error)
}

// Route is one path of a vendor. Path begins with a slash and has no vendor
// prefix. Op says which faults may strike it; the payer's own pages have none.
// Where one path is both a page and a command, OpOf tells them apart and takes
// the place of Op; it may read the body, which is there again for Handler.
type Route struct {
	Path    string
	Op      Op
	OpOf    func(*http.Request) Op
	Handler http.HandlerFunc
}

// Only reports whether a request came by one of the methods, and refuses it
// otherwise.
func Only(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	if slices.Contains(methods, r.Method) {
		return true
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}

// Outcome is what the simulated payer does.
type Outcome string

// The ends of a visit to a payment page.
const (
	OutcomeApprove Outcome = "approve" // pays; the card decides the result
	OutcomeDecline Outcome = "decline" // pays, and the bank refuses whatever the card
	OutcomeAbandon Outcome = "abandon" // leaves at the 3-D Secure step, whatever the card
)

// Payer is one visit to a payment page.
type Payer struct {
	URL     *url.URL
	Card    string // digits; empty is the vendor's plain successful card
	Outcome Outcome
}

// Paid is how a visit ended, in the vendor's own words.
type Paid struct {
	State     string `json:"state"`
	Provider  string `json:"provider"`
	OrderRef  string `json:"orderRef"`
	ErrCode   string `json:"errCode,omitempty"`
	ReturnURL string `json:"returnUrl,omitempty"` // where the payer's browser would go next
}

var (
	// ErrNoPage says that no payment page lives at the URL.
	ErrNoPage = errors.New("no payment page at this address")

	// ErrCard says that the number is not one of the vendor's test cards.
	// Other cards are never taken, so that nobody types a real one.
	ErrCard = errors.New("not one of this provider's test cards")
)

// Host is what the server gives to one vendor.
type Host struct {
	server   *Server
	provider string
}

// Now is the sandbox's time: the injected clock plus whatever
// /_control/clock advanced it by. UTC, whole microseconds.
func (h *Host) Now() time.Time { return h.server.pace.now() }

// Wait passes d of the vendor's time, which is d divided by the clock's speed.
// It returns an error when ctx or the server ends first.
func (h *Host) Wait(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.server.life, cancel)()
	return h.server.pace.wait(ctx, d, nil)
}

// Scaled is how long d of the vendor's time takes now.
func (h *Host) Scaled(d time.Duration) time.Duration { return h.server.pace.scaled(d) }

// SendOn makes the page that w answers with lead to an address by itself, pause
// of the vendor's time later, with or without a script. It returns the seconds
// that the browser waits, for the page to say.
func (h *Host) SendOn(w http.ResponseWriter, pause time.Duration, address string) (seconds int) {
	seconds = int(math.Round(h.Scaled(pause).Seconds()))
	w.Header().Set("Refresh", strconv.Itoa(seconds)+";url="+address)
	return seconds
}

// BaseURL is the sandbox's own address, from the request when it was not set.
func (h *Host) BaseURL(r *http.Request) string { return h.server.base(r) }

// TakenMinor is how much is really taken when ordered minor units should be.
// It differs only while a wrong_amount fault strikes: then 100 less, or 100
// more when the order is 100 or less. Ask once for each capture.
func (h *Host) TakenMinor(ordered int64) int64 {
	if !h.server.faults.wrongAmount(h.provider) {
		return ordered
	}
	if ordered > 100 {
		return ordered - 100
	}
	return ordered + 100
}

// Record is one thing of a vendor's to keep. Value is encoded as JSON by
// Commit, so its owner must hold its own lock across the call.
type Record struct {
	Kind, ID string
	Value    any
}

// Change is everything that one step of a vendor alters. It is kept whole or
// not at all, whenever the process is killed.
type Change struct {
	Save   []Record
	Book   []Movement
	Notify []Notification
}

// Commit applies a change to the book, queues its notifications and keeps its
// records. The state file is written before the current request is answered.
func (h *Host) Commit(c Change) {
	s := h.server
	s.commitMu.Lock()
	defer s.commitMu.Unlock()

	keep := make([]record, 0, len(c.Save)+len(c.Book)+len(c.Notify))
	for _, r := range c.Save {
		keep = append(keep, record{kind: h.provider + "/" + r.Kind, id: r.ID, value: r.Value})
	}
	for _, m := range c.Book {
		keep = append(keep, s.book.record(h.provider, m, s.pace.now()))
	}
	queued := make([]*delivery, 0, len(c.Notify))
	for _, n := range c.Notify {
		if d := s.notify.queue(h.provider, n); d != nil {
			queued = append(queued, d)
			keep = append(keep, d.record())
		}
	}
	s.store.put(keep...)
	for _, d := range queued {
		s.notify.start(d)
	}
}

// Load calls each for every record of kind that the state file held.
func (h *Host) Load(kind string, each func(id string, raw json.RawMessage) error) error {
	return h.server.store.each(h.provider+"/"+kind, each)
}
