package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/users"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// What a bill may hold.
const (
	defaultExpiry = time.Hour
	maxExpiry     = 30 * 24 * time.Hour
	maxLines      = 100
	maxTitle      = 200
	maxReference  = 255
	maxPageID     = 255
	maxEmail      = 254
	maxTax        = 64
	maxQuantity   = 1_000_000
)

// A plan is a bill that may be made as it is: every question about the input is
// answered before anything is written.
type plan struct {
	in       NewBill
	merchant pay.MerchantID
	user     *pay.UserID
	product  *pay.ProductID
	price    *pay.PriceID
	total    pay.Money
	lines    []NewLine
	expires  time.Time
	kind     pay.ProductKind // "" for lines of the merchant's own
	code     string          // of the product; likewise
	gift     json.RawMessage
	period   *PeriodBill // of a subscription's bill
	renews   bool        // a subscription's bill that is there is to be paid
	opening  opening
}

// plan checks the input and returns what is to be made, or every error of the
// input at once.
func (s *Service) plan(ctx context.Context, in NewBill) (*plan, []*pay.Error, error) {
	v := viewer.From(ctx)
	p := &plan{in: in, merchant: v.Merchant}
	check := &checks{}

	check.add(p.decideUser(ctx, s, v))
	check.add(p.decidePrice(ctx, s, v))
	check.add(p.decideExpiry(s.now()))
	check.add(checkText("email", in.Email, maxEmail), checkEmail(in.Email))
	check.add(checkText("reference", in.Reference, maxReference))
	if in.Reference != nil && !v.Role.IsMerchantSide() {
		// A stranger could take the merchant's numbers before the merchant does.
		check.add(pay.Errorf(pay.CodeForbidden, "reference.not_yours_to_set", "Only a server or a person of the merchant may set the reference.").At("reference"))
	}
	if in.Reference != nil && strings.TrimSpace(*in.Reference) == "" {
		check.add(pay.Invalid("text.empty", "A reference is not empty.", "reference"))
	}
	check.add(checkPayer(ctx, in.Payer)...)
	check.add(checkText("metadata", new(string(in.Metadata)), len(in.Metadata)))
	if in.ReturnURL != nil {
		check.add(s.checkReturnURL(ctx, v.Merchant, *in.ReturnURL))
	}
	if in.SaveCard && !in.Start {
		check.add(pay.Invalid("card.saving_needs_start", "A card is saved by the payment that it is typed for: start it, or say so in billPay.", "saveCard"))
	}
	if len(check.found) == 0 && in.Start {
		check.add(p.decideOpening(ctx, s))
	}
	return p, check.found, check.internal
}

// checks gathers the errors of an input, so that a caller is told all at once.
type checks struct {
	found    []*pay.Error
	internal error
}

func (c *checks) add(errs ...error) {
	for _, err := range errs {
		if err == nil {
			continue
		}
		if e := pay.Readable(err); e != nil {
			c.found = append(c.found, e)
			continue
		}
		c.internal = errors.Join(c.internal, err)
	}
}

// decideUser finds whose bill it is: a signed-in payer's own, one that the
// merchant's side names, or nobody's yet.
func (p *plan) decideUser(ctx context.Context, s *Service, v viewer.Viewer) error {
	switch {
	case p.in.User == nil && v.Role == pay.RoleUser:
		p.user = &v.User
		return nil
	case p.in.User == nil:
		return nil
	case !v.Role.IsMerchantSide():
		return pay.Errorf(pay.CodeForbidden, "user.not_yours_to_name", "Only a server or a person of the merchant may name the user.").At("user")
	}
	id, err := pay.ParseUserID(*p.in.User)
	if err != nil {
		return pay.NotFound("user", "user").Because(err)
	}
	if _, err := s.Store.Read().User.Get(ctx, id); ent.IsNotFound(err) {
		return pay.NotFound("user", "user")
	} else if err != nil {
		return fmt.Errorf("find user %s: %w", id, err)
	}
	p.user = &id
	return nil
}

