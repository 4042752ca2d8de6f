package providers

import (
	"encoding"
	"fmt"
	"io"
	"log/slog"
)

// Hidden is what is shown of a secret.
const Hidden = "***"

// Secret is a string that no verb, log or encoder shows: a password, a key.
type Secret string

var (
	_ fmt.Formatter          = Secret("")
	_ slog.LogValuer         = Secret("")
	_ encoding.TextMarshaler = Secret("")
)

// Format writes *** for every verb, %#v and wrong ones included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Hidden) }

// String returns ***.
func (s Secret) String() string { return Hidden }

// LogValue returns ***.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Hidden) }

// MarshalText returns ***.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Hidden), nil }
