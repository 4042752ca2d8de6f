package pay

import (
	"strings"
	"unicode/utf8"
)

// HoldsCardNumber reports whether s contains what is very likely a card number:
// 13 to 19 digits, perhaps parted by single blanks, hyphens, dots or the like, that
// begin like one of the card schemes' numbers and pass the Luhn check. Other digits
// may stand before it and after it, as an expiry date does. Fields of free text
// refuse such input, so that a number typed into the wrong box is never stored.
func HoldsCardNumber(s string) bool {
	// Parted by blanks and hyphens as somebody likes, and by anything as on a card.
	return holdsCardNumber(s, " -", 1) || holdsCardNumber(s, separators, fours)
}

// fours is how many digits each group of a card number has at least, but the last.
// Dates, phone numbers and thousands, which dots and slashes part too, have fewer.
const fours = 4

// separators are what people and programs write between the groups of a number:
// blanks, hyphens and dashes of all widths, dots, slashes, underscores.
const separators = " \u00a0\u2007\u2009\u202f" + "-\u2010\u2011\u2012\u2013\u2014\u2212" + ".\u00b7/_"

// holdsCardNumber is HoldsCardNumber of numbers that are parted by these separators,
// into groups of so many digits at least; the last may have fewer.
func holdsCardNumber(s, separators string, least int) bool {
	digits := make([]byte, 0, 32)
	groups := make([]int, 0, 8) // where each group of digits begins
	isGroup := false            // the last character was a digit
	for at := 0; at <= len(s); {
		r, width := utf8.DecodeRuneInString(s[at:])
		from := at
		at += max(1, width) // at the end there is no character, and one step more
		switch {
		case isDigitAt(s, from):
			if !isGroup {
				groups = append(groups, len(digits))
			}
			digits = append(digits, s[from]-'0')
			isGroup = true
			continue
		case isGroup && strings.ContainsRune(separators, r) && isDigitAt(s, at):
		default:
			if isWholeCardNumber(digits, groups, least) || isCardNumberAmong(digits, groups, least) {
				return true
			}
			digits, groups = digits[:0], groups[:0]
		}
		isGroup = false
	}
	return false
}

func isDigitAt(s string, at int) bool {
	return at < len(s) && s[at] >= '0' && s[at] <= '9'
}

// isWholeCardNumber reports whether all the groups are a card number.
func isWholeCardNumber(digits []byte, groups []int, least int) bool {
	for n := 1; n < len(groups); n++ {
		if groups[n]-groups[n-1] < least {
			return false
		}
	}
	return isCardNumber(digits)
}

// isCardNumberAmong reports whether some of the groups, one after the other, are
// a card number. Groups of one and two digits are no part of one here: they are
// days, months and numbers of a list.
func isCardNumberAmong(digits []byte, groups []int, least int) bool {
	const leastOfLast = 3
	for first, from := range groups {
		for last := first; last < len(groups); last++ {
			to := len(digits)
			if last+1 < len(groups) {
				to = groups[last+1]
			}
			if to-groups[last] < leastOfLast || to-from > 19 {
				break
			}
			if isCardNumber(digits[from:to]) {
				return true
			}
			if to-groups[last] < least {
				break
			}
		}
	}
	return false
}

func isCardNumber(digits []byte) bool {
	if len(digits) < 13 || len(digits) > 19 {
		return false
	}
	switch two := int(digits[0])*10 + int(digits[1]); {
	case digits[0] == 4 && (len(digits) == 13 || len(digits) == 16 || len(digits) == 19): // Visa
	case two >= 51 && two <= 55 && len(digits) == 16: // Mastercard
	case two >= 22 && two <= 27 && len(digits) == 16: // Mastercard's second range, and Mir
	case (two == 34 || two == 37) && len(digits) == 15: // American Express
	case two == 62 || two == 35 || two == 36 || two == 50 || two >= 56 && two <= 69: // UnionPay, JCB, Diners, Maestro, Discover
	default:
		return false
	}
	sum := 0
	for at := range digits {
		digit := int(digits[len(digits)-1-at])
		if at%2 == 1 {
			if digit *= 2; digit > 9 {
				digit -= 9
			}
		}
		sum += digit
	}
	return sum%10 == 0
}