// decidePrice finds what is to be paid: a price of the catalogue, or the lines
// of the merchant's side.
func (p *plan) decidePrice(ctx context.Context, s *Service, v viewer.Viewer) error {
	fromCatalogue := p.in.Product != nil || p.in.Price != nil
	switch {
	case fromCatalogue && p.in.Lines != nil:
		return pay.Invalid("bill.product_or_lines", "Name a product or write lines, not both.", "lines")
	case fromCatalogue:
		return p.fromCatalogue(ctx, s, v)
	case p.in.Lines == nil:
		return pay.Invalid("bill.product_missing", "Name the product to be paid.", "product")
	case !v.Role.IsMerchantSide():
		return pay.Errorf(pay.CodeForbidden, "bill.lines_not_yours", "Only a server or a person of the merchant may write lines.").At("lines")
	case p.in.Amount != nil:
		return pay.Invalid("bill.amount_not_allowed", "The amount follows from the lines.", "amount")
	case p.in.PageID != nil:
		return pay.Invalid("bill.page_without_product", "A page is bought with a product that grants pages.", "pageId")
	case p.in.Gift != nil:
		return pay.Invalid("bill.gift_without_product", "A gift is bought with a GIFT product.", "gift")
	}
	return p.fromLines()
}

func (p *plan) fromCatalogue(ctx context.Context, s *Service, v viewer.Viewer) error {
	product, err := p.findProduct(ctx, s, v)
	if err != nil {
		return err
	}
	priceID, err := p.priceID()
	if err != nil {
		return err
	}
	currency := p.in.Currency
	if currency == nil && p.in.Amount != nil {
		currency = &p.in.Amount.Currency
	}
	if currency == nil && priceID == nil {
		currency = p.meantCurrency(s, product)
	}
	price, err := catalogue.PriceFor(product, priceID, currency)
	if err != nil {
		return err
	}
	if _, known := s.Fulfillers[product.Kind]; !known {
		return unsupported("product.kind_unsupported", fmt.Sprintf("Products of kind %s cannot be bought yet.", product.Kind), "product")
	}
	p.product, p.price, p.total, p.kind, p.code = &product.ID, &price.ID, price.Amount(), product.Kind, product.Code
	if err := p.decideAmount(product); err != nil {
		return err
	}
	if err := p.decideKind(s.now()); err != nil {
		return err
	}
	p.lines = []NewLine{{Title: product.Title, Quantity: 1, Unit: p.total}}
	return p.decidePage(product)
}

// meantCurrency is the one currency of the product's prices that the provider takes
// whom the caller names; nil when nobody is named, or that leaves the choice open.
func (p *plan) meantCurrency(s *Service, product *ent.Product) *pay.Currency {
	if p.in.PayWith == nil || p.in.PayWith.Provider == nil {
		return nil
	}
	named := providers.Named(s.Accounts.Of(p.merchant), *p.in.PayWith.Provider)
	var meant *pay.Currency
	for _, price := range product.Edges.Prices {
		isTaken := slices.ContainsFunc(named, func(a providers.Account) bool { return a.Provider.Capabilities().Takes(price.Currency) })
		switch {
		case !price.Active || !isTaken:
		case meant != nil && *meant != price.Currency:
			return nil
		default:
			meant = &price.Currency
		}
	}
	return meant
}

func (p *plan) findProduct(ctx context.Context, s *Service, v viewer.Viewer) (*ent.Product, error) {
	if p.in.Product == nil {
		return p.productOfPrice(ctx, s, v)
	}
	id, err := pay.ParseProductID(*p.in.Product)
	if err != nil {
		return nil, pay.NotFound("product", "product").Because(err)
	}
	return s.cachedProduct(ctx, v.Merchant, id, "product")
}

func (p *plan) productOfPrice(ctx context.Context, s *Service, v viewer.Viewer) (*ent.Product, error) {
	id, err := p.priceID()
	if err != nil {
		return nil, err
	}
	price, err := s.Store.Read().Price.Get(ctx, *id)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("price", "price")
	}
	if err != nil {
		return nil, fmt.Errorf("find price %s: %w", id, err)
	}
	return s.cachedProduct(ctx, v.Merchant, price.ProductID, "price")
}

// cachedProduct finds a product that is on sale and blames the input field that
// named it otherwise.
func (s *Service) cachedProduct(ctx context.Context, merchant pay.MerchantID, id pay.ProductID, field string) (*ent.Product, error) {
	product, err := s.Catalogue.Cached(ctx, merchant, id)
	if e, ok := errors.AsType[*pay.Error](err); ok {
		return nil, e.At(field)
	}
	if err == nil && !product.Active {
		return nil, pay.Invalid("product.inactive", "The product is not on sale.", field)
	}
	return product, err
}

func (p *plan) priceID() (*pay.PriceID, error) {
	if p.in.Price == nil {
		return nil, nil //nolint:nilnil // absent is an answer here
	}
	id, err := pay.ParsePriceID(*p.in.Price)
	if err != nil {
		return nil, pay.NotFound("price", "price").Because(err)
	}
	return &id, nil
}

