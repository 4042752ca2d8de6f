package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
)

func TestAgain(t *testing.T) {
	t.Parallel()
	other := errors.New("the disk is full")
	raced := fmt.Errorf("move the bill: %w", store.ErrRaced)
	tests := []struct {
		name    string
		answers func(call int) error
		calls   int
		want    error
	}{
		{"DoneAtOnce", func(int) error { return nil }, 1, nil},
		{"OutrunTwice", func(call int) error { return map[int]error{1: raced, 2: raced}[call] }, 3, nil},
		{"OtherErrorsAreReturned", func(int) error { return other }, 1, other},
		{"AfterTwentyRacesItGivesUp", func(int) error { return raced }, 20, store.ErrRaced},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			err := store.Again(func() error {
				calls++
				return test.answers(calls)
			})
			require.ErrorIs(t, err, test.want)
			require.Equal(t, test.calls, calls)
		})
	}
}
