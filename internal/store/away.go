package store

import (
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/lib/pq"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// IsAway reports whether err says that the database cannot work just now: it
// cannot be reached, is starting or stopping, is busy, or its disk is full.
// Nothing of ours is wrong, and the same call may succeed later. Of a commit that
// failed so nobody knows whether it took place.
func IsAway(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		// Connection exceptions, insufficient resources, operator intervention.
		class := e.Code.Class()
		return class == "08" || class == "53" || class == "57" && e.Code != "57014"
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_READONLY:
			return true
		}
		return false
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	for _, lost := range []error{sqldriver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}
