package providertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tablePage has the table between two marks.
const (
	tablePage  = "../../docs/providers.md"
	tableBegin = "<!-- the table: written by TestTable -->\n"
	tableEnd   = "<!-- the table's end -->"
)

// records reads the verdicts of every provider, in the order of their names.
func records(t *testing.T) []record {
	t.Helper()
	files, err := filepath.Glob("../*/" + recordFile)
	require.NoError(t, err)
	var all []record
	for _, file := range files {
		if folder := filepath.Base(filepath.Dir(filepath.Dir(file))); !strings.HasPrefix(folder, "_") {
			all = append(all, readRecord(t, file))
		}
	}
	require.NotEmpty(t, all)
	return all
}

// Every record has every case of the suite, each with a verdict, and nothing else.
func TestRecords_AreWhole(t *testing.T) {
	t.Parallel()
	var want []string
	for _, g := range groups() {
		for _, c := range g.cases {
			want = append(want, g.name+"/"+c.name)
		}
	}
	for _, r := range records(t) {
		var got []string
		for _, v := range r.Cases {
			got = append(got, v.ID)
			require.Contains(t, []string{wordPassed, wordNotPossible, wordNotPlayed}, v.Verdict)
			require.Equal(t, v.Verdict != wordPassed, v.Why != "", "%s %s", r.Provider, v.ID)
			require.Equal(t, v.Verdict == wordNotPlayed, strings.HasPrefix(v.Why, "the vendor's documents "), "%s %s: only what the documents lack is not played", r.Provider, v.ID)
			require.NotContains(t, v.Why, "the sandbox", "%s %s: a gap of ours is no reason", r.Provider, v.ID)
		}
		require.Equal(t, want, got, "%s: run its conformance test with %s=1", r.Provider, updateVariable)
	}
}

func TestCases_HaveNamesAndFacts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, g := range groups() {
		require.NotEmpty(t, g.title)
		for _, c := range g.cases {
			id := g.name + "/" + c.name
			require.Regexp(t, `^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`, id)
			require.False(t, seen[id], id)
			seen[id] = true
			require.NotEmpty(t, c.fact, id)
			require.NotNil(t, c.run, id)
		}
	}
	require.GreaterOrEqual(t, len(seen), 60)
}

// The page shows what the records say.
func TestTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(tablePage)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(text), tableBegin)
	require.True(t, found)
	_, after, found := strings.Cut(rest, tableEnd)
	require.True(t, found)
	want := before + tableBegin + table(records(t)) + tableEnd + after
	if isUpdate() {
		require.NoError(t, os.WriteFile(tablePage, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "docs/providers.md is out of date: run this test with %s=1", updateVariable)
}

// table writes the numbers of verdicts, and then a table a group: a case a line, a
// provider a column. A number stands for a reason of the lists at the end.
func table(all []record) string {
	var text strings.Builder
	var reasons, lacks []string
	text.WriteString("\n| provider | passed | not possible | not played | cases |\n|---|---|---|---|---|\n")
	for _, r := range all {
		counts := map[string]int{}
		for _, v := range r.Cases {
			counts[v.Verdict]++
		}
		fmt.Fprintf(&text, "| %s | %d | %d | %d | %d |\n", r.Provider, counts[wordPassed], counts[wordNotPossible], counts[wordNotPlayed], len(r.Cases))
	}
	for _, g := range groups() {
		fmt.Fprintf(&text, "\n### %s\n\n| `%s/` | fact |", g.title, g.name)
		for _, r := range all {
			fmt.Fprintf(&text, " %s |", r.Provider)
		}
		fmt.Fprintf(&text, "\n|---|---|%s\n", strings.Repeat("---|", len(all)))
		for _, c := range g.cases {
			fmt.Fprintf(&text, "| `%s` | %s |", c.name, c.fact)
			for _, r := range all {
				fmt.Fprintf(&text, " %s |", cell(r, g.name+"/"+c.name, &reasons, &lacks))
			}
			text.WriteString("\n")
		}
	}
	text.WriteString("\n### Why not possible\n\n")
	for at, why := range reasons {
		fmt.Fprintf(&text, "%d. %s\n", at+1, why)
	}
	text.WriteString("\n### Why not played\n\n")
	for at, why := range lacks {
		fmt.Fprintf(&text, "%d. %s\n", at+1, why)
	}
	text.WriteString("\n")
	return text.String()
}

func cell(r record, id string, reasons, lacks *[]string) string {
	at := slices.IndexFunc(r.Cases, func(v verdict) bool { return v.ID == id })
	if at < 0 {
		return "?"
	}
	switch v := r.Cases[at]; v.Verdict {
	case wordNotPossible:
		return fmt.Sprintf("— %d", numberOf(reasons, v.Why))
	case wordNotPlayed:
		return fmt.Sprintf("not played %d", numberOf(lacks, v.Why))
	default:
		return v.Verdict
	}
}

// numberOf is the place of a reason in its list, from 1; a new one is put there.
func numberOf(list *[]string, why string) int {
	at := slices.Index(*list, why)
	if at < 0 {
		*list = append(*list, why)
		at = len(*list) - 1
	}
	return at + 1
}
