package config

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
)

// hidden is what is shown of a secret.
const hidden = "***"

// Secret is text that no verb, log or encoder shows. Convert it to a string
// where it is used, and nowhere else.
type Secret string

// Key is secret bytes that no verb, log or encoder shows.
type Key []byte

var (
	_ fmt.Formatter          = Secret("")
	_ fmt.GoStringer         = Secret("")
	_ slog.LogValuer         = Secret("")
	_ encoding.TextMarshaler = Secret("")
	_ fmt.Formatter          = Key{}
	_ fmt.GoStringer         = Key{}
	_ slog.LogValuer         = Key{}
	_ encoding.TextMarshaler = Key{}
)

// Format writes *** for every verb, wrong ones included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String returns ***.
func (Secret) String() string { return hidden }

// GoString returns ***.
func (Secret) GoString() string { return hidden }

// LogValue returns ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns ***, which is also what its JSON is.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Format writes *** for every verb, wrong ones included.
func (Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String returns ***.
func (Key) String() string { return hidden }

// GoString returns ***.
func (Key) GoString() string { return hidden }

// LogValue returns ***.
func (Key) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText returns ***, which is also what its JSON is.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// KeyBytes returns the keys as what signs with them takes: nil for none.
func KeyBytes(keys []Key) [][]byte {
	if len(keys) == 0 {
		return nil
	}
	list := make([][]byte, len(keys))
	for at, key := range keys {
		list[at] = key
	}
	return list
}
