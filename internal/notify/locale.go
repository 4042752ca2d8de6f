package notify

import "strings"

// defaultLocale is for who has named none of ours.
const defaultLocale = "en"

// Locales lists the languages that there are mails in.
func Locales() []string { return []string{"en", "ru", "kk", "uk"} }

// LocaleOf returns the language of ours that is first named by the given tags, in
// their order, and "en" when none is: give it the bill's, then the user's. A tag is
// BCP 47, as in ru-RU; nil, empty and other languages' are passed over.
func LocaleOf(tags ...*string) string {
	for _, tag := range tags {
		if tag == nil {
			continue
		}
		language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(*tag), "_", "-"), "-")
		for _, known := range Locales() {
			if language == known {
				return known
			}
		}
	}
	return defaultLocale
}
