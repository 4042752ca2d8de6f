package config

import (
	"slices"

	"github.com/paygraph/paygraph/internal/pay"
)

// Issuer signs tokens of one merchant's users or people. Exactly one of JWKSURL
// and PublicKeyPEM is set.
type Issuer struct {
	Name         string
	Audience     string
	Merchant     string     // the merchant's code
	Roles        []pay.Role // nil: USER
	JWKSURL      string
	PublicKeyPEM []byte
}

func (d *document) issuer(n *node) Issuer {
	o := d.object(n, "issuer")
	i := Issuer{
		Name:     o.text("name", required),
		Audience: o.text("audience", required),
		Merchant: o.code("merchant"),
		JWKSURL:  o.text("jwksUrl", optional),
	}
	for _, word := range o.texts("roles") {
		role := pay.Role(word)
		switch {
		case role != pay.RoleUser && !role.IsPerson():
			o.wrong("roles", "an issuer may grant USER, SUPPORT, FINANCE and ADMIN, nothing else")
		case slices.Contains(i.Roles, role):
			o.wrong("roles", "a role is there twice")
		default:
			i.Roles = append(i.Roles, role)
		}
	}
	file := o.text("publicKeyFile", optional)
	if (i.JWKSURL == "") == (file == "") {
		o.wrong("name", "an issuer needs a jwksUrl or a publicKeyFile, and not both")
	}
	o.httpURL("jwksUrl", i.JWKSURL)
	i.PublicKeyPEM = o.content("publicKeyFile", file)
	o.done()
	return i
}
