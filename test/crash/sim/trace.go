package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"
)

// tailLines is how much of a trace is kept to be shown.
const tailLines = 60

// trace is what happened, line by line, with numbers in the place of random ids,
// so that the same seed writes the same bytes.
type trace struct {
	sum   hash.Hash
	names map[string]string
	count map[string]int
	tail  []string
	all   io.Writer // nil: nobody reads along
}

func newTrace(all io.Writer) *trace {
	return &trace{sum: sha256.New(), names: map[string]string{}, count: map[string]int{}, all: all}
}

// name gives an id its number among its kind, in the order of being met.
func (t *trace) name(kind, id string) string {
	if id == "" {
		return kind + "-"
	}
	key := kind + "/" + id
	if known, ok := t.names[key]; ok {
		return known
	}
	t.count[kind]++
	t.names[key] = fmt.Sprintf("%s%d", kind, t.count[kind])
	return t.names[key]
}

func (t *trace) line(at time.Time, text string) {
	line := at.Format("01-02 15:04:05.000 ") + text
	_, _ = io.WriteString(t.sum, line+"\n")
	if len(t.tail) == tailLines {
		t.tail = t.tail[1:]
	}
	t.tail = append(t.tail, line)
	if t.all != nil {
		_, _ = io.WriteString(t.all, line+"\n")
	}
}

func (t *trace) hash() string { return hex.EncodeToString(t.sum.Sum(nil)) }
