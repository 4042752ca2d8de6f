package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The list is checked against the code at every run of the tests, so that whoever
// changes a line that a mutant changes mends the mutant too.
func TestMutants(t *testing.T) {
	t.Parallel()

	root, err := moduleRoot()
	require.NoError(t, err)
	all := mutants()
	require.GreaterOrEqual(t, len(all), 25)
	seen := map[string]bool{}
	for _, m := range all {
		t.Run(m.Name, func(t *testing.T) {
			require.NotEmpty(t, m.Name)
			require.NotEmpty(t, m.Harm)
			require.NotEmpty(t, m.Tests)
			require.False(t, seen[m.Name], "the name is taken")
			seen[m.Name] = true
			changed, err := m.mutate(root)
			require.NoError(t, err)
			require.NotEmpty(t, changed)
			for _, pkg := range m.Tests {
				require.DirExists(t, filepath.Join(root, pkg))
			}
		})
	}
}

func TestMutant_Mutate(t *testing.T) {
	t.Parallel()

	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.go"), []byte("package a\n\nvar a, b = 1, 1\n"), 0o600))
	tests := []struct {
		name string
		edit Edit
		want string
	}{
		{name: "NotThere", edit: Edit{File: "a.go", Old: "var c"}, want: "does not apply"},
		{name: "Twice", edit: Edit{File: "a.go", Old: "1", New: "2"}, want: "does not apply"},
		{name: "NoChange", edit: Edit{File: "a.go", Old: "a, b", New: "a, b"}, want: "does not apply"},
		{name: "NoGo", edit: Edit{File: "a.go", Old: "var", New: "let"}, want: "is no Go"},
		{name: "NoFile", edit: Edit{File: "b.go", Old: "var"}, want: "b.go"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Mutant{Name: "m", Edits: []Edit{tt.edit}}.mutate(root)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()

	failed := &exec.ExitError{}
	tests := []struct {
		name   string
		output string
		err    error
		want   outcome
		by     string
	}{
		{name: "Passed", output: "ok  \tx\t1s\n", want: survived},
		{
			name:   "InnermostFailure",
			output: "--- FAIL: TestA (0.1s)\n    --- FAIL: TestA/One (0.1s)\n        --- FAIL: TestA/One/SQLite (0.1s)\n--- FAIL: TestB (0s)\nFAIL\n",
			err:    failed, want: caught, by: "TestA/One/SQLite",
		},
		{name: "Panic", output: "panic: test timed out after 4m0s\n\ngoroutine 1\nFAIL\tx\t240s\n", err: failed, want: caught, by: "panic: test timed out after 4m0s"},
		{name: "DoesNotBuild", output: "x.go:1: undefined: y\nFAIL\tx [build failed]\n", err: failed, want: broken, by: "does not build:\nx.go:1: undefined: y\nFAIL\tx [build failed]\n"},
		{name: "NoCompiler", err: errors.New("go: not found"), want: broken, by: "go: not found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, by := judge(tt.output, tt.err)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.by, by)
		})
	}
}
