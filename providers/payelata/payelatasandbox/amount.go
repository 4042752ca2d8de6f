package payelatasandbox

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// amountPattern bounds what is calculated with: an exponent of two digits.
var amountPattern = regexp.MustCompile(`^\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?$`)

// readAmount reads major units, a JSON number or the same as a string (a vendor's
// sample has "100"), exactly, and returns minor units and what is wrong, or "".
func readAmount(raw json.RawMessage, c pay.Currency) (int64, string) {
	text := string(raw)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(raw, &text); err != nil {
			return 0, "This value should be a number."
		}
	}
	value, ok := new(big.Rat), amountPattern.MatchString(text)
	if ok {
		_, ok = value.SetString(text)
	}
	if !ok {
		return 0, "This value should be a number greater than 0."
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Exponent())), nil)
	value.Mul(value, new(big.Rat).SetInt(scale))
	switch {
	case value.Sign() <= 0:
		return 0, "This value should be greater than 0."
	case !value.IsInt():
		return 0, "This value has more decimal digits than its currency."
	case !value.Num().IsInt64() || value.Num().Int64() > pay.MaxAmount:
		return 0, "This value is too large."
	}
	return value.Num().Int64(), ""
}

// writeAmount writes minor units as a JSON number of major ones, with no more
// digits than it takes: 100, 100.5, 0.1.
func writeAmount(minor int64, c pay.Currency) json.RawMessage {
	text := pay.Of(minor, c).Decimal()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return json.RawMessage(text)
}

// writeIf writes null for an amount that is not there yet.
func writeIf(there bool, minor int64, c pay.Currency) json.RawMessage {
	if !there {
		return json.RawMessage("null")
	}
	return writeAmount(minor, c)
}

// shownAmount is an amount for people: 1,248.00 USD.
func shownAmount(minor int64, c pay.Currency) string {
	whole, fraction, pointed := strings.Cut(pay.Of(minor, c).Decimal(), ".")
	whole = sandbox.InThousands(whole, ",")
	if pointed {
		whole += "." + fraction
	}
	return whole + "\u00a0" + string(c)
}