// decideAmount lets the buyer of a TOP_UP name more than its price, and nobody
// else name anything.
func (p *plan) decideAmount(product *ent.Product) error {
	if p.in.Amount == nil {
		return nil
	}
	if product.Kind != pay.ProductTopUp {
		return pay.Invalid("bill.amount_not_allowed", "The amount is the product's price.", "amount")
	}
	if p.in.Amount.Currency != p.total.Currency {
		return pay.Invalid("bill.currency_differs", "The amount is not in the price's currency.", "amount", "currency")
	}
	if p.in.Amount.Amount < p.total.Amount {
		return pay.Invalid("bill.amount_too_small", "The amount is below the product's least.", "amount", "amount")
	}
	p.total = *p.in.Amount
	return nil
}

// decideKind judges what only some kinds of products need.
func (p *plan) decideKind(now time.Time) (err error) {
	switch p.kind {
	case pay.ProductSubscription:
		return pay.Invalid("product.is_subscription", "A subscription is begun by billingSubscriptionCreate.", "product")
	case pay.ProductTopUp:
		if p.user == nil {
			return pay.Invalid("bill.user_missing", "A top-up needs the user whose wallet it credits.", "user")
		}
	case pay.ProductGift:
		p.gift, err = p.in.Gift.order(now)
		return err
	case pay.ProductDirect:
	}
	if p.in.Gift != nil {
		return pay.Invalid("bill.gift_without_product", "A gift is bought with a GIFT product.", "gift")
	}
	return nil
}

// decidePage checks the page that the buyer names against the product's glob. A
// product that grants pages and nothing else cannot be bought without one: the
// buyer would pay for nothing.
func (p *plan) decidePage(product *ent.Product) error {
	page := p.in.PageID
	switch {
	case page == nil && product.GrantPages != nil && len(product.GrantResources) == 0:
		return pay.Invalid("bill.page_missing", "Name the page to be bought.", "pageId")
	case page == nil:
		return nil
	case product.GrantPages == nil:
		return pay.Invalid("bill.page_not_granted", "This product grants no pages.", "pageId")
	}
	if err := checkText("pageId", page, maxPageID); err != nil {
		return err
	}
	if !catalogue.GrantsPage(product, *page) {
		return pay.Invalid("bill.page_not_granted", "This product does not grant that page.", "pageId")
	}
	return nil
}

// fromLines adds up the lines.
func (p *plan) fromLines() error {
	if len(p.in.Lines) == 0 || len(p.in.Lines) > maxLines {
		return pay.Invalid("bill.lines_count", fmt.Sprintf("A bill has 1 to %d lines.", maxLines), "lines")
	}
	p.total = pay.Of(0, p.in.Lines[0].Unit.Currency)
	for at, line := range p.in.Lines {
		field := func(names ...string) []string { return append([]string{"lines", fmt.Sprint(at)}, names...) }
		if err := checkText("title", &line.Title, maxTitle); err != nil || line.Title == "" {
			return pay.Invalid("bill.line_title", fmt.Sprintf("A title has 1 to %d characters and no card number.", maxTitle), field("title")...)
		}
		if checkText("tax", line.Tax, maxTax) != nil {
			return pay.Invalid("bill.line_tax", fmt.Sprintf("A tax has at most %d characters and no card number.", maxTax), field("tax")...)
		}
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			return pay.Invalid("bill.line_quantity", fmt.Sprintf("A quantity is 1 to %d.", maxQuantity), field("quantity")...)
		}
		if line.Unit.Amount < 1 || line.Unit.Amount > pay.MaxAmount {
			return pay.Invalid("bill.line_unit", "A unit costs at least 1 minor unit.", field("unit", "amount")...)
		}
		if line.Unit.Currency != p.total.Currency {
			return pay.Invalid("bill.currencies_differ", "All lines are in one currency.", field("unit", "currency")...)
		}
		sum, err := line.Unit.Times(line.Quantity)
		if err == nil {
			p.total, err = p.total.Add(sum)
		}
		if err != nil {
			return pay.Invalid("bill.total_too_large", "The total is more than 2^53-1 minor units.", field()...)
		}
	}
	if p.in.Currency != nil && *p.in.Currency != p.total.Currency {
		return pay.Invalid("bill.currencies_differ", "The lines are in another currency.", "currency")
	}
	p.lines = p.in.Lines
	return nil
}

