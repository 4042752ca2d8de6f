package page

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Place is where a cursor points: just after the row with this sort value and
// id.
type Place[ID any] struct {
	Sort int64 // minor units, or microseconds of an instant; 0 where the id alone sorts
	ID   ID
}

// Time returns the sort value of a list that is sorted by an instant.
func (p Place[ID]) Time() time.Time { return time.UnixMicro(p.Sort).UTC() }

// separator stands between the parts of a cursor. No part holds it: kinds are
// ours, and ids and numbers have none.
const separator = "~"

// At writes the cursor of a row. kind names the list and its order, such as
// "bills.total.desc": a cursor is good for that list only.
func At(kind string, sort int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{kind, strconv.FormatInt(sort, 10), id}, separator)))
}

// AtTime writes the cursor of a row in a list that is sorted by an instant.
func AtTime(kind string, sort time.Time, id string) string { return At(kind, sort.UnixMicro(), id) }

// Find reads a cursor of the list kind with the parser of its ids. ok is false
// for the empty cursor, and for one that is garbage, forged, or of another list:
// by the contract such a cursor counts as absent and is no error.
func Find[ID any](kind, cursor string, parse func(string) (ID, error)) (place Place[ID], ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return place, false
	}
	parts := strings.Split(string(text), separator)
	if len(parts) != 3 || parts[0] != kind {
		return place, false
	}
	sort, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return place, false
	}
	id, err := parse(parts[2])
	if err != nil {
		return place, false
	}
	return Place[ID]{Sort: sort, ID: id}, true
}
