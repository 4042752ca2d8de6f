package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// outcome is what the tests made of a mutant.
type outcome string

const (
	caught   outcome = "caught"
	survived outcome = "SURVIVED"
	broken   outcome = "BROKEN" // it does not apply or does not build, or the tests never ended: nothing was tried
)

// verdict is how one mutant ended.
type verdict struct {
	Mutant

	outcome outcome
	by      string // the package that caught it, and a test of it that failed; or what is broken
	took    time.Duration
}

// The time that tests may take. A mutant that makes them hang is caught by the
// first; the second is for a build that never ends, and catches nothing.
const (
	testsTimeout = 4 * time.Minute
	buildTimeout = 15 * time.Minute
)

// try runs the tests against one mutant.
func try(ctx context.Context, root string, m Mutant) verdict {
	from := time.Now()
	v := verdict{Mutant: m, outcome: survived}
	dir, err := os.MkdirTemp("", "paygraph-mutant-")
	if err != nil {
		return verdict{Mutant: m, outcome: broken, by: err.Error()}
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay, err := m.overlay(root, dir)
	if err != nil {
		return verdict{Mutant: m, outcome: broken, by: err.Error()}
	}
	for _, pkg := range m.Tests {
		if v.outcome, v.by = judge(test(ctx, root, overlay, m.Run, pkg)); v.outcome != survived {
			v.by = strings.TrimSpace(strings.TrimPrefix(pkg, "./") + " " + v.by)
			break
		}
	}
	v.took = time.Since(from)
	return v
}

// test runs the tests of a package with the overlay, none when it is empty, and
// returns what they printed.
//
// The overlay is in GOFLAGS and no flag, so that a test which itself builds the
// program builds the mutant.
func test(ctx context.Context, root, overlay, run, pkg string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	args := []string{"test", "-count=1", "-failfast", "-timeout", testsTimeout.String(), "-run", run, pkg}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are the list's
	cmd.Dir = root
	cmd.Env = os.Environ()
	if overlay != "" {
		cmd.Env = append(cmd.Env, "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the tests end with go test
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("the tests did not end: %w", ctx.Err())
	}
	return string(output), err
}

// judge reads what `go test` came to.
func judge(output string, err error) (outcome, string) {
	switch _, failed := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return survived, ""
	case !failed:
		return broken, err.Error()
	case strings.Contains(output, "[build failed]") || strings.Contains(output, "[setup failed]"):
		return broken, "does not build:\n" + output
	}
	return caught, failure(output)
}

var failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)

// failure names the innermost test that failed, or how else the tests ended.
func failure(output string) string {
	name := ""
	for _, found := range failedTest.FindAllStringSubmatch(output, -1) {
		if strings.HasPrefix(found[1], name) {
			name = found[1]
		}
	}
	for _, line := range strings.Split(output, "\n") {
		if name == "" && (strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "goleak: ")) {
			return line
		}
	}
	return name
}

// moduleRoot finds the folder of go.mod, from the working directory up.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("find the module: no go.mod here or above")
		}
		dir = up
	}
}
