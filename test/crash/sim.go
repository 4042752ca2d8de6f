package main

import (
	"context"
	"errors"
	"io"

	"github.com/paygraph/paygraph/test/crash/sim"
)

func runSim(ctx context.Context, args []string, out io.Writer) error {
	err := sim.Main(ctx, args, out, out)
	if errors.Is(err, sim.ErrMisused) {
		return errMisused
	}
	return err
}
