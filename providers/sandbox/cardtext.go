package sandbox

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// InFours writes a card's number as it stands on the card: "4111 1111 1111 1111".
func InFours(number string) string {
	var fours []string
	for four := range slices.Chunk([]byte(number), 4) {
		fours = append(fours, string(four))
	}
	return strings.Join(fours, " ")
}

// CardEnd is the end of a card's number or mask, as a payer knows the card by:
// "•••• 1111". Of nothing it is nothing.
func CardEnd(mask string) string {
	if mask == "" {
		return ""
	}
	return "•••• " + mask[max(len(mask)-4, 0):]
}

// InThousands writes a whole number's digits in threes from its end, with gap
// between them.
func InThousands(digits, gap string) string {
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + gap + digits[at:]
	}
	return digits
}

var monthYear = regexp.MustCompile(`^(\d{1,2}) ?/? ?(?:20)?(\d{2})$`)

// MonthYear reads a card's date as a payer types it ("9/28", "0928",
// "09 / 2028") and returns it as MM/YY, or "" when it has not that form. The
// month may be none of the twelve: see IsCardAhead.
func MonthYear(typed string) string {
	part := monthYear.FindStringSubmatch(strings.TrimSpace(typed))
	if part == nil {
		return ""
	}
	return strings.Repeat("0", 2-len(part[1])) + part[1] + "/" + part[2]
}

// IsCardAhead reports whether a card of the typed date is still good: it is
// until the end of its month, in UTC.
func IsCardAhead(typed string, now time.Time) bool {
	month, year, _ := strings.Cut(MonthYear(typed), "/")
	first, err := time.Parse("01/2006", month+"/20"+year)
	return err == nil && now.Before(first.AddDate(0, 1, 0))
}
