package rig

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// program is the import path of the program that is tested.
const program = "github.com/paygraph/paygraph/cmd/paygraph"

// Build compiles the program into dir and returns its path. The working directory
// must be in the module.
func Build(ctx context.Context, dir string, tags ...string) (string, error) {
	path := filepath.Join(dir, "paygraph")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", strings.Join(tags, ","), "-o", path, program) //nolint:gosec // the path is the run's own
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", program, err, output)
	}
	return path, nil
}
