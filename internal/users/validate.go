package users

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

const (
	longestExternalID = 255
	longestName       = 200
	longestEmail      = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
	longestLocale     = 35  // RFC 5646, section 4.4.1
)

// e164 is a country code and a subscriber's number, 7 to 15 digits together
// (ITU-T E.164, section 6; shorter ones are no one's to be called from abroad).
var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// languageTag is the grammar of a langtag (RFC 5646, section 2.1) without
// grandfathered and wholly private tags: language, script, region, variants,
// extensions, private use.
var languageTag = regexp.MustCompile(`^(?i:[a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{5,8})` +
	`(?i:-[a-z]{4})?(?i:-([a-z]{2}|[0-9]{3}))?(?i:-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*` +
	`(?i:-[0-9a-wy-z](-[a-z0-9]{2,8})+)*(?i:-x(-[a-z0-9]{1,8})+)?$`)

// validate names the field from the root of the input, and never repeats what
// stands in it.
func (in Upsert) validate() error {
	if !isLine(in.ExternalID, longestExternalID) {
		return pay.Invalid("user.external_id", "An external id is 1 to 255 printable characters.", "externalId")
	}
	if in.Email.Value != nil && !IsEmail(*in.Email.Value) {
		return pay.Invalid("email.malformed", "This is not an e-mail address.", "email")
	}
	if in.Phone.Value != nil && !IsPhone(*in.Phone.Value) {
		return pay.Invalid("phone.malformed", "A phone number is written as +79991234567.", "phone")
	}
	if in.Name.Value != nil && !isLine(*in.Name.Value, longestName) {
		return pay.Invalid("user.name", "A name is 1 to 200 printable characters.", "name")
	}
	// An external id may be a long number of the merchant's own; a name is not.
	if in.Name.Value != nil && pay.HoldsCardNumber(*in.Name.Value) {
		return pay.CardNumberRefused("name")
	}
	if in.Locale.Value != nil && !IsLocale(*in.Locale.Value) {
		return pay.Invalid("locale.malformed", "A locale is a BCP 47 tag such as ru or en-GB.", "locale")
	}
	return nil
}

// IsEmail reports whether s is one e-mail address without a name beside it.
func IsEmail(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && isLine(s, longestEmail) && !strings.ContainsFunc(s, unicode.IsSpace)
}

// IsPhone reports whether s is a phone number as E.164 writes it.
func IsPhone(s string) bool { return e164.MatchString(s) }

// IsLocale reports whether s is a well-formed BCP 47 language tag.
func IsLocale(s string) bool { return len(s) <= longestLocale && languageTag.MatchString(s) }

// isLine reports whether s is 1 to longest characters of one printed line.
func isLine(s string, longest int) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= longest && !strings.ContainsFunc(s, unicode.IsControl)
}
