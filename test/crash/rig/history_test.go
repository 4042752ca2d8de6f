package rig

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The harness must be able to fail: each of these histories holds one lie.
func TestHistory(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		tell func(h *History)
		want []string // the rules that are broken
	}{
		{name: "TruthIsNoViolation", tell: func(h *History) {
			h.Created(h.Call(), "key", "bill", "PENDING")
			h.Created(h.Call(), "key", "bill", "PAID")
			h.Saw(h.Call(), "bill", "bill", "DONE")
			h.Final("bill", &Bill{ID: "bill", Status: "DONE"})
		}},
		{name: "LostBillIsFound", want: []string{RuleLost}, tell: func(h *History) {
			h.Created(h.Call(), "key", "bill", "PENDING")
			h.Final("bill", nil)
		}},
		{name: "AnotherKindOfNodeIsALostBill", want: []string{RuleLost}, tell: func(h *History) {
			h.Created(h.Call(), "key", "bill", "PENDING")
			h.Final("bill", &Bill{})
		}},
		{name: "TwoBillsOfOneKeyAreFound", want: []string{RuleTwice}, tell: func(h *History) {
			h.Created(h.Call(), "key", "bill-1", "PENDING")
			h.Created(h.Call(), "key", "bill-2", "PENDING")
		}},
		{name: "TwoKeysMayMakeTwoBills", tell: func(h *History) {
			h.Created(h.Call(), "key-1", "bill-1", "PENDING")
			h.Created(h.Call(), "key-2", "bill-2", "PENDING")
		}},
		{name: "PaidBillThatIsPendingAgainIsFound", want: []string{RuleBack}, tell: func(h *History) {
			h.Created(h.Call(), "key", "bill", "PAID")
			h.Final("bill", &Bill{ID: "bill", Status: "PENDING"})
		}},
		{name: "DoneBillThatIsPaidAgainIsFound", want: []string{RuleBack}, tell: func(h *History) {
			h.Saw(h.Call(), "bill", "bill", "DONE")
			h.Saw(h.Call(), "bill", "bill", "PAID")
		}},
		{name: "OlderAnswerMayArriveLater", tell: func(h *History) {
			slow := h.Call()
			h.Saw(h.Call(), "bill", "bill", "DONE")
			h.Saw(slow, "bill", "bill", "PAID")
		}},
		{name: "AnotherBillsAnswerIsFound", want: []string{RuleStranger}, tell: func(h *History) {
			h.Saw(h.Call(), "bill-1", "bill-2", "PENDING")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := NewHistory()
			tt.tell(h)
			var broken []string
			for _, v := range h.Violations() {
				broken = append(broken, v.Rule)
			}
			require.Equal(t, tt.want, broken)
		})
	}
}

func TestHistory_Bills(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	h.Created(h.Call(), "key-2", "bill-2", "PENDING")
	h.Created(h.Call(), "key-1", "bill-1", "PENDING")
	h.Created(h.Call(), "key-1", "bill-1", "PENDING")
	require.Equal(t, []string{"bill-1", "bill-2"}, h.Bills())
	require.Equal(t, 2, h.Keys())
}

func TestMayFollow(t *testing.T) {
	t.Parallel()
	all := []string{"PENDING", "AUTHORIZED", "PAID", "DONE", "AMOUNT_MISMATCH", "FAILED", "EXPIRED", "CANCELED", "REFUNDED"}
	tests := []struct {
		from string
		want []string
	}{
		{from: "PENDING", want: all},
		{from: "AUTHORIZED", want: []string{"AUTHORIZED", "PAID", "DONE", "AMOUNT_MISMATCH", "EXPIRED", "CANCELED", "REFUNDED"}},
		{from: "PAID", want: []string{"PAID", "DONE", "REFUNDED"}},
		{from: "DONE", want: []string{"DONE", "REFUNDED"}},
		{from: "CANCELED", want: []string{"CANCELED", "REFUNDED"}},
		{from: "REFUNDED", want: []string{"REFUNDED"}},
	}
	for _, tt := range tests {
		t.Run(tt.from, func(t *testing.T) {
			t.Parallel()
			var follow []string
			for _, to := range all {
				if MayFollow(tt.from, to) {
					follow = append(follow, to)
				}
			}
			require.Equal(t, tt.want, follow)
		})
	}
}

func TestHistory_Save(t *testing.T) {
	t.Parallel()
	h := NewHistory()
	h.Created(h.Call(), "key", "bill", "PENDING")
	file := filepath.Join(t.TempDir(), "history.json")
	require.NoError(t, h.Save(file))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.JSONEq(t, `{"keys": {"key": "bill"}, "seen": {"bill": {"PENDING": 2}}, "violations": null}`, string(text))
}
