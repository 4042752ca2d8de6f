package catalogue

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/internal/pay"
)

// The longest texts, in characters, and lists.
const (
	longestCode        = 100
	longestTitle       = 200
	longestDescription = 5000
	longestName        = 200 // of a resource, or the pages' pattern
	mostPrices         = 100
	mostResources      = 100
)

// validate judges everything that needs no database and returns the id in
// Grants.GiftOf. Its errors name the field from the root of the input.
func (in Upsert) validate() (giftOf *pay.ProductID, err error) {
	if !isLine(in.Code, longestCode) || strings.TrimSpace(in.Code) != in.Code {
		return nil, invalid("product.code", "A product's code is 1 to %d printable characters without blanks around them.", longestCode).At("code")
	}
	if !slices.Contains(pay.ProductKinds(), in.Kind) {
		return nil, pay.Invalid("product.kind", "There is no such kind of product.", "kind")
	}
	if !isLine(in.Title, longestTitle) {
		return nil, invalid("product.title", "A product's title is 1 to %d printable characters.", longestTitle).At("title")
	}
	if in.Description != nil && !isText(*in.Description, longestDescription) {
		return nil, invalid("product.description", "A product's description has at most %d printable characters.", longestDescription).At("description")
	}
	if pay.HoldsCardNumber(in.Title) {
		return nil, pay.CardNumberRefused("title")
	}
	if in.Description != nil && pay.HoldsCardNumber(*in.Description) {
		return nil, pay.CardNumberRefused("description")
	}
	if err := in.validatePrices(); err != nil {
		return nil, err
	}
	return in.Grants.validate(in.Kind)
}

func (in Upsert) validatePrices() error {
	if len(in.Prices) == 0 || len(in.Prices) > mostPrices {
		return invalid("product.prices", "A product has 1 to %d prices.", mostPrices).At("prices")
	}
	type offer struct {
		currency pay.Currency
		interval pay.Period
	}
	seen := make(map[offer]bool)
	for at, p := range in.Prices {
		field := func(names ...string) []string { return append([]string{"prices", strconv.Itoa(at)}, names...) }
		if err := p.validate(in.Kind, field); err != nil {
			return err
		}
		this := offer{currency: p.Amount.Currency}
		if p.Interval != nil {
			this.interval = *p.Interval
		}
		if seen[this] {
			return pay.Invalid("price.duplicate", "A product has one price for each currency and interval.", field()...)
		}
		seen[this] = true
	}
	return nil
}

func (p NewPrice) validate(kind pay.ProductKind, field func(...string) []string) error {
	if p.Amount.Amount < 1 || p.Amount.Amount > pay.MaxAmount {
		return pay.Invalid("amount.out_of_range", "An amount is above zero and at most 2^53-1 minor units.", field("amount", "amount")...)
	}
	if _, err := pay.ParseCurrency(string(p.Amount.Currency)); err != nil {
		return pay.Invalid("currency.unknown", "There is no such currency.", field("amount", "currency")...)
	}
	if kind != pay.ProductSubscription {
		switch {
		case p.Interval != nil:
			return pay.Invalid("price.interval_not_allowed", "Only the price of a subscription has an interval.", field("interval")...)
		case p.Trial != nil:
			return pay.Invalid("price.trial_not_allowed", "Only the price of a subscription has a trial.", field("trial")...)
		}
		return nil
	}
	switch {
	case p.Interval == nil:
		return pay.Invalid("price.interval_missing", "The price of a subscription needs an interval.", field("interval")...)
	case p.Interval.IsZero():
		return pay.Invalid("price.interval_zero", "An interval has to be longer than nothing.", field("interval")...)
	case p.Interval.IsLongerThan(longest()):
		return pay.Invalid("price.interval_long", "An interval is at most a hundred years.", field("interval")...)
	case p.Trial != nil && p.Trial.IsZero():
		return pay.Invalid("price.trial_zero", "A trial has to be longer than nothing.", field("trial")...)
	case p.Trial != nil && p.Trial.IsLongerThan(longest()):
		return pay.Invalid("price.trial_long", "A trial is at most a hundred years.", field("trial")...)
	}
	return nil
}

