package check

import (
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// entry is one change of a wallet's account.
type entry struct {
	id     pay.LedgerEntryID
	amount int64 // signed
	after  int64 // the balance that it recorded
}

// trail reports what is wrong with the entries of one account, given in any
// order, and the first entry that shows it; "" when nothing is.
//
// An entry leads from the balance before it (after − amount) to the balance
// after it. The entries are right when there is some order in which they lead
// from 0 through all of them, each from where the last one ended: a walk that
// uses every edge of a graph once. By Euler there is one when every balance but
// the ends is entered as often as it is left and all of them hang together. Every
// balance on the way is some entry's after, so none below zero means that the
// account was never overdrawn.
func trail(entries []entry) (pay.LedgerEntryID, string) {
	surplus := make(map[int64]int) // how much more often a balance is left than entered
	linked := newGroups()
	var end int64
	for _, e := range entries {
		if e.after < 0 {
			return e.id, fmt.Sprintf("the balance after it is %d minor units, below zero", e.after)
		}
		before := e.after - e.amount
		surplus[before]++
		surplus[e.after]--
		linked.join(before, e.after)
		end += e.amount
	}
	if end != 0 {
		surplus[0]--
		surplus[end]++
	}
	for _, e := range entries {
		for _, balance := range []int64{e.after - e.amount, e.after} {
			switch {
			case surplus[balance] > 0:
				return e.id, fmt.Sprintf("entries go on from a balance of %d minor units more often than others lead to it", balance)
			case surplus[balance] < 0:
				return e.id, fmt.Sprintf("entries lead to a balance of %d minor units more often than others go on from it", balance)
			case linked.of(balance) != linked.of(0):
				return e.id, fmt.Sprintf("no entries lead from 0 to a balance of %d minor units", balance)
			}
		}
	}
	return pay.LedgerEntryID{}, ""
}

// groups says which balances hang together (union-find).
type groups struct{ parent map[int64]int64 }

func newGroups() groups { return groups{parent: make(map[int64]int64)} }

// of returns the balance that stands for the group of b.
func (g groups) of(b int64) int64 {
	for {
		up, known := g.parent[b]
		if !known {
			return b
		}
		if above, known := g.parent[up]; known {
			g.parent[b] = above // shortens the way for the next one
		}
		b = up
	}
}

func (g groups) join(a, b int64) {
	if a, b = g.of(a), g.of(b); a != b {
		g.parent[a] = b
	}
}
