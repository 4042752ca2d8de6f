package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Kinds of entry in the book.
const (
	KindPayment      = "payment"
	KindVerification = "verification" // a card check, returned at once
)

// Entry is what the sandbox knows of one order's money. It is made when money
// is first held or taken, so an order that was only declined has none. All
// amounts are minor units of Currency.
type Entry struct {
	Seq           int64     `json:"seq"` // rises with each new entry
	Provider      string    `json:"provider"`
	OrderRef      string    `json:"orderRef"` // the merchant's own number
	Kind          string    `json:"kind"`
	AmountMinor   int64     `json:"amountMinor"` // as ordered
	Currency      string    `json:"currency"`
	State         string    `json:"state"`         // in the vendor's words
	CapturedMinor int64     `json:"capturedMinor"` // all that was taken, refunds not subtracted
	RefundedMinor int64     `json:"refundedMinor"`
	Captures      int       `json:"captures"` // how many times money was really taken: 1 is right, 2 is a double payment
	At            time.Time `json:"at"`       // when the entry was made
}

// Movement is one step of an order's money. The first one for an order makes
// its entry.
type Movement struct {
	Account       string // the vendor's account; order numbers are unique within it
	OrderRef      string
	Kind          string // of a new entry
	AmountMinor   int64  // of a new entry
	Currency      string // of a new entry
	State         string // the order's state from now on
	CapturedMinor int64  // more than 0: a capture of this much happened
	RefundedMinor int64  // more than 0: this much was given back
}

// Book records money that vendors take. It is apart from every vendor's own
// bookkeeping and from Paygraph's database. Safe for concurrent use.
type Book struct {
	mu      sync.Mutex
	entries []*bookEntry // by Seq, from 1, without gaps
	byOrder map[bookKey]*bookEntry
}

type bookKey struct{ provider, account, orderRef string }

type bookEntry struct {
	Entry
	Account string `json:"account"`
}

func newBook() *Book { return &Book{byOrder: map[bookKey]*bookEntry{}} }

// After returns at most limit entries whose Seq is above seq, in order. A
// client pages by the last Seq it saw; an entry that changed later keeps its
// Seq, so a full check reads from 0.
func (b *Book) After(seq int64, limit int) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	page := []Entry{}
	for i := max(seq, 0); i < int64(len(b.entries)) && len(page) < limit; i++ {
		page = append(page, b.entries[i].Entry)
	}
	return page
}

// record applies m and returns the entry as the state file keeps it.
func (b *Book) record(provider string, m Movement, at time.Time) record {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := bookKey{provider, m.Account, m.OrderRef}
	e, ok := b.byOrder[key]
	if !ok {
		e = &bookEntry{Account: m.Account, Entry: Entry{
			Seq: int64(len(b.entries)) + 1, Provider: provider, OrderRef: m.OrderRef, Kind: m.Kind,
			AmountMinor: m.AmountMinor, Currency: m.Currency, At: at,
		}}
		b.entries = append(b.entries, e)
		b.byOrder[key] = e
	}
	e.State = m.State
	if m.CapturedMinor > 0 {
		e.CapturedMinor += m.CapturedMinor
		e.Captures++
	}
	e.RefundedMinor += m.RefundedMinor
	return record{kind: kindBook, id: strconv.FormatInt(e.Seq, 10), value: *e}
}

// sort puts restored entries in order, once all of them are back.
func (b *Book) sort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.SortFunc(b.entries, func(x, y *bookEntry) int { return cmp.Compare(x.Seq, y.Seq) })
}

func (b *Book) restore(raw json.RawMessage) error {
	e := new(bookEntry)
	if err := json.Unmarshal(raw, e); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
	b.byOrder[bookKey{e.Provider, e.Account, e.OrderRef}] = e
	return nil
}
