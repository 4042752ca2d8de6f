package main

import (
	"context"
	"io"

	"github.com/paygraph/paygraph/test/crash/sim"
)

func runSim(ctx context.Context, args []string, out io.Writer) error {
	return sim.Main(ctx, args, out, out)
}