func (p *plan) decideExpiry(now time.Time) error {
	p.expires = now.Add(defaultExpiry)
	if p.in.ExpiresIn == nil {
		return nil
	}
	p.expires = pay.Instant(p.in.ExpiresIn.AddTo(now))
	if !p.expires.After(now) || p.expires.After(now.Add(maxExpiry)) {
		return pay.Invalid("bill.expires_in_range", "A bill lives at most P30D and longer than no time.", "expiresIn")
	}
	return nil
}

// decideOpening chooses what the first attempt goes through.
func (p *plan) decideOpening(ctx context.Context, s *Service) (err error) {
	if p.opening, err = s.way(ctx, p, p.in.PayWith, p.in.SaveCard); err != nil {
		return err
	}
	p.opening.ReturnURL, p.opening.Payer, p.opening.Email = p.in.ReturnURL, p.in.Payer, p.in.Email
	return nil
}

// checkPayWith demands exactly one way to pay. The
// schema's @oneOf is checked again here: variables can slip two keys past it.
func checkPayWith(with *PayWith) error {
	if with == nil {
		return nil
	}
	named := 0
	for _, field := range []*string{with.Provider, with.Card, with.Wallet} {
		if field != nil {
			named++
		}
	}
	if named != 1 {
		return pay.Invalid("pay_with.one", "Name exactly one of provider, card and wallet.", "payWith")
	}
	return nil
}

func (s *Service) checkReturnURL(ctx context.Context, merchant pay.MerchantID, raw string) error {
	m, err := s.Merchants.Cached(viewer.AsProgram(ctx), merchant)
	if err != nil {
		return fmt.Errorf("find merchant %s: %w", merchant, err)
	}
	origins := make([]string, len(m.Edges.Origins))
	for at, origin := range m.Edges.Origins {
		origins[at] = origin.Origin
	}
	_, err = s.CheckReturn(raw, origins)
	return err
}

// unsupported refuses what no other card or provider would make possible.
func unsupported(key, message string, path ...string) *pay.Error {
	e := pay.Errorf(pay.CodeUnsupported, key, "%s", message).At(path...)
	e.Retry = pay.DoNotRetry
	return e
}

// checkText refuses free text that is too long, not text, or holds a card
// number: those are stored nowhere.
func checkText(field string, text *string, most int) error {
	if text == nil {
		return nil
	}
	path := strings.Split(field, ".")
	if utf8.RuneCountInString(*text) > most || !utf8.ValidString(*text) {
		return pay.Invalid("text.too_long", fmt.Sprintf("At most %d characters.", most), path...)
	}
	for _, r := range *text {
		if unicode.IsControl(r) {
			return pay.Invalid("text.control_characters", "No control characters.", path...)
		}
	}
	if pay.HoldsCardNumber(*text) {
		return pay.CardNumberRefused(path...)
	}
	return nil
}

// checkPayer refuses what providers could not use, card numbers in free text, and a
// service that a payer names: its vendor pays the money on to it.
func checkPayer(ctx context.Context, p Payer) []error {
	found := []error{checkLocale(p.Locale), checkText("payer.note", p.Note, maxTitle)}
	if p.Phone != nil && !users.IsPhone(*p.Phone) {
		found = append(found, pay.Invalid("phone.malformed", "This is not a phone number of E.164, such as +79161234567.", "payer", "phone"))
	}
	for _, r := range p.Requisites {
		found = append(found, checkText("payer.requisites", &r.Name, maxTitle), checkText("payer.requisites", &r.Value, maxTitle))
	}
	if p.Service != nil {
		found = append(found, checkText("payer.service", &p.Service.ContractValue, maxTitle))
		if !viewer.From(ctx).Role.IsMerchantSide() {
			found = append(found, pay.Errorf(pay.CodeForbidden, "payer.service_not_yours_to_name",
				"Only a server or a person of the merchant may name the service that is paid. Give the contract number as the requisite contract_value.").At("payer", "service"))
		}
	}
	return found
}

// checkLocale refuses what cannot be a BCP 47 tag.
func checkLocale(locale *string) error {
	if locale == nil || users.IsLocale(*locale) {
		return nil
	}
	return pay.Invalid("locale.malformed", "This is not a BCP 47 language tag, such as en or ru-RU.", "payer", "locale")
}

func checkEmail(email *string) error {
	if email == nil {
		return nil
	}
	address, err := mail.ParseAddress(*email)
	if err != nil || address.Address != *email {
		return pay.Invalid("email.malformed", "This is not an e-mail address.", "email")
	}
	return nil
}
