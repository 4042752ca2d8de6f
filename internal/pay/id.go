package pay

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// An id is a UUIDv7 in the database, ordered by the time it was made, and a
// TypeID outside it: a prefix that names the table, an underscore and 26
// characters of Crockford's base 32 (github.com/jetify-com/typeid, spec 0.3).
//
// id[K] carries the bytes and the methods; each table embeds it in a type of
// its own (ids.go), so that a user's id cannot be passed for a bill's. The price
// is that ent's Exist, IDs, OnlyID and FirstID cannot scan it (they take arrays,
// not structs): use Count and Only, as the linter says.
type id[K kind] struct{ uuid [16]byte }

// A kind is the table an id belongs to.
type kind interface{ prefix() string }

// ErrMalformedID is the cause of every failure to read an id from text.
var ErrMalformedID = errors.New("malformed id")

// made counts the ids of this process, from zero.
//
//nolint:gochecknoglobals // what orders the ids of one instant is the process itself
var made atomic.Uint32

// newID returns a fresh UUIDv7 for the instant at. The 12 bits after the
// milliseconds hold the fraction of the millisecond, and the 30 bits after the
// variant a counter (RFC 9562, methods 3 and 1): ids of one process follow its
// clock to a quarter of a microsecond and, within that, the order they were made
// in. The last 32 bits are random.
func newID[K kind](at time.Time) id[K] {
	var u [16]byte
	ms := at.UnixMilli()
	fraction := at.Sub(time.UnixMilli(ms)).Nanoseconds() * 4096 / int64(time.Millisecond)
	binary.BigEndian.PutUint64(u[:8], uint64(ms)<<16|0x7000|uint64(fraction)&0x0fff) //nolint:gosec // both are positive and in range by construction
	binary.BigEndian.PutUint32(u[8:12], made.Add(1)&0x3fffffff|0x80000000)
	_, _ = rand.Read(u[12:]) // never fails since Go 1.24
	return id[K]{u}
}

// derivedID returns the one id that these words always give: a hash of the
// kind and of every word, marked as a UUIDv8. Repeating a derivation repeats
// the id, which is what makes an insert under it happen once.
func derivedID[K kind](words ...string) id[K] {
	var k K
	sum := sha256.Sum256([]byte(k.prefix() + "\x00" + strings.Join(words, "\x00")))
	var u [16]byte
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return id[K]{u}
}

// parseID reads a TypeID of kind K. Its error wraps ErrMalformedID and says
// which prefix was expected. The zero id is refused: it names nothing, and no
// column takes it.
func parseID[K kind](s string) (id[K], error) {
	var k K
	prefix, suffix, found := cutLast(s, '_')
	if !found || prefix != k.prefix() {
		return id[K]{}, fmt.Errorf("%w: want %s_ and 26 characters", ErrMalformedID, k.prefix())
	}
	u, ok := decodeBase32(suffix)
	if !ok || u == [16]byte{} {
		return id[K]{}, fmt.Errorf("%w: want 26 characters of base 32 after %s_", ErrMalformedID, k.prefix())
	}
	return id[K]{u}, nil
}

// String returns the TypeID, or "" for the zero id.
func (i id[K]) String() string {
	if i.IsZero() {
		return ""
	}
	var k K
	return k.prefix() + "_" + i.Suffix()
}

// Suffix returns the 26 characters without the prefix: lower-case letters and
// digits only, for a provider that takes no other character in an order number.
func (i id[K]) Suffix() string { return encodeBase32(i.uuid) }

// UUID returns the id as the database shows it: 36 characters with hyphens.
func (i id[K]) UUID() string {
	var b [36]byte
	hex.Encode(b[0:8], i.uuid[0:4])
	hex.Encode(b[9:13], i.uuid[4:6])
	hex.Encode(b[14:18], i.uuid[6:8])
	hex.Encode(b[19:23], i.uuid[8:10])
	hex.Encode(b[24:36], i.uuid[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

// Bytes returns the 16 bytes, for a MAC or associated data.
func (i id[K]) Bytes() []byte { return i.uuid[:] }

// IsZero reports whether the id names nothing.
func (i id[K]) IsZero() bool { return i.uuid == [16]byte{} }

// Value stores the id in a uuid column. The zero id is refused rather than
// stored: it would name nothing.
func (i id[K]) Value() (driver.Value, error) {
	if i.IsZero() {
		var k K
		return nil, fmt.Errorf("store %s id: %w: it is zero", k.prefix(), ErrMalformedID)
	}
	return i.UUID(), nil
}

// Scan reads the id from a uuid column.
func (i *id[K]) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return i.scanText(v)
	case []byte:
		if len(v) == 16 {
			copy(i.uuid[:], v)
			return nil
		}
		return i.scanText(string(v))
	default:
		var k K
		return fmt.Errorf("scan %s id: %w: it is a %T", k.prefix(), ErrMalformedID, src)
	}
}

func (i *id[K]) scanText(s string) error {
	var u [16]byte
	if len(s) != 36 {
		return fmt.Errorf("%w: want a uuid of 36 characters", ErrMalformedID)
	}
	plain := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(u[:], []byte(plain)); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformedID, err)
	}
	i.uuid = u
	return nil
}

// MarshalText writes the TypeID, so that JSON and logs show it.
func (i id[K]) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads a TypeID; "" gives the zero id.
func (i *id[K]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*i = id[K]{}
		return nil
	}
	parsed, err := parseID[K](string(text))
	if err != nil {
		return err
	}
	*i = parsed
	return nil
}

// marshalGQL writes the TypeID in quotes; it needs no escaping.
func (i id[K]) marshalGQL(w io.Writer) { _, _ = io.WriteString(w, `"`+i.String()+`"`) }

func (i *id[K]) unmarshalGQL(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%w: it is a %T", ErrMalformedID, v)
	}
	return i.UnmarshalText([]byte(text))
}

// Prefix returns the part of a TypeID before its last underscore, or "" when s
// has none: how `node` finds the table that an id belongs to.
func Prefix(s string) string {
	prefix, _, _ := cutLast(s, '_')
	return prefix
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if at := strings.LastIndexByte(s, sep); at >= 0 {
		return s[:at], s[at+1:], true
	}
	return "", s, false
}

const base32Alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// encodeBase32 writes 128 bits as 26 characters, most significant first; the
// first character holds three bits.
func encodeBase32(u [16]byte) string {
	high, low := binary.BigEndian.Uint64(u[:8]), binary.BigEndian.Uint64(u[8:])
	var b [26]byte
	for at := 25; at >= 0; at-- {
		b[at] = base32Alphabet[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return string(b[:])
}

// decodeBase32 is the inverse of encodeBase32; it takes lower case only, so
// that an id has one spelling.
func decodeBase32(s string) (u [16]byte, ok bool) {
	if len(s) != 26 || s[0] > '7' {
		return u, false
	}
	var high, low uint64
	for at := range len(s) {
		value := strings.IndexByte(base32Alphabet, s[at])
		if value < 0 {
			return u, false
		}
		high = high<<5 | low>>59
		low = low<<5 | uint64(value) // 0..31
	}
	binary.BigEndian.PutUint64(u[:8], high)
	binary.BigEndian.PutUint64(u[8:], low)
	return u, true
}
