package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withTheTemplate is an overlay for `go build` in which the program has one provider
// more: the template's folder, and its line in vendors.go. Nothing else is changed.
func withTheTemplate(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	const template = "providers/_template" // Go passes over such a folder
	replace := map[string]string{}
	err = filepath.WalkDir(filepath.Join(root, template), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			replace[strings.Replace(path, template, "providers/template", 1)] = path
		}
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, replace)

	text, err := os.ReadFile("vendors.go")
	require.NoError(t, err)
	list := string(text)
	for _, line := range []struct{ before, added string }{
		{"\t\"github.com/paygraph/paygraph/providers/sandbox\"\n", "\t\"github.com/paygraph/paygraph/providers/template\"\n\t\"github.com/paygraph/paygraph/providers/template/templatesandbox\"\n"},
		{"\treturn []vendor{\n", "\t\t{template.Vendor(), func() sandbox.Vendor { return templatesandbox.New(templatesandbox.Options{}) }},\n"},
	} {
		require.Equal(t, 1, strings.Count(list, line.before), "vendors.go has one place for the line")
		list = strings.Replace(list, line.before, line.before+line.added, 1)
	}
	folder := t.TempDir()
	changed := filepath.Join(folder, "vendors.go")
	require.NoError(t, os.WriteFile(changed, []byte(list), 0o600))
	replace[filepath.Join(root, "cmd/paygraph/vendors.go")] = changed
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	path := filepath.Join(folder, "overlay.json")
	require.NoError(t, os.WriteFile(path, overlay, 0o600))
	return path
}

// A fifth provider needs a folder and a line: with these, and nothing else, the tests
// of every provider are the fifth's, too, and it takes a payment in `paygraph dev`.
func TestVendors_AFifthNeedsAFolderAndALine(t *testing.T) {
	t.Parallel()

	program := filepath.Join(t.TempDir(), "fifth.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-c", "-overlay", withTheTemplate(t), "-o", program, ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	const tests = "^(TestVendors|TestVendors_AreNamedInOneFile|TestDev_EveryVendorTakesMoney|TestDev_ProvidersOfTheDemoShop|TestDev_NoVendorsNoticeIsBelievedUnproven)$/^SQLite$"
	run := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", tests)
	out, err = run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestDev_EveryVendorTakesMoney/SQLite")
	require.Contains(t, string(out), "template takes EUR")
}