// longest is the longest time that anything is sold for: what is bought ends in a
// year that every client can write.
func longest() pay.Period { return pay.Period{Months: 100 * 12} }

// validate judges the grants of a product of kind.
func (g Grants) validate(kind pay.ProductKind) (giftOf *pay.ProductID, err error) {
	if g.RefundPolicy != "" && !slices.Contains(pay.RefundPolicies(), g.RefundPolicy) {
		return nil, pay.Invalid("grants.refund_policy", "There is no such refund policy.", "grants", "refundPolicy")
	}
	if err := g.validateResources(kind); err != nil {
		return nil, err
	}
	if g.Pages != nil {
		if kind != pay.ProductDirect {
			return nil, pay.Invalid("grants.pages_not_allowed", "Only a DIRECT product opens pages.", "grants", "pages")
		}
		if _, err := path.Match(*g.Pages, "page"); err != nil || !isLine(*g.Pages, longestName) {
			return nil, invalid("grants.pages", "The pages are a pattern of 1 to %d characters, such as * or articles-*.", longestName).At("grants", "pages")
		}
	}
	if g.Duration != nil {
		if kind != pay.ProductDirect {
			return nil, pay.Invalid("grants.duration_not_allowed", "Only the grants of a DIRECT product have a duration.", "grants", "duration")
		}
		if g.Duration.IsZero() {
			return nil, pay.Invalid("grants.duration_zero", "A duration has to be longer than nothing.", "grants", "duration")
		}
		if g.Duration.IsLongerThan(longest()) {
			return nil, pay.Invalid("grants.duration_long", "A duration is at most a hundred years; without one it is for good.", "grants", "duration")
		}
	}
	return g.validateGift(kind)
}

func (g Grants) validateResources(kind pay.ProductKind) error {
	if len(g.Resources) > 0 && kind != pay.ProductDirect && kind != pay.ProductSubscription {
		return pay.Invalid("grants.resources_not_allowed", "Only DIRECT and SUBSCRIPTION products open resources.", "grants", "resources")
	}
	if len(g.Resources) > mostResources {
		return invalid("grants.resources", "A product opens at most %d resources.", mostResources).At("grants", "resources")
	}
	for at, name := range g.Resources {
		switch {
		case !isLine(name, longestName):
			return invalid("grants.resource", "A resource's name is 1 to %d printable characters.", longestName).At("grants", "resources", strconv.Itoa(at))
		case slices.Contains(g.Resources[:at], name):
			return pay.Invalid("grants.resource_twice", "This resource is listed twice.", "grants", "resources", strconv.Itoa(at))
		}
	}
	return nil
}

func (g Grants) validateGift(kind pay.ProductKind) (*pay.ProductID, error) {
	isGift := kind == pay.ProductGift
	switch {
	case isGift && g.GiftOf == nil:
		return nil, pay.Invalid("grants.gift_of_missing", "A gift needs the product that it gives.", "grants", "giftOf")
	case !isGift && g.GiftOf != nil:
		return nil, pay.Invalid("grants.gift_of_not_allowed", "Only a gift gives another product.", "grants", "giftOf")
	case !isGift:
		return nil, nil //nolint:nilnil // it gives nothing, and that is right
	}
	id, err := pay.ParseProductID(*g.GiftOf)
	if err != nil {
		return nil, pay.NotFound("product", "grants", "giftOf").Because(err)
	}
	return &id, nil
}

func invalid(key, format string, args ...any) *pay.Error {
	return pay.Errorf(pay.CodeInvalid, key, "%s", fmt.Sprintf(format, args...))
}

// isLine reports whether s is 1 to longest characters of one printed line.
func isLine(s string, longest int) bool {
	return strings.TrimSpace(s) != "" && isText(s, longest) && !strings.ContainsFunc(s, unicode.IsControl)
}

// isText reports whether s is at most longest characters that both databases
// keep: printed ones, line breaks and tabs.
func isText(s string, longest int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}
