package cards

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// NewRegistration is a wish to add a card. Nil is absent.
type NewRegistration struct {
	Key       string  `json:"-"`
	Provider  *string // an account's code or a vendor's name; absent: the merchant's default
	User      *string // SERVER and ADMIN only, who must name one
	Payer     Payer
	ReturnURL *string
}

// Payer is what a provider may want to know of who adds the card.
type Payer struct {
	Phone  *string
	Locale *string
	Note   *string
	IP     string `json:"-"` // of the request; not part of the input
}

const maxNote = 200

// check refuses input that cannot be worked with, each error with its field. The
// second error is the program's own.
func (s *Service) check(ctx context.Context, in NewRegistration) ([]*pay.Error, error) {
	var found []*pay.Error
	if p := in.Payer.Phone; p != nil && !users.IsPhone(*p) {
		found = append(found, pay.Invalid("phone.malformed", "This is not a phone number of E.164, such as +79161234567.", "payer", "phone"))
	}
	if l := in.Payer.Locale; l != nil && !users.IsLocale(*l) {
		found = append(found, pay.Invalid("locale.malformed", "This is not a BCP 47 language tag, such as en or ru-RU.", "payer", "locale"))
	}
	if in.Payer.Note != nil {
		found = append(found, checkNote(*in.Payer.Note)...)
	}
	if in.ReturnURL == nil {
		return found, nil
	}
	m, err := s.Merchants.Cached(viewer.AsProgram(ctx), viewer.From(ctx).Merchant)
	if err != nil {
		return nil, fmt.Errorf("find merchant %s: %w", viewer.From(ctx).Merchant, err)
	}
	origins := make([]string, len(m.Edges.Origins))
	for at, origin := range m.Edges.Origins {
		origins[at] = origin.Origin
	}
	if _, err := s.CheckReturn(*in.ReturnURL, origins); err != nil {
		wrong := pay.Readable(err)
		if wrong == nil {
			return nil, err
		}
		found = append(found, wrong)
	}
	return found, nil
}

func checkNote(note string) []*pay.Error {
	switch {
	case utf8.RuneCountInString(note) > maxNote || !utf8.ValidString(note):
		return asList(pay.Invalid("text.too_long", fmt.Sprintf("At most %d characters.", maxNote), "payer", "note"))
	case strings.ContainsFunc(note, unicode.IsControl):
		return asList(pay.Invalid("text.control_characters", "No control characters.", "payer", "note"))
	case pay.HoldsCardNumber(note):
		return asList(pay.CardNumberRefused("payer", "note"))
	}
	return nil
}

// decideUser finds whose card it will be: a signed-in payer's own, or that of the
// user whom a server or an administrator names.
func (s *Service) decideUser(ctx context.Context, raw *string) (*ent.User, error) {
	v := viewer.From(ctx)
	switch v.Role {
	case pay.RoleUser:
		if raw != nil && *raw != v.User.String() {
			return nil, pay.Errorf(pay.CodeForbidden, "user.not_yours_to_name", "Only a server or an administrator of the merchant may name the user.").At("user")
		}
		u, err := s.Store.Read().User.Get(ctx, v.User)
		if err != nil {
			return nil, fmt.Errorf("read user %s: %w", v.User, err)
		}
		return u, nil
	case pay.RoleServer, pay.RoleAdmin:
	case pay.RolePublic, pay.RoleGuest, pay.RoleSupport, pay.RoleFinance:
		return nil, errForbidden()
	}
	if raw == nil {
		return nil, pay.Invalid("user.required", "Say whose card it will be.", "user")
	}
	id, err := pay.ParseUserID(*raw)
	if err != nil {
		return nil, pay.NotFound("user", "user").Because(err)
	}
	u, err := s.Store.Read().User.Get(ctx, id)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("user", "user")
	}
	if err != nil {
		return nil, fmt.Errorf("read user %s: %w", id, err)
	}
	return u, nil
}

func errForbidden() *pay.Error {
	return pay.Errorf(pay.CodeForbidden, "card.forbidden", "Cards are their owner's, and the merchant's server's, to add and to change.")
}

// chooseAccount picks the account that saves cards: the one named, else the
// merchant's default, else the first that can. It asks nobody.
func (s *Service) chooseAccount(ctx context.Context, merchant pay.MerchantID, named *string) (providers.Account, *pay.Error) {
	preferred := deref(named)
	if named == nil {
		if m, err := s.Merchants.Cached(viewer.AsProgram(ctx), merchant); err == nil {
			preferred = m.DefaultProvider
		}
	}
	var chosen *providers.Account
	isKnown := false
	for _, account := range s.Accounts.Of(merchant) {
		isNamed := account.Code == preferred || named != nil && string(account.Provider.Name()) == preferred
		isKnown = isKnown || isNamed
		if named != nil && !isNamed {
			continue
		}
		if _, err := providers.As[providers.CardSaver](account.Provider, providers.OpSaveCard); err != nil {
			continue
		}
		if chosen == nil || account.Code == preferred {
			chosen = &account
		}
	}
	switch {
	case chosen != nil:
		return *chosen, nil
	case named != nil && !isKnown:
		return providers.Account{}, pay.NotFound("provider", "provider")
	}
	return providers.Account{}, errCannotSave()
}

func errCannotSave() *pay.Error {
	e := pay.Errorf(pay.CodeUnsupported, "card.saving_unsupported", "No provider of this merchant saves cards.").At("provider")
	e.Retry = pay.DoNotRetry
	return e
}

// verification is what is held for a moment at the account to try a card.
func (s *Service) verification(account providers.Account) pay.Money {
	currency := pay.RUB
	if takes := account.Provider.Capabilities(); !takes.Takes(currency) && len(takes.Currencies) > 0 {
		currency = takes.Currencies[0]
	}
	minor, given := s.Verification[currency]
	if !given {
		minor = 1
		for range currency.Exponent() {
			minor *= 10
		}
		if currency == pay.RUB {
			minor *= 10
		}
	}
	return pay.Of(minor, currency)
}
