package payelata

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// cardOf is what may be shown of the card that paid; nil when it is not told: a
// setting of the account takes it out (Corefy docs, callbacks).
func cardOf(told object[paidCard]) *providers.Card {
	card := providers.Card{Brand: brandOf(string(told.value.Brand)), Mask: maskOf(told.value)}
	if card == (providers.Card{}) {
		return nil
	}
	return &card
}

// savedOf is the card that a payment saved; nil without a token. It may be
// charged from then on (PayElata docs, payments by token).
func savedOf(p payload) *providers.SavedCard {
	if !isToken(string(p.Token)) {
		return nil
	}
	saved := providers.SavedCard{Ref: string(p.Token), Holder: holderOf(string(p.Card.value.Holder)), Active: true}
	if card := cardOf(p.Card); card != nil {
		saved.Card = *card
	}
	saved.ExpMonth, saved.ExpYear = expiryOf(p.Card.value)
	return &saved
}

// isToken reports whether s can be a card's token: 32 and 39 letters and digits
// in the samples. Other lengths are let through, and what is safe in a header.
func isToken(s string) bool {
	return len(s) >= 8 && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return !wire.IsAlphanumeric(r) && !strings.ContainsRune("-_.=+/", r)
	})
}

// maskOf writes a mask with at most the first six and the last four digits,
// whatever is told. Without a mask it is made of those parts.
func maskOf(card paidCard) string {
	const head, tail, shortest, longest = 6, 4, 12, 19
	mask := string(card.Mask)
	if mask == "" && wire.IsDigits(string(card.First)) && len(card.First) <= head && wire.IsDigits(string(card.Last)) && len(card.Last) == tail {
		mask = string(card.First) + strings.Repeat("*", 16-len(card.First)-tail) + string(card.Last)
	}
	if len(mask) < shortest || len(mask) > longest || strings.ContainsFunc(mask, func(r rune) bool { return !strings.ContainsRune("0123456789xX*", r) }) {
		return ""
	}
	hide := func(r rune) rune {
		if r == 'X' || r == '*' {
			return 'x'
		}
		return r
	}
	return strings.Map(hide, mask[:head]) + strings.Repeat("x", len(mask)-head-tail) + strings.Map(hide, mask[len(mask)-tail:])
}

// brandOf writes a brand as the other adapters do: one small word.
func brandOf(told string) string {
	const longest = 20
	brand := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r
		case r >= 'A' && r <= 'Z':
			return unicode.ToLower(r)
		}
		return -1
	}, told)
	switch brand {
	case "americanexpress":
		return "amex"
	case "dinersclub", "dinersclubinternational":
		return "diners"
	case "chinaunionpay":
		return "unionpay"
	}
	return brand[:min(len(brand), longest)]
}

// expiryOf reads month "12" and year "32"; zeros when they are not both told.
func expiryOf(card paidCard) (month, year int) {
	month, monthErr := strconv.Atoi(string(card.ExpiryMonth))
	year, yearErr := strconv.Atoi(string(card.ExpiryYear))
	if yearErr == nil && year >= 0 && year < 100 && len(card.ExpiryYear) <= 2 {
		year += 2000
	}
	if monthErr != nil || yearErr != nil || month < 1 || month > 12 || year < 2000 || year > 2099 {
		return 0, 0
	}
	return month, year
}

// holderOf writes a card's holder as one line; what has digits is no name, and
// may be a number that somebody typed into the wrong field.
func holderOf(name string) string {
	const longest = 60
	if strings.ContainsFunc(name, unicode.IsDigit) {
		return ""
	}
	return wire.OneLine(name, longest)
}
