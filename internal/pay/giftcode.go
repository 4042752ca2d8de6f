package pay

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// GiftCode is what redeems a gift: 100 random bits, as 20 characters of
// Crockford's base 32. That alphabet has no I, L, O and U, so a code that is
// read aloud or copied by hand is still the code. Whoever knows it may have the
// gift: printing one by accident shows nothing.
type GiftCode struct{ text string }

const (
	giftAlphabet   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	giftCodeLength = 20
	giftCodeGroup  = 5
	longestTyped   = 100 // bytes: a code with a generous number of blanks
)

// ErrMalformedGiftCode is the cause of every failure to read a gift's code. It
// never holds what was typed.
var ErrMalformedGiftCode = errors.New("not a gift's code")

// NewGiftCode returns a fresh code.
func NewGiftCode() GiftCode {
	var random [giftCodeLength]byte
	_, _ = rand.Read(random[:]) // never fails since Go 1.24
	for at, b := range random {
		random[at] = giftAlphabet[b%byte(len(giftAlphabet))] // 256 is a multiple of 32: no character is likelier
	}
	return GiftCode{text: string(random[:])}
}

// ParseGiftCode reads a code as people type it: in any case, with blanks and
// dashes anywhere, O for 0, I and L for 1. Its error wraps
// ErrMalformedGiftCode.
func ParseGiftCode(typed string) (GiftCode, error) {
	if len(typed) > longestTyped {
		return GiftCode{}, ErrMalformedGiftCode
	}
	var b strings.Builder
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) {
			continue
		}
		switch r = unicode.ToUpper(r); r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if !strings.ContainsRune(giftAlphabet, r) {
			return GiftCode{}, ErrMalformedGiftCode
		}
		b.WriteRune(r)
	}
	if b.Len() != giftCodeLength {
		return GiftCode{}, ErrMalformedGiftCode
	}
	return GiftCode{text: b.String()}, nil
}

// Reveal returns the code as it is shown to its buyer and mailed:
// XXXXX-XXXXX-XXXXX-XXXXX.
func (c GiftCode) Reveal() string {
	var b strings.Builder
	for at := 0; at < len(c.text); at += giftCodeGroup {
		if at > 0 {
			b.WriteByte('-')
		}
		b.WriteString(c.text[at : at+giftCodeGroup])
	}
	return b.String()
}

// Canonical returns the one spelling by which a code is hashed and compared.
func (c GiftCode) Canonical() string { return c.text }

// IsZero reports whether there is no code.
func (c GiftCode) IsZero() bool { return c.text == "" }

// Format hides the code in every verb.
func (GiftCode) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) }
