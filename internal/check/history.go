package check

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// The legal moves of a bill, as the design's chapter on statuses has them,
// written out here once more. A version that stays in its status is not a move.
func legalMoves() map[string][]string {
	return map[string][]string{
		"":                {"PENDING"}, // how every history begins
		"PENDING":         {"AUTHORIZED", "PAID", "AMOUNT_MISMATCH", "FAILED", "EXPIRED", "CANCELED"},
		"AUTHORIZED":      {"PAID", "AMOUNT_MISMATCH", "EXPIRED", "CANCELED"},
		"PAID":            {"DONE", "REFUNDED"},
		"DONE":            {"REFUNDED"},
		"AMOUNT_MISMATCH": {"PAID", "REFUNDED"},
		"FAILED":          {"PAID", "REFUNDED"},
		"EXPIRED":         {"PAID", "REFUNDED"},
		"CANCELED":        {"PAID", "REFUNDED"},
	}
}

// Moves that only a person's resolution makes, or that open a case: the bill has
// a review case.
func movesWithCase() map[string][]string {
	return map[string][]string{
		"PENDING":         {"AMOUNT_MISMATCH"},
		"AUTHORIZED":      {"AMOUNT_MISMATCH"},
		"AMOUNT_MISMATCH": {"PAID", "REFUNDED"},
		"FAILED":          {"PAID", "REFUNDED"},
		"EXPIRED":         {"PAID", "REFUNDED"},
		"CANCELED":        {"PAID", "REFUNDED"},
	}
}

// asSQL lists moves as SQL texts, 'PENDING>PAID'.
func asSQL(moves map[string][]string) string {
	var all []string
	for from, tos := range moves {
		for _, to := range tos {
			all = append(all, "'"+from+">"+to+"'")
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// historySteps: the versions of a bill are 1, 2, 3 … without gaps, each goes on
// from where the one before ended, and every move is legal. It reports the first
// wrong step of each bill.
func (c *checker) historySteps(ctx context.Context, name string) error {
	query := `
SELECT bill_id, version, nth, COALESCE("from", ''), "to", COALESCE(previous, '')
FROM (
	SELECT bill_id, version, "from", "to",
		ROW_NUMBER() OVER (PARTITION BY bill_id ORDER BY version, id) AS nth,
		LAG("to") OVER (PARTITION BY bill_id ORDER BY version, id) AS previous
	FROM bill_events
) steps
WHERE version <> nth
	OR COALESCE("from", '') <> COALESCE(previous, '')
	OR COALESCE("from", '') <> "to" AND COALESCE("from", '') || '>' || "to" NOT IN (` + asSQL(legalMoves()) + `)
	OR COALESCE("from", '') || '>' || "to" IN (` + asSQL(movesWithCase()) + `)
		AND NOT EXISTS (SELECT 1 FROM review_cases r WHERE r.bill_id = steps.bill_id)
ORDER BY bill_id, nth`
	var last pay.BillID
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var version, nth int
		var from, to, previous string
		if err := rows.Scan(&id, &version, &nth, &from, &to, &previous); err != nil {
			return err
		}
		if id == last {
			return nil
		}
		last = id
		c.report.breach(name, wrongStep(version, nth, from, to, previous), id.String())
		return nil
	})
}

// wrongStep says what is wrong with one step that the query found.
func wrongStep(version, nth int, from, to, previous string) string {
	switch {
	case version != nth:
		return fmt.Sprintf("version %d stands where version %d should", version, nth)
	case from != previous:
		return fmt.Sprintf("version %d goes on from %q, and the one before ended at %q", version, from, previous)
	case from != to && !slices.Contains(legalMoves()[from], to):
		return fmt.Sprintf("version %d moves from %q to %s, which is no legal move", version, from, to)
	}
	return fmt.Sprintf("version %d moves from %q to %s, and the bill has no review case", version, from, to)
}

// historyCurrent: a bill stands where its history ends.
func (c *checker) historyCurrent(ctx context.Context, name string) error {
	const ended = `COALESCE((SELECT l."to" FROM bill_events l WHERE l.bill_id = b.id ORDER BY l.version DESC, l.id DESC LIMIT 1), ''),
	COALESCE((SELECT MAX(l.version) FROM bill_events l WHERE l.bill_id = b.id), 0)`
	const query = `
SELECT b.id, b.status, b.version, ` + ended + `
FROM bills b LEFT JOIN bill_events e ON e.bill_id = b.id AND e.version = b.version AND e."to" = b.status
WHERE e.id IS NULL
UNION
SELECT b.id, b.status, b.version, ` + ended + `
FROM bills b JOIN bill_events later ON later.bill_id = b.id AND later.version > b.version
ORDER BY 1`
	return c.each(ctx, query, func(rows *sql.Rows) error {
		var id pay.BillID
		var status, ended string
		var version, last int
		if err := rows.Scan(&id, &status, &version, &ended, &last); err != nil {
			return err
		}
		c.report.breach(name, fmt.Sprintf("it is %s at version %d, and its history ends at %q with version %d", status, version, ended, last), id.String())
		return nil
	})
}
