package ktpaysandbox

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/nacl/box"
)

// builtInSecret is the secret key of the built-in account. It guards nothing:
// it is published with the sandbox, and its public half is what a client of the
// sandbox is configured with.
const builtInSecret = "d3iPGgzqABomMdrl0F29BiAI1bMPULnim+sqeCIokAQ=" //nolint:gosec // a published test key

func builtInKey() Key {
	raw, err := base64.StdEncoding.DecodeString(builtInSecret)
	if err != nil {
		panic(err) // a constant
	}
	return Key{Secret: [32]byte(raw)}
}

// public is the app_key that belongs to k.
func (k Key) public() (*[32]byte, error) {
	secret, err := ecdh.X25519().NewPrivateKey(k.Secret[:])
	if err != nil {
		return nil, fmt.Errorf("derive an app_key: %w", err)
	}
	return (*[32]byte)(secret.PublicKey().Bytes()), nil
}

// What open may find wrong.
var (
	errSealed  = errors.New("the body is not a box sealed to this application's key")
	errExpired = errors.New("the key that the box is sealed to has expired")
)

// open opens a body sealed with libsodium's crypto_box_seal. It returns
// errSealed, or errExpired when only a key past its time fits.
func (a Account) open(body []byte, now time.Time) ([]byte, error) {
	sealed, err := decodeBase64(string(body))
	if err != nil {
		return nil, errSealed
	}
	for _, k := range a.Keys {
		public, err := k.public()
		if err != nil {
			return nil, err
		}
		text, ok := box.OpenAnonymous(nil, sealed, public, &k.Secret)
		switch {
		case ok && !k.Until.IsZero() && !now.Before(k.Until):
			return nil, errExpired
		case ok:
			return text, nil
		}
	}
	return nil, errSealed
}

// decodeBase64 reads the standard and the URL-safe alphabet, padded or not,
// with blanks anywhere: the newest client sends the first, an old example of
// the vendor's the second.
func decodeBase64(s string) ([]byte, error) {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return -1
		case c == '-':
			return '+'
		case c == '_':
			return '/'
		}
		return c
	}, s)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}
