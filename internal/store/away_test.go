package store_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store"
)

func TestIsAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		away bool
	}{
		"Starting":         {&pq.Error{Code: "57P03"}, true},
		"Stopping":         {&pq.Error{Code: "57P01"}, true},
		"TooManyClients":   {&pq.Error{Code: "53300"}, true},
		"DiskFull":         {&pq.Error{Code: "53100"}, true},
		"ConnectionLost":   {&pq.Error{Code: "08006"}, true},
		"Refused":          {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		"Broken":           {driver.ErrBadConn, true},
		"StatementTooLong": {&pq.Error{Code: "57014"}, false},
		"Duplicate":        {&pq.Error{Code: "23505"}, false},
		"Ours":             {errors.New("EOF"), false},
		"Nothing":          {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.err
			require.Equal(t, c.away, store.IsAway(err))
			require.Equal(t, c.away, store.IsAway(fmt.Errorf("read a bill: %w", errors.Join(err, errors.New("x")))))
		})
	}
}
