package providertest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

// recordFile is where an adapter's verdicts are kept, below its folder.
const recordFile = "testdata/conformance.json"

// updateVariable, set to 1, has records and the table written anew.
const updateVariable = "PROVIDERTEST_UPDATE"

func isUpdate() bool { return os.Getenv(updateVariable) == "1" }

// record is how an adapter did, as it is kept.
type record struct {
	Provider providers.Name `json:"provider"`
	Cases    []verdict      `json:"cases"`
}

// record compares the verdicts with those that are kept, or writes them when all
// cases were run and none failed.
func (s *suite) record(t *testing.T) {
	t.Helper()
	got, all := record{Provider: s.name}, true
	for _, g := range groups() {
		for _, c := range g.cases {
			v, ran := s.verdicts[g.name+"/"+c.name]
			all = all && ran
			if ran {
				got.Cases = append(got.Cases, v)
			}
		}
	}
	if isUpdate() {
		if all && !t.Failed() {
			write(t, got)
		}
		return
	}
	kept := readRecord(t, recordFile)
	byID := make(map[string]verdict, len(kept.Cases))
	for _, v := range kept.Cases {
		byID[v.ID] = v
	}
	for _, v := range got.Cases { // a run of some cases only compares those
		require.Equal(t, byID[v.ID], v, "%s is out of date: run the test with %s=1", recordFile, updateVariable)
	}
	if all {
		require.Equal(t, kept, got, "%s is out of date: run the test with %s=1", recordFile, updateVariable)
	}
}

func readRecord(t *testing.T, path string) record {
	t.Helper()
	text, err := os.ReadFile(path) //nolint:gosec // a test's own record
	require.NoError(t, err, "run the adapter's conformance test with %s=1 to write it", updateVariable)
	var kept record
	require.NoError(t, json.Unmarshal(text, &kept), path)
	return kept
}

func write(t *testing.T, r record) {
	t.Helper()
	var text bytes.Buffer
	text.WriteString("{\n\"provider\": \"" + string(r.Provider) + "\",\n\"cases\": [\n")
	for at, v := range r.Cases { // a line each, for the sake of a diff
		line, err := json.Marshal(v)
		require.NoError(t, err)
		text.Write(line)
		if at < len(r.Cases)-1 {
			text.WriteByte(',')
		}
		text.WriteByte('\n')
	}
	text.WriteString("]\n}\n")
	require.NoError(t, os.MkdirAll(filepath.Dir(recordFile), 0o750))
	require.NoError(t, os.WriteFile(recordFile, text.Bytes(), 0o600))
}
