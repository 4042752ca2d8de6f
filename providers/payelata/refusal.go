package payelata

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// fault is what stands under "error" or "errors", in whatever shape: the shape of
// a refusal is not reliably stated. It is a list of JSON:API errors, one of them,
// or a text. Only null and empty ones tell nothing.
type fault struct {
	told     bool
	codes    []string // what may be a code, lower case
	prose    string   // all the words, lower case, to look for a meaning
	pointers []string // the last parts of the pointers: names of attributes
}

// UnmarshalJSON reads any JSON value.
func (f *fault) UnmarshalJSON(raw []byte) error {
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	*f = fault{}
	switch value := value.(type) {
	case nil:
		return nil
	case bool:
		f.told = value
	case []any:
		f.told = len(value) > 0
	case map[string]any:
		f.told = len(value) > 0
	case string:
		f.told = value != ""
	default:
		f.told = true
	}
	f.gather("code", value)
	return nil
}

// gather walks through a fault and keeps what its members are known to mean.
func (f *fault) gather(member string, value any) {
	switch value := value.(type) {
	case []any:
		for _, each := range value {
			f.gather(member, each)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			f.gather(strings.ToLower(name), value[name])
		}
	case string:
		lower := strings.ToLower(strings.TrimSpace(value))
		switch member {
		case "code", "codes", "error_code", "error_codes", "error_type":
			f.codes = append(f.codes, lower)
		case "pointer":
			f.pointers = append(f.pointers, lower[strings.LastIndexByte(lower, '/')+1:])
		}
		f.prose += " " + lower
	}
}

// refusal is an answer that says no in the vendor's own shape.
type refusal struct{ fault }

// readRefusal reads the body of an answer that is no success; ok is false when it
// is nothing of the vendor's. Some of its installations tell request_id,
// error_type and error_codes (Corefy docs, play-with-api), others errors of
// JSON:API.
func readRefusal(body []byte) (r refusal, ok bool) {
	var document struct {
		Data   json.RawMessage `json:"data"`
		Error  fault           `json:"error"`
		Errors fault           `json:"errors"`
		Type   fault           `json:"error_type"`
		Codes  fault           `json:"error_codes"`
	}
	if readDocument(body, &document) != nil {
		return refusal{}, false
	}
	for _, part := range []fault{document.Codes, document.Errors, document.Error, document.Type} {
		r.told = r.told || part.told
		r.codes = append(r.codes, part.codes...)
		r.pointers = append(r.pointers, part.pointers...)
		r.prose += part.prose
	}
	return r, r.told
}

// saysDuplicate reports whether a refusal is of a number that was used before.
// The words are our choice: taking one refusal too many for a duplicate only has
// the invoice asked for.
func (r refusal) saysDuplicate() bool {
	return r.mentions("duplicat", "already", "not unique", "not_unique", "be unique")
}

// saysTooMany reports whether a refusal is of one request too many. It is asked
// of answers with the status 429 only.
func (r refusal) saysTooMany() bool {
	return r.mentions("too many", "too_many", "rate", "throttl", "limit")
}

// saysBalance reports whether a refund is refused because the account's balance
// does not cover it.
func (r refusal) saysBalance() bool { return r.mentions("balance", "insufficient", "not enough") }

// isOfToken reports whether the card's token is what is refused.
func (r refusal) isOfToken() bool {
	return slices.Contains(r.pointers, "token") || slices.ContainsFunc(r.codes, func(code string) bool { return strings.Contains(code, "token") })
}

func (r refusal) mentions(words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(r.prose, word) })
}

// where names the attribute that is refused, for the log: one of those that we
// send, so that nothing of the other side's is told.
func (r refusal) where() string {
	for _, name := range []string{
		"amount", "currency", "service", "reference_id", "test_mode", "token", "customer", "tokenize", "instant", "callback_url", "return_url", "metadata", "description",
	} {
		if slices.Contains(r.pointers, name) {
			return name
		}
	}
	return ""
}

// code is the first code that may be told.
func (c *Client) code(r refusal, secrets ...string) string {
	for _, code := range r.codes {
		if told := c.word(code, secrets...); told != "" {
			return told
		}
	}
	return ""
}

// word returns s when it can be a vendor's word, such as process_pending, and ""
// otherwise: small letters, with too few digits for a card or a token, and none
// of our secrets in it.
func (c *Client) word(s string, secrets ...string) string {
	const longest, shortestSecret = 48, 4
	digits := 0
	for at, r := range s {
		switch {
		case r >= '0' && r <= '9' && at > 0:
			digits++
		case r >= 'a' && r <= 'z':
		case strings.ContainsRune("_-.", r) && at > 0:
		default:
			return ""
		}
	}
	if len(s) > longest || digits > 4 {
		return ""
	}
	for _, secret := range append(secrets, string(c.config.APIKey), string(c.config.CallbackKey)) {
		if len(secret) >= shortestSecret && strings.Contains(s, strings.ToLower(secret)) {
			return ""
		}
	}
	return s
}
