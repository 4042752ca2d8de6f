package payelata

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/wire"
)

// amountText writes money as PayElata takes it: a number of major units, as short
// as it can be and exact, e.g. 100.55, 0.1, 1 (PayElata docs, payments by token).
func amountText(m pay.Money) string {
	text := m.Decimal()
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// parseAmount reads a number of major units as it is written in JSON, or in a
// string: 1, 0.1, 100.55, 1e2. It is exact and makes no float. Less than nothing
// is no amount, and neither is part of a minor unit, but for what a server of
// theirs may have left of a float: 10.0999999999999996 is 10.1, because no other
// amount of whole minor units is as near as the last bit of a float64.
func parseAmount(text string, currency pay.Currency) (pay.Money, bool) {
	const longest = 40 // the widest float64 that PHP prints has 24
	digits, scale, ok := splitNumber(text)
	if !ok || len(text) > longest {
		return pay.Money{}, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return pay.Money{}, false
	}
	shift := currency.Exponent() - scale
	if shift >= 0 {
		n.Mul(n, powerOfTen(shift))
	} else if n, ok = wholeUnits(n, powerOfTen(-shift)); !ok {
		return pay.Money{}, false
	}
	if !n.IsInt64() || n.Int64() > pay.MaxAmount {
		return pay.Money{}, false
	}
	return pay.Of(n.Int64(), currency), true
}

// splitNumber splits a number that is not negative into its digits and how many
// of them are behind the point.
func splitNumber(text string) (digits string, scale int, ok bool) {
	const farthest = 20
	mantissa, exponent := text, 0
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[at+1:]); err != nil || exponent > farthest || exponent < -farthest {
			return "", 0, false
		}
		mantissa = text[:at]
	}
	whole, fraction, pointed := strings.Cut(mantissa, ".")
	if !wire.IsDigits(whole) || pointed && !wire.IsDigits(fraction) {
		return "", 0, false
	}
	return whole + fraction, len(fraction) - exponent, true
}

// wholeUnits divides n by unit. A rest is forgiven when it is an error of a
// float64: not more than 2^-52 of the result, and near nothing of one unit.
func wholeUnits(n, unit *big.Int) (*big.Int, bool) {
	const precision, hundredth = 52, 100
	quotient, rest := new(big.Int).QuoRem(n, unit, new(big.Int))
	if over := new(big.Int).Sub(unit, rest); over.Cmp(rest) < 0 {
		quotient.Add(quotient, big.NewInt(1))
		rest = over
	}
	allowed := new(big.Int).Mul(quotient, unit)
	isError := new(big.Int).Lsh(rest, precision).Cmp(allowed) <= 0 &&
		new(big.Int).Mul(rest, big.NewInt(hundredth)).Cmp(unit) <= 0
	return quotient, isError
}

func powerOfTen(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}
