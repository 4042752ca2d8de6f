package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// Count says how many of something were looked at.
type Count struct {
	What string `json:"what"`
	N    int64  `json:"n"`
}

// Breach is one promise that does not hold.
type Breach struct {
	Invariant string   `json:"invariant"` // its stable name, such as "history.steps"
	Objects   []string `json:"objects"`   // TypeIDs, or keys where a row has no id to show; what it is about comes first
	Detail    string   `json:"detail"`    // one English sentence
}

// Report is what a check found.
type Report struct {
	Checked  []Count  `json:"checked"`  // in the order of checking
	Breaches []Breach `json:"breaches"` // in the order of the invariants
	Pending  []Breach `json:"pending"`  // what the program may still mend by itself; empty when strict
	Skipped  []string `json:"skipped"`  // what was not checked, and why
}

// OK reports whether every promise that was checked holds.
func (r *Report) OK() bool { return len(r.Breaches) == 0 }

// WriteText writes a line for each breach, for each thing that is pending or was
// skipped, and a summary, whose last line begins with "ok: " when nothing is left
// to look at.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(word string, f Breach) {
		fmt.Fprintf(&b, "%s %s %s: %s\n", word, f.Invariant, strings.Join(f.Objects, " "), f.Detail)
	}
	for _, f := range r.Breaches {
		line("breach", f)
	}
	for _, f := range r.Pending {
		line("pending", f)
	}
	for _, why := range r.Skipped {
		fmt.Fprintf(&b, "skipped %s\n", why)
	}
	counts := make([]string, len(r.Checked))
	for at, c := range r.Checked {
		counts[at] = fmt.Sprintf("%d %s", c.N, c.What)
	}
	checked := len(invariants()) - len(r.Skipped)
	fmt.Fprintf(&b, "checked %d invariants: %s\n", checked, strings.Join(counts, ", "))
	fmt.Fprintf(&b, "%d breaches, %d pending\n", len(r.Breaches), len(r.Pending))
	if len(r.Breaches)+len(r.Pending) == 0 {
		fmt.Fprintf(&b, "ok: all %d invariants hold\n", checked)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes the report as one JSON object, with "ok" beside its fields.
// Its lists are never null.
func (r *Report) WriteJSON(w io.Writer) error {
	full := struct {
		OK bool `json:"ok"`
		Report
	}{OK: r.OK(), Report: Report{
		Checked: orEmpty(r.Checked), Breaches: orEmpty(r.Breaches), Pending: orEmpty(r.Pending), Skipped: orEmpty(r.Skipped),
	}}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(full)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// money writes an amount of minor units as people write it, whatever the currency
// is: "990.00 RUB" for 99000.
func money(minor int64, currency string) string {
	return pay.Of(minor, pay.Currency(currency)).String()
}

func (r *Report) count(what string, n int64) { r.Checked = append(r.Checked, Count{What: what, N: n}) }

// append adds what another part of the check found.
func (r *Report) append(part *Report) {
	r.Checked = append(r.Checked, part.Checked...)
	r.Breaches = append(r.Breaches, part.Breaches...)
	r.Pending = append(r.Pending, part.Pending...)
	r.Skipped = append(r.Skipped, part.Skipped...)
}

func (r *Report) breach(invariant, detail string, objects ...string) {
	r.Breaches = append(r.Breaches, Breach{Invariant: invariant, Objects: objects, Detail: detail})
}

func (r *Report) pending(invariant, detail string, objects ...string) {
	r.Pending = append(r.Pending, Breach{Invariant: invariant, Objects: objects, Detail: detail})
}
