package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
)

// Breach is one promise that `paygraph check` found broken.
type Breach struct {
	Invariant string   `json:"invariant"`
	Objects   []string `json:"objects"`
	Detail    string   `json:"detail"`
}

// Report is what `paygraph check --json` prints.
type Report struct {
	OK      bool `json:"ok"`
	Checked []struct {
		What string `json:"what"`
		N    int64  `json:"n"`
	} `json:"checked"`
	Breaches []Breach `json:"breaches"`
	Pending  []Breach `json:"pending"`
	Skipped  []string `json:"skipped"`
}

// Count returns how many of something the check looked at.
func (r *Report) Count(what string) int64 {
	for _, c := range r.Checked {
		if c.What == what {
			return c.N
		}
	}
	return 0
}

// Check runs `paygraph check --json` with more arguments. Breaches are in the
// report; an error means that the check could not be done.
func Check(ctx context.Context, binary string, args ...string) (*Report, error) {
	cmd := exec.CommandContext(ctx, binary, append([]string{"check", "--json"}, args...)...) //nolint:gosec // the program under test
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if _, isExit := errors.AsType[*exec.ExitError](err); err != nil && !isExit {
		return nil, fmt.Errorf("run paygraph check: %w", err)
	}
	return ParseReport(out, err, stderr.String())
}

// ParseReport reads the report that a check printed and holds it against the way
// the check ended: exit 0 and no breach go together.
func ParseReport(out []byte, exit error, stderr string) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(out, r); err != nil {
		return nil, fmt.Errorf("paygraph check printed no report (%w): %s", errOr(exit), stderr)
	}
	if r.OK != (exit == nil) || r.OK != (len(r.Breaches) == 0) {
		return nil, fmt.Errorf("paygraph check contradicts itself: ok is %t with %d breaches, and it ended with %w", r.OK, len(r.Breaches), errOr(exit))
	}
	return r, nil
}
