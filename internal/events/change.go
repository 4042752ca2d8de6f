// Package events tells who watches that a bill, a card registration or a billing
// subscription has changed. It owns the hub that wakes this process's live
// subscriptions, the feeds that read bill_events and object_events in the order
// in which they were committed, and the following of what other processes
// committed. It carries ids and versions and never the object: whoever is woken
// reads again, as itself. It writes nothing.
//
// Start with Hub (a change to those who watch) and Feed (what changed since a
// Position). A reader subscribes first, then takes Head, then reads its page;
// so nothing is missed between.
package events

import (
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/paygraph/paygraph/internal/pay"
)

// Change is one version of one bill, card registration or billing subscription:
// a row of bill_events or of object_events. Exactly one of the three is named.
type Change struct {
	Seq          int64 // the row's id; 0 when the publisher does not know it
	Tx           int64 // the id of the transaction that wrote it; 0 on SQLite, or when unknown
	Bill         pay.BillID
	Registration pay.CardRegistrationID
	Subscription pay.SubscriptionID
	Merchant     pay.MerchantID
	User         pay.UserID // the payer at that time; zero if none
	Version      int
}

// Position is where the feed stands after c. Only of a Change that came from
// the Feed.
func (c Change) Position() Position { return Position{Tx: c.Tx, Seq: c.Seq} }

// Position is a place in the feed. Changes after it are those with a greater
// (Tx, Seq). The zero Position is before all.
type Position struct{ Tx, Seq int64 }

func (p Position) isBefore(q Position) bool {
	return p.Tx < q.Tx || p.Tx == q.Tx && p.Seq < q.Seq
}

// cursorVersion is the first byte of an encoded Position. Another shape of
// positions takes another, and old cursors then are unknown ones.
const cursorVersion = 1

// Encode writes p as a cursor: opaque, and safe in a URL.
func (p Position) Encode() string {
	b := make([]byte, 0, 1+2*binary.MaxVarintLen64)
	b = append(b, cursorVersion)
	b = binary.AppendUvarint(b, uint64(p.Tx))  //nolint:gosec // never below zero
	b = binary.AppendUvarint(b, uint64(p.Seq)) //nolint:gosec // never below zero
	return base64.RawURLEncoding.EncodeToString(b)
}

// DecodePosition reads what Encode wrote. Of anything else ok is false: give
// such a reader a fresh snapshot, not an error.
func DecodePosition(cursor string) (p Position, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(b) == 0 || b[0] != cursorVersion {
		return Position{}, false
	}
	tx, n := binary.Uvarint(b[1:])
	if n <= 0 {
		return Position{}, false
	}
	seq, m := binary.Uvarint(b[1+n:])
	if m <= 0 || tx > math.MaxInt64 || seq > math.MaxInt64 {
		return Position{}, false
	}
	p = Position{Tx: int64(tx), Seq: int64(seq)}
	return p, p.Encode() == cursor // one spelling each
}
