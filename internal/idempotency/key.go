package idempotency

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

// keyPath is the field, of an input or an argument, that holds the key.
const keyPath = "idempotencyKey"

// longestKey is in characters.
const longestKey = 255

var uuidText = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$`)

// CheckKey judges a key: 1 to 255 printable characters, and a UUID when role is
// PUBLIC, because all browsers behind one publishable key share a scope and a
// guessable key would meet a stranger's. It returns CodeInvalid and names the
// field idempotencyKey.
func CheckKey(role pay.Role, key string) error {
	switch {
	case strings.TrimSpace(key) == "":
		return pay.Invalid("idempotency_key.empty", "The idempotency key is empty.", keyPath)
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }):
		return pay.Invalid("idempotency_key.unprintable", "The idempotency key has characters that cannot be printed.", keyPath)
	case utf8.RuneCountInString(key) > longestKey:
		return pay.Invalid("idempotency_key.too_long", "The idempotency key has more than 255 characters.", keyPath)
	case !uuidText.MatchString(key) && pay.HoldsCardNumber(key):
		return pay.CardNumberRefused(keyPath)
	case role == pay.RolePublic && !uuidText.MatchString(key):
		return pay.Invalid("idempotency_key.not_uuid", "With a publishable key the idempotency key has to be a UUID.", keyPath)
	}
	return nil
}

// Hash is the SHA-256 of a call's canonical input.
type Hash [sha256.Size]byte

// HashOf hashes what a call asks for, as canonical JSON: keys sorted, no blanks,
// numbers digit for digit. A field idempotencyKey at the top is left out; every
// other field that is marshalled counts. Where an absent field means something
// else than null, input must marshal the two differently.
func HashOf(input any) (Hash, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return Hash{}, fmt.Errorf("hash a %T: %w", input, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return Hash{}, fmt.Errorf("hash a %T: %w", input, err)
	}
	if object, ok := value.(map[string]any); ok {
		delete(object, keyPath)
	}
	canonical, err := json.Marshal(value) // of a map, with its keys sorted
	if err != nil {
		return Hash{}, fmt.Errorf("hash a %T: %w", input, err)
	}
	return sha256.Sum256(canonical), nil
}

func (h Hash) equals(stored []byte) bool { return subtle.ConstantTimeCompare(h[:], stored) == 1 }
