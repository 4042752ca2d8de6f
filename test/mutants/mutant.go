package main

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

// A Mutant is one fault that the tests must notice.
type Mutant struct {
	Name     string
	Harm     string   // what goes wrong for whom, in one sentence
	Edits    []Edit   // all of them together are the fault
	Tests    []string // the packages whose tests must catch it, in the order in which they are run
	Run      string   // narrows them, as go test -run does; empty: all of their tests
	Accepted string   // why no test catches it; empty: one must
}

// An Edit replaces one piece of one file.
type Edit struct {
	File string // from the module's root
	Old  string // occurs exactly once there
	New  string
}

// mutate returns the files that m changes, by their path from the root, as they
// are with the fault in them. It reads and writes nothing else.
func (m Mutant) mutate(root string) (map[string][]byte, error) {
	changed := make(map[string][]byte)
	for _, e := range m.Edits {
		text, again := changed[e.File]
		if !again {
			var err error
			if text, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File))); err != nil { //nolint:gosec // the list names it
				return nil, fmt.Errorf("mutant %s: %w", m.Name, err)
			}
		}
		if n := strings.Count(string(text), e.Old); n != 1 || e.Old == e.New {
			return nil, fmt.Errorf("mutant %s does not apply: in %s its old text occurs %d times, and must once and differ from the new:\n%s", m.Name, e.File, n, e.Old)
		}
		changed[e.File] = []byte(strings.Replace(string(text), e.Old, e.New, 1))
	}
	for file, text := range changed {
		if filepath.Ext(file) != ".go" {
			continue
		}
		if _, err := format.Source(text); err != nil {
			return nil, fmt.Errorf("mutant %s is no Go: %s: %w", m.Name, file, err)
		}
	}
	return changed, nil
}

// overlay writes the mutated files into dir, which is empty, and the map that has
// go build take them for the real ones. It returns the map's path.
func (m Mutant) overlay(root, dir string) (string, error) {
	changed, err := m.mutate(root)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string, len(changed))
	for file, text := range changed {
		standIn := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(standIn, text, 0o600); err != nil {
			return "", fmt.Errorf("write mutant %s: %w", m.Name, err)
		}
		replace[filepath.Join(root, filepath.FromSlash(file))] = standIn
	}
	encoded, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("write mutant %s: %w", m.Name, err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, encoded, 0o600); err != nil {
		return "", fmt.Errorf("write mutant %s: %w", m.Name, err)
	}
	return path, nil
}
