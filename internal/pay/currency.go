package pay

import (
	"fmt"
	"strings"
)

// Currency is an ISO 4217 alphabetic code, or XTR for Telegram Stars.
type Currency string

// The currencies that the code itself names.
const (
	RUB Currency = "RUB"
	KZT Currency = "KZT"
	USD Currency = "USD"
	EUR Currency = "EUR"
	XTR Currency = "XTR" // Telegram Stars: whole, without minor units
)

// twoDecimals lists the currencies whose minor unit is a hundredth (ISO 4217,
// list one); the other exponents stand in Exponent.
const twoDecimals = " AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG "

// ParseCurrency returns the currency that s names. Only the upper-case code is
// taken. It returns an error for a code that nobody issues.
func ParseCurrency(s string) (Currency, error) {
	c := Currency(s)
	if _, ok := c.exponent(); !ok {
		return "", fmt.Errorf("%q is not an ISO 4217 currency code", clip(s))
	}
	return c, nil
}

// Exponent returns how many decimal digits the minor unit is away from the
// major one: 2 for RUB, 0 for JPY and XTR, 3 for KWD.
func (c Currency) Exponent() int {
	digits, _ := c.exponent()
	return digits
}

func (c Currency) exponent() (digits int, known bool) {
	switch c {
	case XTR, "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0, true
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3, true
	}
	return 2, len(c) == 3 && strings.Contains(twoDecimals, " "+string(c)+" ")
}

// Symbol returns the sign people write for the currency, or "" where the code
// itself is clearer.
func (c Currency) Symbol() string {
	switch c {
	case RUB:
		return "₽"
	case KZT:
		return "₸"
	case USD:
		return "$"
	case EUR:
		return "€"
	case XTR:
		return "⭐"
	case "GBP":
		return "£"
	case "UAH":
		return "₴"
	case "GEL":
		return "₾"
	default:
		return ""
	}
}

// clip shortens what a caller sent before it is shown back.
func clip(s string) string {
	const most = 16
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
