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

// The transcripts of the README and of the flows are what really happens, command
// by command.
func TestTranscript(t *testing.T) {
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

	for name, page := range map[string]string{"README": "README.md", "Flows": "docs/flows.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := transcript(t, filepath.Join("..", "..", filepath.FromSlash(page)))
			printed := play(t, bin, steps)
			for at, s := range steps {
				require.Regexp(t, pattern(s.output), printed[at], s.command)
			}
		})
	}
}

// step is one command of a page's transcript and what it prints there.
type step struct{ command, output string }

// transcript reads the commands of a page's console blocks: lines that begin with
// a dollar sign, and those after them that begin with an angle bracket, each
// followed by the output. Blocks without a dollar sign are commands to copy, not a
// transcript.
func transcript(t *testing.T, page string) []step {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	var steps []step
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if !strings.HasPrefix(block[1], "$ ") {
			continue
		}
		for line := range strings.Lines(block[1]) {
			if command, isNew := strings.CutPrefix(line, "$ "); isNew {
				steps = append(steps, step{command: command})
				continue
			}
			last := &steps[len(steps)-1]
			if more, isCommand := strings.CutPrefix(line, "> "); isCommand && last.output == "" {
				last.command += more
			} else {
				last.output += line
			}
		}
	}
	require.Greater(t, len(steps), 8)
	return steps
}

// play runs a transcript in a shell, in an empty folder and on free ports, with
// the program that is in bin. It returns what each command printed.
func play(t *testing.T, bin string, steps []step) []string {
	t.Helper()
	var script strings.Builder
	script.WriteString("set -u\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n")
	for at, s := range steps {
		command := s.command
		if strings.HasPrefix(command, "paygraph dev") {
			command = strings.Replace(command, "paygraph dev", "paygraph dev --addr 127.0.0.1:0 2>/dev/null", 1) // the usual ports may be in use
		}
		fmt.Fprintf(&script, "echo '@@ %d'\n%s\n", at, command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-c", script.String())
	shell.Cancel = func() error { return shell.Process.Signal(os.Interrupt) } // its trap ends what it started
	shell.WaitDelay = 10 * time.Second
	shell.Dir = t.TempDir()
	shell.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	var stderr bytes.Buffer
	shell.Stderr = &stderr
	output, err := shell.Output()
	require.NoError(t, err, "%s\n%s", output, stderr.String())

	printed := strings.Split(string(output), "@@ ")[1:]
	require.Len(t, printed, len(steps), "%s", stderr.String())
	for at := range printed {
		_, printed[at], _ = strings.Cut(printed[at], "\n")
	}
	return printed
}

// pattern is a page's output as a regular expression: dots are what differs each
// time, within a line. More lines than the page shows may come before those it
// shows; a command without output prints nothing.
func pattern(output string) string {
	output = strings.TrimRight(output, "\n")
	if output == "" {
		return "^$"
	}
	return "(?m)^" + strings.ReplaceAll(regexp.QuoteMeta(output), "…", ".*") + "$"
}
