package events

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Feed is the history of all bills, or of all other objects, as one stream, in an
// order that never changes behind a reader.
//
// On SQLite that is the order of the rows' numbers: its one writer commits in
// that order. On Postgres numbers are given before the commit and may commit in
// another order, so a reader that goes by number alone passes over the row of a
// slow transaction. There the order is (transaction, number), and only rows of
// transactions below the oldest one still running are read: nothing can appear
// below them any more. One slow writer, of whatever table, holds the feed up
// that long; a single object's watchers it does not (see Follow).
type Feed struct {
	// Poll is how often Follow looks for what other processes committed; set it
	// before Follow. 500 ms at first.
	Poll time.Duration

	stream stream
	store  *store.Store
	hub    *Hub
	clock  pay.Clock
	logger *slog.Logger

	ready    chan struct{} // closed when Follow knows where it begins
	name     string        // of this process, in its announcements
	look     chan struct{} // Follow reads at once
	announce chan struct{} // Follow tells the other processes
}

// stream is a table of versions.
type stream struct {
	table   string
	columns string // what a Change is made of
	channel string // of Postgres: on it processes tell each other that there is something to read
}

// NewFeed returns the feed of the bills of s, which wakes h's subscriptions.
func NewFeed(s *store.Store, h *Hub, clock pay.Clock, logger *slog.Logger) *Feed {
	return newFeed(stream{
		table:   "bill_events",
		columns: `id, txid, bill_id, NULL AS registration_id, NULL AS subscription_id, merchant_id, user_id, version`,
		channel: "paygraph_events",
	}, s, h, clock, logger)
}

// NewObjectFeed returns the feed of the card registrations and the billing
// subscriptions of s, which wakes h's subscriptions. Its positions are its own,
// and not places in the feed of bills.
func NewObjectFeed(s *store.Store, h *Hub, clock pay.Clock, logger *slog.Logger) *Feed {
	return newFeed(stream{
		table:   "object_events",
		columns: `id, txid, NULL AS bill_id, registration_id, subscription_id, merchant_id, user_id, version`,
		channel: "paygraph_object_events",
	}, s, h, clock, logger)
}

func newFeed(of stream, s *store.Store, h *Hub, clock pay.Clock, logger *slog.Logger) *Feed {
	return &Feed{
		Poll:     500 * time.Millisecond,
		stream:   of,
		store:    s,
		hub:      h,
		clock:    clock,
		logger:   logger,
		ready:    make(chan struct{}),
		name:     rand.Text(),
		look:     make(chan struct{}, 1),
		announce: make(chan struct{}, 1),
	}
}

// Scope is whose changes a reader wants. Whoever makes one has decided that the
// reader may see them.
type Scope struct {
	column string // "" is no limit
	id     string
	also   string // a condition more, or ""
}

// AllScope is every change.
func AllScope() Scope { return Scope{} }

// MerchantScope is the changes of what a merchant has.
func MerchantScope(id pay.MerchantID) Scope { return Scope{column: "merchant_id", id: id.UUID()} }

// UserScope is the changes of what was the user's: of bills, those made while the
// user was their payer.
func UserScope(id pay.UserID) Scope { return Scope{column: "user_id", id: id.UUID()} }

// SubscriptionScope is, of NewObjectFeed, the changes of the user's billing
// subscriptions.
func SubscriptionScope(id pay.UserID) Scope {
	return Scope{column: "user_id", id: id.UUID(), also: "subscription_id IS NOT NULL"}
}

