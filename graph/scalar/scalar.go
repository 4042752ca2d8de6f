// Package scalar reads and writes the custom scalars of schema.graphql for
// gqlgen: a Marshal and an Unmarshal function for each. It checks what a value
// looks like and nothing else: whether an amount fits a bill or an address is
// registered is for the services to say. It may import internal/pay and gqlgen.
//
// Unmarshal functions return a *pay.Error with CodeInvalid that names no part
// of the value, because values may be secret. Marshal functions append to
// gqlgen's buffer without reflection; what must not be written becomes
// graphql.Null, which gqlgen turns into an error where the schema says `!`.
//
// Start with minorunits.go.
package scalar

import (
	"bytes"
	"io"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/paygraph/paygraph/internal/pay"
)

// invalid is the error for a value that the scalar named by key cannot take.
func invalid(key, message string) error { return pay.Invalid("input."+key, message) }

// scratch returns an empty slice to append to before one Write to w: the free
// room of gqlgen's own buffer when w is that, so that nothing is allocated.
func scratch(w io.Writer) []byte {
	if buffer, ok := w.(*bytes.Buffer); ok {
		return buffer.AvailableBuffer()
	}
	return nil
}

// text writes s as a JSON string.
func text(s string) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = w.Write(appendQuoted(scratch(w), s))
	})
}

// appendQuoted appends s to b as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, as encoding/json does.
func appendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for at := 0; at < len(s); {
		c := s[at]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[at:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:at]...), "\uFFFD"...)
				done = at + 1
			}
			at += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			b = append(b, s[done:at]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			}
			done = at + 1
		}
		at++
	}
	return append(append(b, s[done:]...), '"')
}
