package ktpay

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
)

// writeAmount writes an amount as KTPay's own samples have it, in major units and
// without zeros at the end: 1000, 1000.5, 10.55 (KTWidget docs, parameters: whole,
// or with two digits).
func writeAmount(amount pay.Money) json.Number {
	whole, fraction, _ := strings.Cut(amount.Decimal(), ".")
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	return json.Number(whole)
}

// readAmount reads an amount of tenge exactly from its text on the wire: a number,
// or one in quotes. More digits than two may only be zeros.
func readAmount(raw json.RawMessage) (pay.Money, error) {
	const longest = 32 // characters; the largest amount has 17
	text := unquoted(raw)
	if len(text) > longest {
		return pay.Money{}, errors.New("the amount is no number of tenge")
	}
	whole, fraction, pointed := strings.Cut(text, ".")
	if pointed && fraction != "" {
		if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
			fraction = "0"
		}
		text = whole + "." + fraction
	}
	amount, err := pay.ParseDecimal(text, pay.KZT)
	if err != nil || amount.Amount <= 0 {
		return pay.Money{}, errors.New("the amount is no number of tenge")
	}
	return amount, nil
}

// unquoted is the text of a number that may stand in quotes.
func unquoted(raw json.RawMessage) string {
	text := string(raw)
	if inner, quoted := strings.CutPrefix(text, `"`); quoted {
		return strings.TrimSuffix(inner, `"`)
	}
	return text
}
