package bisyssandbox

import (
	"slices"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const recordUser = "user"

type userKey struct{ shop, login string }

// user is a payer that a shop registered, with the cards that were saved, as the
// state file keeps it. It is guarded by Vendor.mu.
type user struct {
	Shop  string  `json:"shop"`
	Token string  `json:"token"`
	About about   `json:"about"`
	Cards []*card `json:"cards,omitempty"`
}

// about is what a shop tells of a user.
type about struct {
	Login      string `json:"login"`
	Email      string `json:"email"`
	Name       string `json:"name"`
	SurName    string `json:"surName"`
	MiddleName string `json:"middleName"`
}

// userReply answers for a user. Of its states active, inactive and disable only
// the first is simulated.
type userReply struct {
	about
	State     string `json:"state"`
	UserToken string `json:"userToken"`
}

func (u *user) key() userKey { return userKey{u.Shop, u.About.Login} }

func (u *user) record() sandbox.Record {
	return sandbox.Record{Kind: recordUser, ID: u.Shop + "/" + u.About.Login, Value: u}
}

func (u *user) reply() userReply {
	return userReply{about: u.About, State: "active", UserToken: u.Token}
}

// card finds a card by its token, or nil.
func (u *user) card(token string) *card {
	i := slices.IndexFunc(u.Cards, func(c *card) bool { return c.Token == token })
	if i < 0 {
		return nil
	}
	return u.Cards[i]
}

// registerUser registers a payer by phone number. The same login again is the
// same user, whose other fields are replaced by those that are given.
func (v *Vendor) registerUser(c call) (any, *refusal) {
	r := reader{f: c.f}
	a := about{
		Login: r.required("login"), Email: r.like("email", emailPattern),
		Name: r.text("name"), SurName: r.text("surName"), MiddleName: r.text("middleName"),
	}
	r.like("login", phonePattern)
	if r.bad != nil {
		return nil, r.bad
	}
	u := v.users[userKey{c.shop.ShopToken, a.Login}]
	if u == nil {
		u = &user{Shop: c.shop.ShopToken, Token: newID(), About: a}
		v.users[u.key()], v.tokens[u.Token] = u, u
	}
	for _, field := range []struct {
		kept  *string
		given string
	}{{&u.About.Email, a.Email}, {&u.About.Name, a.Name}, {&u.About.SurName, a.SurName}, {&u.About.MiddleName, a.MiddleName}} {
		if field.given != "" {
			*field.kept = field.given
		}
	}
	v.host.Commit(sandbox.Change{Save: []sandbox.Record{u.record()}})
	return u.reply(), nil
}

func (v *Vendor) userStatus(c call) (any, *refusal) {
	r := reader{f: c.f}
	login := r.required("login")
	if r.bad != nil {
		return nil, r.bad
	}
	u := v.users[userKey{c.shop.ShopToken, login}]
	if u == nil {
		return nil, noUser()
	}
	return u.reply(), nil
}

// userOf finds a shop's user, or nil. v.mu must be held.
func (v *Vendor) userOf(shop Account, token string) *user {
	u := v.tokens[token]
	if u == nil || u.Shop != shop.ShopToken {
		return nil
	}
	return u
}
