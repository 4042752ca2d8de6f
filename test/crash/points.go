package main

import (
	"context"
	"errors"
	"io"

	"github.com/paygraph/paygraph/test/crash/points"
)

func runPoints(ctx context.Context, args []string, out io.Writer) error {
	err := points.Main(ctx, args, out, out)
	if errors.Is(err, points.ErrMisused) {
		return errMisused
	}
	return err
}
