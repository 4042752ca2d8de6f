package rig

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Violation is a promise to a client that was not kept.
type Violation struct {
	Rule   string // its stable name, such as "bill.lost"
	Bill   string
	Detail string
}

// The rules that a history is held against.
const (
	RuleLost     = "bill.lost"     // a bill that was acknowledged is not there
	RuleTwice    = "key.twice"     // one key made two bills
	RuleBack     = "bill.back"     // a bill's status went to where it cannot have come from
	RuleStranger = "bill.stranger" // another bill was answered than the one asked about
)

// History is what clients were told, kept on their side: what a server told once
// must be true ever after. Its clock counts calls and answers, so that of two
// answers one is later only when its call began after the other was there.
type History struct {
	mu    sync.Mutex
	clock int64
	keys  map[string]string           // the bill of each key
	seen  map[string]map[string]int64 // of each bill: when each status was first answered
	found []Violation
}

// NewHistory returns an empty history.
func NewHistory() *History {
	return &History{keys: map[string]string{}, seen: map[string]map[string]int64{}}
}

// Call notes that a call begins and returns when.
func (h *History) Call() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	return h.clock
}

// Created notes that the call which began at call was answered: key made bill,
// which has status.
func (h *History) Created(call int64, key, bill, status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if before, known := h.keys[key]; known && before != bill {
		h.violated(RuleTwice, bill, "its key "+key+" had made "+before)
	}
	h.keys[key] = bill
	h.saw(call, bill, status)
}

// Saw notes that the call which began at call, about bill want, was answered with
// the bill got in status.
func (h *History) Saw(call int64, want, got, status string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if want != got {
		h.violated(RuleStranger, want, "the answer was about "+got)
	}
	h.saw(call, got, status)
}

func (h *History) saw(call int64, bill, status string) {
	h.clock++
	if h.seen[bill] == nil {
		h.seen[bill] = map[string]int64{}
	}
	for before, answered := range h.seen[bill] {
		if answered < call && !MayFollow(before, status) {
			h.violated(RuleBack, bill, fmt.Sprintf("it was %s, and after that %s", before, status))
		}
	}
	if _, known := h.seen[bill][status]; !known {
		h.seen[bill][status] = h.clock
	}
}

func (h *History) violated(rule, bill, detail string) {
	h.found = append(h.found, Violation{Rule: rule, Bill: bill, Detail: detail})
}

// Bills lists the bills that were ever acknowledged, oldest first.
func (h *History) Bills() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	bills := make([]string, 0, len(h.seen))
	for bill := range h.seen {
		bills = append(bills, bill)
	}
	slices.Sort(bills) // ids rise with time
	return bills
}

// Keys is how many keys have made a bill.
func (h *History) Keys() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.keys)
}

// Final holds a bill, as it was read when all was over, against the history. Nil
// says that it was not there.
func (h *History) Final(id string, bill *Bill) {
	call := h.Call()
	if bill == nil || bill.ID == "" {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.violated(RuleLost, id, "it was acknowledged and is not there")
		return
	}
	h.Saw(call, id, bill.ID, bill.Status)
}

// Violations lists what was found so far, in the order of finding.
func (h *History) Violations() []Violation {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.found)
}

// MayFollow reports whether a bill that was in status before may be in status
// after at any later time, when no person meddles. That who paid late has all of it
// back is the one thing that a person does here.
func MayFollow(before, after string) bool {
	if before == after {
		return true
	}
	switch before {
	case "PENDING":
		return true
	case "AUTHORIZED":
		return after != "PENDING" && after != "FAILED"
	case "PAID":
		return after == "DONE" || after == "REFUNDED"
	case "DONE", "CANCELED", "EXPIRED", "FAILED":
		return after == "REFUNDED"
	}
	return false // the rest are ends that only a person's resolution leaves
}

// Save writes what clients were told to a file, for who looks into a violation:
// the bill of each key, and when, by the history's own clock, each status of each
// bill was first answered.
func (h *History) Save(file string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	text, err := json.MarshalIndent(map[string]any{"keys": h.keys, "seen": h.seen, "violations": h.found}, "", " ")
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	return os.WriteFile(file, text, 0o600)
}
