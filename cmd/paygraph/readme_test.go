package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// step is one command of the README's transcript and what it prints there.
type step struct{ command, output string }

// transcript reads the commands of the README's console blocks: lines that begin
// with a dollar sign, each followed by its output. Blocks without such a line are
// commands to copy, not a transcript.
func transcript(t *testing.T) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	var steps []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for line := range strings.Lines(block[1]) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				steps = append(steps, step{command: strings.TrimSpace(command)})
			} else if len(steps) > 0 && strings.Contains(block[1], "$ ") {
				steps[len(steps)-1].output += line
			}
		}
	}
	return steps
}

// The README's transcript is what really happens, command by command. The dots
// stand for what differs each time; more lines than the README shows may come
// before those it shows.
func TestREADME_Transcript(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			require.NotEqual(t, "true", os.Getenv("CI"), "%s is missing: apt-get install %s", tool, tool)
			t.Skipf("%s is missing: apt-get install %s", tool, tool)
		}
	}
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "paygraph"), ".")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)

	steps := transcript(t)
	require.Greater(t, len(steps), 8)
	var script strings.Builder
	script.WriteString("set -u\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n")
	for at, s := range steps {
		command := s.command
		if strings.HasPrefix(command, "paygraph dev") {
			command = strings.Replace(command, "paygraph dev", "paygraph dev --addr 127.0.0.1:0 2>/dev/null", 1) // the usual ports may be in use
		}
		fmt.Fprintf(&script, "echo '@@ %d'\n%s\n", at, command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script.String())
	shell.Cancel = func() error { return shell.Process.Signal(os.Interrupt) } // its trap ends what it started
	shell.WaitDelay = 10 * time.Second
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var stderr bytes.Buffer
	shell.Stderr = &stderr
	printed, err := shell.Output()
	require.NoError(t, err, "%s", stderr.String())

	parts := strings.Split(string(printed), "@@ ")[1:]
	require.Len(t, parts, len(steps), "%s", stderr.String())
	for at, s := range steps {
		_, got, _ := strings.Cut(parts[at], "\n")
		require.Regexp(t, pattern(s.output), got, s.command)
	}
}

// pattern is the README's output as a regular expression: dots are anything
// within a line.
func pattern(output string) string {
	quoted := regexp.QuoteMeta(strings.TrimSpace(output))
	return "(?m)" + strings.ReplaceAll(quoted, "…", ".*")
}
