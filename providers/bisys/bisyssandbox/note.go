package bisyssandbox

import "regexp"

var tokenPattern = regexp.MustCompile(`_[A-Z]{3}_`)

// signs are the currencies that orderNote may name as _KZT_ (seed, "Параметр
// orderNote"). They are shown and change no amount. The seed's GPB is taken for
// the pound, and so is its right code.
func signs() map[string]string {
	return map[string]string{
		"_RUB_": "₽", "_KZT_": "₸", "_USD_": "$", "_EUR_": "€", "_GPB_": "£", "_GBP_": "£", "_KGS_": "с", "_UZS_": "So'm",
		"_AZN_": "₼", "_GEL_": "₾", "_TRY_": "₺", "_CNY_": "¥", "_AMD_": "֏",
	}
}

// noteText is orderNote as the form shows it; an unknown token stays text.
func noteText(note string) string {
	known := signs()
	return tokenPattern.ReplaceAllStringFunc(note, func(token string) string {
		if sign, ok := known[token]; ok {
			return sign
		}
		return token
	})
}
