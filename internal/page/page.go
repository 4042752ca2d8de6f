// Package page cuts lists into pages by keyset: a page begins after the sort
// value and the id of the last row of the page before, so that rows which come
// or go in between are neither shown twice nor skipped, and the hundredth page
// costs what the first one does.
//
// It owns the size of a page, the cursors, and the predicate and order that both
// databases answer from one index. It runs no query and knows no table. Start
// with Request.
package page

import (
	"entgo.io/ent/dialect/sql"

	"github.com/paygraph/paygraph/internal/pay"
)

// Most is the largest page.
const Most = 100

// Request is what a caller asks of a list.
type Request struct {
	First *int   // how many rows, 1 to Most; nil: the list's own default
	After string // a cursor of an earlier page; "": from the beginning
}

// Size returns how many rows to show. It returns CodeInvalid, naming the
// argument first, for a size outside 1 to Most: a wrong size is never mended
// silently.
func (r Request) Size(byDefault int) (int, error) {
	if r.First == nil {
		return byDefault, nil
	}
	if *r.First < 1 || *r.First > Most {
		return 0, pay.Errorf(pay.CodeInvalid, "first.out_of_range", "A page has 1 to %d items.", Most).At("first")
	}
	return *r.First, nil
}

// Info says where a page stands in its list.
type Info struct {
	HasNext     bool   // rows follow
	HasPrevious bool   // the page was asked for with a good cursor, so that rows precede it
	Start       string // the first row's cursor, "" of an empty page
	End         string // the last row's cursor, "" of an empty page
}

// Cut returns the page's own rows out of those that were read, and whether more
// follow. The reader reads one row more than it shows.
func Cut[T any](rows []T, first int) ([]T, bool) {
	if len(rows) > first {
		return rows[:first], true
	}
	return rows, false
}

// InfoOf describes a page of rows that Cut returned. continued says whether the
// page began at a good cursor; cursorOf writes the cursor of a row.
func InfoOf[T any](rows []T, hasNext, continued bool, cursorOf func(T) string) Info {
	info := Info{HasNext: hasNext, HasPrevious: continued}
	if len(rows) > 0 {
		info.Start, info.End = cursorOf(rows[0]), cursorOf(rows[len(rows)-1])
	}
	return info
}

// Order sorts a query of ent by its columns, all in the same direction. The last
// column is the id, which breaks ties.
func Order(descending bool, columns ...string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		for _, column := range columns {
			if descending {
				s.OrderBy(sql.Desc(s.C(column)))
			} else {
				s.OrderBy(sql.Asc(s.C(column)))
			}
		}
	}
}

// Beyond keeps of a query of ent the rows after a place: those whose columns,
// compared as one row of values, come later in the order's direction. Both
// databases answer it from an index on these columns.
func Beyond(descending bool, columns []string, values ...any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		qualified := make([]string, len(columns))
		for at, column := range columns {
			qualified[at] = s.C(column)
		}
		if descending {
			s.Where(sql.CompositeLT(qualified, values...))
		} else {
			s.Where(sql.CompositeGT(qualified, values...))
		}
	}
}
