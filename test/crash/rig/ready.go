package rig

import (
	"fmt"
	"slices"
	"strings"
)

// ParseReady reads the line that a process prints when it listens, as in
// "paygraph ready addr=127.0.0.1:8080 secret_key=…", and returns its values.
func ParseReady(line string) (map[string]string, error) {
	words := strings.Fields(line)
	if len(words) == 0 || words[0] != "paygraph" || !slices.Contains(words, "ready") {
		return nil, fmt.Errorf("not a ready line: %q", line)
	}
	values := map[string]string{}
	for _, word := range words {
		if name, value, found := strings.Cut(word, "="); found {
			values[name] = value
		}
	}
	if values["addr"] == "" {
		return nil, fmt.Errorf("a ready line without an address: %q", line)
	}
	return values, nil
}
