package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// The host's own kinds of record; a vendor's are prefixed with its name.
const (
	kindClock   = "clock"
	kindBook    = "book"
	kindTarget  = "notify-target"
	kindPending = "notify-pending"
)

// stateHeader is the first line of a state file.
const stateHeader = `{"paygraphSandbox":1}`

// record is one thing to keep; a nil value removes it.
type record struct {
	kind, id string
	value    any
}

type recordKey struct{ kind, id string }

// line is the shape of a record in the file.
type line struct {
	Kind  string          `json:"kind"`
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

// store is the state file: after a header, each line is a JSON array of the
// records of one change, and a later record takes the place of an earlier one.
// So a change costs its own size, and one cut short by a kill was never
// acknowledged and is left out whole. The file is rewritten without its history
// when it is opened.
//
// Writers that come while a write is under way share the next one. There is no
// fsync: the file survives the death of the process at any moment, not the loss
// of power.
type store struct {
	file *os.File // nil: nothing is kept
	old  map[recordKey]json.RawMessage

	mu      sync.Mutex
	idle    sync.Cond // a write ended
	pending bytes.Buffer
	changes uint64 // changes made
	written uint64 // changes in the file
	writing bool
	failed  error // of the first write that failed; the file may end in half a line
}

func openStore(path string) (*store, error) {
	s := &store{old: map[recordKey]json.RawMessage{}}
	s.idle.L = &s.mu
	if path == "" {
		return s, nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the sandbox's state: %w", err)
	}
	if err := s.load(data); err != nil {
		return nil, fmt.Errorf("read the sandbox's state from %s: %w", path, err)
	}
	if err := s.rewrite(path); err != nil {
		return nil, fmt.Errorf("write the sandbox's state: %w", err)
	}
	if s.file, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err != nil { //nolint:gosec // the operator names the file
		return nil, fmt.Errorf("write the sandbox's state: %w", err)
	}
	return s, nil
}

func (s *store) load(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	header, data, _ := bytes.Cut(data, []byte("\n"))
	if string(header) != stateHeader {
		return errors.New("not a state file of this version")
	}
	for n := 2; ; n++ {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return nil // what is left was being written when the process died
		}
		data = rest
		var change []line
		if err := json.Unmarshal(text, &change); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		for _, l := range change {
			if key := (recordKey{l.Kind, l.ID}); string(l.Value) == "null" {
				delete(s.old, key)
			} else {
				s.old[key] = l.Value
			}
		}
	}
}

// rewrite puts a file without history in the place of the old one.
func (s *store) rewrite(path string) error {
	all := bytes.NewBufferString(stateHeader + "\n")
	for k, value := range s.old {
		text, err := json.Marshal([]line{{Kind: k.kind, ID: k.id, Value: value}})
		if err != nil {
			return err
		}
		all.Write(append(text, '\n'))
	}
	if err := os.WriteFile(path+".tmp", all.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// each calls f for every record of a kind that the file held when it was
// opened, in no order.
func (s *store) each(kind string, f func(id string, raw json.RawMessage) error) error {
	for k, raw := range s.old {
		if k.kind != kind {
			continue
		}
		if err := f(k.id, raw); err != nil {
			return fmt.Errorf("record %s %s: %w", kind, k.id, err)
		}
	}
	return nil
}

// put keeps several records as one change; the file has it after the next
// flush. A value that cannot be encoded is a mistake in a vendor's code and
// panics.
func (s *store) put(records ...record) {
	if s.file == nil || len(records) == 0 {
		return
	}
	change := make([]line, 0, len(records))
	for _, r := range records {
		value, err := json.Marshal(r.value) // nil becomes null
		if err != nil {
			panic(fmt.Sprintf("sandbox: record %s %s: %v", r.kind, r.id, err))
		}
		change = append(change, line{Kind: r.kind, ID: r.id, Value: value})
	}
	text, err := json.Marshal(change)
	if err != nil {
		panic(fmt.Sprintf("sandbox: %v", err)) // raw JSON from above
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending.Write(text)
	s.pending.WriteByte('\n')
	s.changes++
}

// flush returns once every change made before it is in the file.
func (s *store) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.changes
	for s.written < want && s.failed == nil {
		if s.writing {
			s.idle.Wait()
			continue
		}
		s.writing = true
		upTo, batch := s.changes, bytes.Clone(s.pending.Bytes())
		s.pending.Reset()
		s.mu.Unlock()
		_, err := s.file.Write(batch)
		s.mu.Lock()
		s.writing, s.written = false, upTo
		if err != nil {
			s.failed = fmt.Errorf("write the sandbox's state: %w", err)
		}
		s.idle.Broadcast()
	}
	return s.failed
}

// close flushes and closes the file. It is safe to repeat.
func (s *store) close() error {
	if s.file == nil {
		return nil
	}
	err := s.flush()
	if closed := s.file.Close(); !errors.Is(closed, os.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}
