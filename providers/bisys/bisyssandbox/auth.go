package bisyssandbox

import (
	"crypto/md5" //nolint:gosec // the vendor's older generation signs with it
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"strings"
)

// authenticate finds the shop of a request: Basic with shopToken and secKey, or,
// when there is no Authorization header, the older generation's shopToken and
// sign in the body.
func (v *Vendor) authenticate(r *http.Request, f fields, signs []string) (Account, bool) {
	if v.options.RequireCertificate && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return Account{}, false
	}
	if r.Header.Get("Authorization") != "" {
		token, key, _ := r.BasicAuth()
		shop, known := v.accounts[token]
		return shop, known && same(key, shop.SecKey)
	}
	token, _ := f.text("shopToken")
	sign, _ := f.text("sign")
	shop, known := v.accounts[token]
	return shop, known && same(sign, legacySign(signedValues(f, signs), shop))
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// signedValues are a body's values in the documented order of its fields, each
// requisite as its name and its value.
func signedValues(f fields, names []string) []string {
	var values []string
	for _, n := range names {
		if n == "properties" {
			all, _ := f.pairs(n)
			for _, p := range all {
				values = append(values, p.Name, p.Value)
			}
			continue
		}
		s, _ := f.text(n)
		values = append(values, s)
	}
	return values
}

// legacySign is the older generation's signature: the values that are not empty,
// then shopToken and secKey, joined by & and hashed twice, in upper case each
// time.
func legacySign(values []string, shop Account) string {
	var parts []string
	for _, s := range append(values, shop.ShopToken, shop.SecKey) {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return upperMD5(upperMD5(strings.Join(parts, "&")))
}

func upperMD5(s string) string {
	sum := md5.Sum([]byte(s)) //nolint:gosec // as above
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
