package notify

import (
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// nbsp keeps the parts of an amount and of a date on one line.
const nbsp = "\u00a0"

// formatMoney writes an amount as people of the locale do: $1,234.50 in English,
// 1 234,50 ₽ in the others, and with the code where a currency has no sign.
func formatMoney(locale string, m pay.Money) string {
	group, point := ",", "."
	if locale != "en" {
		group, point = nbsp, ","
	}
	digits, sign := strings.CutPrefix(m.Decimal(), "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	number := grouped(whole, group)
	if fraction != "" {
		number += point + fraction
	}
	minus := ""
	if sign {
		minus = "−"
	}
	symbol := m.Currency.Symbol()
	switch {
	case locale != "en" && symbol != "":
		return minus + number + nbsp + symbol
	case locale != "en":
		return minus + number + nbsp + string(m.Currency)
	case symbol != "":
		return minus + symbol + number
	default:
		return minus + string(m.Currency) + nbsp + number
	}
}

// grouped parts the digits of a whole number by threes.
func grouped(digits, by string) string {
	var b strings.Builder
	for at := range len(digits) {
		if left := len(digits) - at; at > 0 && left%3 == 0 {
			b.WriteString(by)
		}
		b.WriteByte(digits[at])
	}
	return b.String()
}

// formatCard shows the last four digits of a card's mask, as its owner knows it.
func formatCard(mask string) string {
	if len(mask) < 4 {
		return mask
	}
	last := mask[len(mask)-4:]
	if strings.Trim(last, "0123456789") != "" {
		return mask
	}
	return "••••" + nbsp + last
}