// Head returns a position that whatever commits later is after. What is
// committed already may be after it as well, so take it before reading a page:
// nothing is missed between the page and the feed, and something may be shown
// twice.
func (f *Feed) Head(ctx context.Context) (Position, error) {
	query := `SELECT 0, coalesce(max(id), 0) FROM ` + f.stream.table
	if f.store.IsPostgres() {
		query = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0`
	}
	rows, err := f.store.Query(ctx, query)
	if err != nil {
		return Position{}, fmt.Errorf("read the feed's head: %w", err)
	}
	defer rows.Close()
	var p Position
	for rows.Next() {
		if err := rows.Scan(&p.Tx, &p.Seq); err != nil {
			return Position{}, fmt.Errorf("read the feed's head: %w", err)
		}
	}
	return p, rows.Err()
}

// After returns up to limit changes of the scope after p, oldest first, and the
// position to go on from. That may be further on than the last change, and
// further than p when there is none.
func (f *Feed) After(ctx context.Context, scope Scope, p Position, limit int) ([]Change, Position, error) {
	list, err := f.read(ctx, scope, p, limit, true)
	return list.settled, list.next, err
}

// page is what was read of the feed.
type page struct {
	settled []Change
	early   []Change // committed, but an older transaction is still running
	next    Position
	isFull  bool // there may be more at once
}

// read reads up to limit changes after p, the early ones too unless onlySettled.
func (f *Feed) read(ctx context.Context, scope Scope, p Position, limit int, onlySettled bool) (page, error) {
	list := page{next: p}
	query, args := f.query(scope, p, limit, onlySettled)
	rows, err := f.store.Query(ctx, query, args...)
	if err != nil {
		return list, fmt.Errorf("read the feed after %d/%d: %w", p.Tx, p.Seq, err)
	}
	defer rows.Close()
	n, oldest := 0, int64(math.MaxInt64)
	for rows.Next() {
		// A left join: without changes there is one row, which has only oldest.
		var seq, tx, version sql.NullInt64
		var bill sql.Null[pay.BillID]
		var registration sql.Null[pay.CardRegistrationID]
		var subscription sql.Null[pay.SubscriptionID]
		var merchant sql.Null[pay.MerchantID]
		var user sql.Null[pay.UserID]
		if err := rows.Scan(&oldest, &seq, &tx, &bill, &registration, &subscription, &merchant, &user, &version); err != nil {
			return list, fmt.Errorf("read the feed after %d/%d: %w", p.Tx, p.Seq, err)
		}
		if !seq.Valid {
			continue
		}
		n++
		c := Change{
			Seq: seq.Int64, Tx: tx.Int64, Bill: bill.V, Registration: registration.V, Subscription: subscription.V,
			Merchant: merchant.V, User: user.V, Version: int(version.Int64),
		}
		if c.Tx < oldest {
			list.settled = append(list.settled, c)
			list.next = c.Position()
		} else {
			list.early = append(list.early, c)
		}
	}
	if err := rows.Err(); err != nil {
		return page{next: p}, fmt.Errorf("read the feed after %d/%d: %w", p.Tx, p.Seq, err)
	}
	list.isFull = n == limit
	if all := (Position{Tx: oldest}); f.store.IsPostgres() && !list.isFull && (list.next.isBefore(all) || p.Tx > oldest) {
		// Nothing is left below, and nothing will be. A position above is another
		// database's, as that of before a restore: it begins here anew.
		list.next = all
	}
	return list, nil
}

// query is the SQL of read. Its first column is the oldest transaction running,
// in the same snapshot as the rows.
func (f *Feed) query(scope Scope, p Position, limit int, onlySettled bool) (string, []any) {
	where, args := `(txid, id) > (?, ?)`, []any{p.Tx, p.Seq}
	if !f.store.IsPostgres() {
		where, args = `txid = 0 AND id > ?`, args[1:] // the pair would have SQLite pass every row with txid 0
	}
	if scope.column != "" {
		where, args = scope.column+` = ? AND `+where, append([]any{scope.id}, args...)
	}
	if scope.also != "" {
		where += ` AND ` + scope.also
	}
	args = append(args, limit)
	if !f.store.IsPostgres() {
		return `SELECT ` + fmt.Sprint(int64(math.MaxInt64)) + `, ` + f.stream.columns + ` FROM ` + f.stream.table + ` WHERE ` + where + ` ORDER BY txid, id LIMIT ?`, args
	}
	if onlySettled {
		where += ` AND txid < running.oldest`
	}
	return `SELECT running.oldest, e.*
		FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest) running
		LEFT JOIN LATERAL (SELECT ` + f.stream.columns + ` FROM ` + f.stream.table + ` WHERE ` + where + ` ORDER BY txid, id LIMIT ?) e ON true
		ORDER BY e.txid, e.id`, args
}
