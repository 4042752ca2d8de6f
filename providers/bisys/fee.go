package bisys

import (
	"errors"
	"fmt"
	"sort"

	"github.com/paygraph/paygraph/internal/pay"
)

// Fee is the commission that the payer pays on top of an amount. The zero value is
// none.
type Fee struct {
	FixedMinor      int64 // minor units of the account's currency
	RateBasisPoints int64 // hundredths of a percent of the amount; a part of a minor unit counts as a whole one
}

const wholeBasisPoints = 10_000

// String writes the fee for a person: "100 + 1.50%".
func (f Fee) String() string {
	return fmt.Sprintf("%d + %d.%02d%%", f.FixedMinor, f.RateBasisPoints/100, f.RateBasisPoints%100)
}

func (f Fee) mistakes() []error {
	if f.FixedMinor < 0 || f.FixedMinor > pay.MaxAmount || f.RateBasisPoints < 0 || f.RateBasisPoints > wholeBasisPoints {
		return []error{errors.New("commission: it is negative, or more than 100%")}
	}
	return nil
}

// of returns the commission on an amount from 0 to pay.MaxAmount. It is exact: the
// product of amount and rate is never formed.
func (f Fee) of(amount int64) int64 {
	whole, rest := amount/wholeBasisPoints, amount%wholeBasisPoints
	return f.FixedMinor + whole*f.RateBasisPoints + (rest*f.RateBasisPoints+wholeBasisPoints-1)/wholeBasisPoints
}

// within returns the commission that is part of a total. The status tells a total
// only (Shop API, payment status), and amount and commission together grow with
// each minor unit, so at most one amount makes a given total.
//
// A total that no amount makes is all commission: then amount and commission
// together never agree with what was asked for, whatever that was.
func (f Fee) within(total int64) int64 {
	if f == (Fee{}) || total <= 0 {
		return 0
	}
	total = min(total, pay.MaxAmount)
	amount := int64(sort.Search(int(total), func(amount int) bool { return int64(amount)+f.of(int64(amount)) >= total }))
	if fee := f.of(amount); amount > 0 && amount+fee == total {
		return fee
	}
	return total
}
