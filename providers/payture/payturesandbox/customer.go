package payturesandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const recordCustomer = "customer"

type customerKey struct{ merchant, login string }

// customer is a payer whom the merchant registered, with the cards saved for
// them. All terminals of the merchant know the customer. Guarded by Vendor.mu.
type customer struct {
	Merchant string       `json:"merchant"`
	Login    string       `json:"login"`
	Password string       `json:"password"` // SHA-256, hex
	Phone    string       `json:"phone,omitempty"`
	Email    string       `json:"email,omitempty"`
	Cards    []*savedCard `json:"cards,omitempty"` // oldest first
}

func (c *customer) key() customerKey { return customerKey{c.Merchant, c.Login} }

// record is what the state file keeps.
func (c *customer) record() sandbox.Record {
	return sandbox.Record{Kind: recordCustomer, ID: c.Merchant + "/" + c.Login, Value: c}
}

// registerCustomer makes a customer (docs, ewallet/clients/register).
func (v *Vendor) registerCustomer(_ *http.Request, terminal Account, data fields) reply {
	login, code := readCustomer(data)
	if code != "" {
		return refused(code)
	}
	who := attribute{"VWUserLgn", login}
	v.mu.Lock()
	defer v.mu.Unlock()
	c := &customer{
		Merchant: terminal.Merchant, Login: login, Password: digest(data.get("VWUserPsw")),
		Phone: data.get("PhoneNumber"), Email: data.get("Email"),
	}
	if v.customers[c.key()] != nil {
		return refused(CodeDuplicateUser, who)
	}
	v.customers[c.key()] = c
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{c.record()}})
	return accepted(who)
}

// updateCustomer changes a customer's phone and e-mail; the password is the one that
// the customer has.
func (v *Vendor) updateCustomer(_ *http.Request, terminal Account, data fields) reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, code := v.login(terminal, data)
	if code == "" {
		_, code = readCustomer(data)
	}
	if code != "" {
		return notForCustomer(code, data)
	}
	if phone := data.get("PhoneNumber"); phone != "" {
		c.Phone = phone
	}
	if email := data.get("Email"); email != "" {
		c.Email = email
	}
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{c.record()}})
	return accepted(attribute{"VWUserLgn", c.Login})
}

// checkCustomer says whether a customer has this password.
func (v *Vendor) checkCustomer(_ *http.Request, terminal Account, data fields) reply {
	v.mu.Lock()
	defer v.mu.Unlock()
	c, code := v.login(terminal, data)
	if code != "" {
		return notForCustomer(code, data)
	}
	return accepted(attribute{"VWUserLgn", c.Login})
}

// deleteCustomer forgets a customer with all cards. It asks for the terminal's password,
// not the customer's (docs, ewallet/clients/delete).
func (v *Vendor) deleteCustomer(_ *http.Request, terminal Account, data fields) reply {
	login := data.get("VWUserLgn")
	if login == "" {
		return refused(CodeWrongParams)
	}
	if !same(data.get("Password"), terminal.Password) {
		return refused(CodeAccessDenied)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.customers[customerKey{terminal.Merchant, login}]
	if c == nil {
		return notForCustomer(CodeCustomerNotFound, data)
	}
	delete(v.customers, c.key())
	gone := c.record()
	gone.Value = nil
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{gone}})
	return accepted(attribute{"VWUserLgn", login})
}

// login finds the customer of VWUserLgn and VWUserPsw. v.mu must be held. The
// documents name WRONG_USER_PARAMS; that it means the password, and that a
// customer who is not there has a code of its own, is read from the names.
func (v *Vendor) login(terminal Account, data fields) (*customer, Code) {
	if data.get("VWUserLgn") == "" || data.get("VWUserPsw") == "" {
		return nil, CodeWrongParams
	}
	c := v.customers[customerKey{terminal.Merchant, data.get("VWUserLgn")}]
	switch {
	case c == nil:
		return nil, CodeCustomerNotFound
	case !same(digest(data.get("VWUserPsw")), c.Password):
		return nil, CodeWrongUserParams
	}
	return c, ""
}

// notForCustomer is a refusal that names the customer, as recorded of Register.
func notForCustomer(code Code, data fields) reply {
	if data.get("VWUserLgn") == "" {
		return refused(code)
	}
	return refused(code, attribute{"VWUserLgn", data.get("VWUserLgn")})
}

var phonePattern = regexp.MustCompile(`^\d{5,20}$`)

// readCustomer checks what Register and Update take: a login and a password of
// 1 to 50 characters, digits for a phone.
func readCustomer(data fields) (string, Code) {
	login, password := data.get("VWUserLgn"), data.get("VWUserPsw")
	phone, email := data.get("PhoneNumber"), data.get("Email")
	switch {
	case login == "" || utf8.RuneCountInString(login) > 50, password == "" || utf8.RuneCountInString(password) > 50:
		return "", CodeWrongParams
	case phone != "" && !phonePattern.MatchString(phone):
		return "", CodeWrongPhone
	case email != "" && (!strings.Contains(email, "@") || strings.ContainsAny(email, " \r\n")):
		return "", CodeEmailError
	}
	return login, ""
}

// customerOf is whose order it is, or nil when it is InPay's or the customer was
// deleted. v.mu must be held.
func (v *Vendor) customerOf(o *order) *customer {
	if !o.isWallet() {
		return nil
	}
	return v.customers[customerKey{v.accounts[o.Key].Merchant, o.Login}]
}

// live is the customer's card of a mask that has not expired, or nil.
func (c *customer) live(mask string, now time.Time) *savedCard {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Cards, func(s *savedCard) bool { return s.Mask == mask && !s.expired(now) })
	if i < 0 {
		return nil
	}
	return c.Cards[i]
}

// card is the customer's card of an id, or nil.
func (c *customer) card(id string) *savedCard {
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.Cards, func(s *savedCard) bool { return s.ID == id })
	if i < 0 {
		return nil
	}
	return c.Cards[i]
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
