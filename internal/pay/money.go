package pay

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// MaxAmount is the largest amount the API carries: 2^53-1 minor units, what a
// JSON number holds exactly in every client.
const MaxAmount = 1<<53 - 1

// Money is an amount in the minor units of a currency: kopecks, cents, whole
// Stars. It may be negative (a ledger entry). There is no float in it and none
// is made of it.
type Money struct {
	Amount   int64 // minor units
	Currency Currency
}

// ErrCurrencyMismatch is returned by arithmetic on two currencies: we convert
// nothing.
var ErrCurrencyMismatch = errors.New("currencies differ")

// ErrAmountRange is returned when a result leaves ±MaxAmount.
var ErrAmountRange = errors.New("amount out of range")

// Of returns amount minor units of a currency.
func Of(amount int64, currency Currency) Money { return Money{Amount: amount, Currency: currency} }

// Add returns m + n. It returns ErrCurrencyMismatch or ErrAmountRange.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, fmt.Errorf("add %s to %s: %w", n.Currency, m.Currency, ErrCurrencyMismatch)
	}
	sum := m.Amount + n.Amount
	overflowed := (sum > m.Amount) != (n.Amount > 0) && n.Amount != 0
	if overflowed || sum > MaxAmount || sum < -MaxAmount {
		return Money{}, fmt.Errorf("add %d to %d: %w", n.Amount, m.Amount, ErrAmountRange)
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}

// Sub returns m - n. It returns ErrCurrencyMismatch or ErrAmountRange.
func (m Money) Sub(n Money) (Money, error) {
	if n.Amount == math.MinInt64 {
		return Money{}, fmt.Errorf("subtract %d: %w", n.Amount, ErrAmountRange)
	}
	return m.Add(n.Neg())
}

// Times returns m multiplied by a whole quantity. It returns ErrAmountRange.
func (m Money) Times(quantity int) (Money, error) {
	product := m.Amount * int64(quantity)
	if m.Amount != 0 && (product/m.Amount != int64(quantity) || product > MaxAmount || product < -MaxAmount) {
		return Money{}, fmt.Errorf("multiply %d by %d: %w", m.Amount, quantity, ErrAmountRange)
	}
	return Money{Amount: product, Currency: m.Currency}, nil
}

// Neg returns -m.
func (m Money) Neg() Money { return Money{Amount: -m.Amount, Currency: m.Currency} }

// IsZero reports whether the amount is nothing, in any currency.
func (m Money) IsZero() bool { return m.Amount == 0 }

// Zero returns nothing, in m's currency.
func (m Money) Zero() Money { return Money{Currency: m.Currency} }

// Exponent returns how many of the amount's last digits are behind the decimal
// point.
func (m Money) Exponent() int { return m.Currency.Exponent() }

// Decimal writes the amount in major units with the currency's digits: "124.80"
// for 12480 RUB, "5" for 5 XTR.
func (m Money) Decimal() string {
	exponent := m.Currency.Exponent()
	digits := strconv.FormatInt(m.Amount, 10)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	if exponent == 0 {
		return sign + digits
	}
	for len(digits) <= exponent {
		digits = "0" + digits
	}
	cut := len(digits) - exponent
	return sign + digits[:cut] + "." + digits[cut:]
}

// String writes the amount for a person: "124.80 RUB".
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

// ParseDecimal reads an amount in major units, exactly: "124.8" RUB is 12480.
// It refuses signs other than a leading minus, exponents, blanks, and more
// digits after the point than the currency has, even when they are zero.
func ParseDecimal(s string, currency Currency) (Money, error) {
	whole, fraction, pointed := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	exponent := currency.Exponent()
	if !allDigits(whole) || pointed && !allDigits(fraction) || len(fraction) > exponent {
		return Money{}, fmt.Errorf("%q is not an amount of %s", clip(s), currency)
	}
	amount, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", exponent-len(fraction)), 10, 64)
	if err != nil || amount > MaxAmount {
		return Money{}, fmt.Errorf("%q: %w", clip(s), ErrAmountRange)
	}
	if strings.HasPrefix(s, "-") {
		amount = -amount
	}
	return Money{Amount: amount, Currency: currency}, nil
}

func allDigits(s string) bool {
	for at := range len(s) {
		if s[at] < '0' || s[at] > '9' {
			return false
		}
	}
	return s != ""
}
