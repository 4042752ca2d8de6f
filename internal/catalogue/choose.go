package catalogue

import (
	"path"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
)

// PriceFor chooses the price of p, with all its prices loaded (Cached), that a
// buyer means: the one named by id, or the only one on sale, in the currency
// when one is named. It reads nothing.
//
// It returns CodeNotFound for an id that is not a price of p, and CodeInvalid
// for a price that is off sale, a currency without a price, and a choice that is
// left open. The path names the field price or currency.
func PriceFor(p *ent.Product, id *pay.PriceID, currency *pay.Currency) (*ent.Price, error) {
	if id != nil {
		return priceByID(p, *id, currency)
	}
	var chosen *ent.Price
	for _, candidate := range p.Edges.Prices {
		if !candidate.Active || currency != nil && candidate.Currency != *currency {
			continue
		}
		if chosen != nil {
			return nil, ambiguous(currency)
		}
		chosen = candidate
	}
	switch {
	case chosen != nil:
		return chosen, nil
	case currency != nil:
		return nil, noPriceIn(*currency)
	}
	return nil, pay.Invalid("price.none", "The product has no price on sale.", "product")
}

func priceByID(p *ent.Product, id pay.PriceID, currency *pay.Currency) (*ent.Price, error) {
	for _, candidate := range p.Edges.Prices {
		if candidate.ID != id {
			continue
		}
		if !candidate.Active {
			return nil, pay.Invalid("price.inactive", "This price is no longer on sale.", "price")
		}
		if currency != nil && candidate.Currency != *currency {
			return nil, pay.Invalid("currency.other_price", "The price is in another currency.", "currency")
		}
		return candidate, nil
	}
	return nil, pay.NotFound("price", "price")
}

func noPriceIn(currency pay.Currency) error {
	return pay.Errorf(pay.CodeInvalid, "currency.no_price", "The product has no price in %s.", currency).At("currency")
}

// ambiguous asks for what would settle the choice: the currency, or, within one,
// the price.
func ambiguous(currency *pay.Currency) error {
	if currency == nil {
		return pay.Invalid("currency.ambiguous", "The product has several prices: name one, or a currency with only one.", "currency")
	}
	return pay.Errorf(pay.CodeInvalid, "currency.ambiguous", "The product has several prices in %s: name one.", *currency).At("price")
}

// GrantsPage reports whether a buyer of p may name this page: whether the
// product's glob matches it. "*" alone is any page, with slashes too; elsewhere
// a star stays within one part of the path.
func GrantsPage(p *ent.Product, pageID string) bool {
	if p.GrantPages == nil || pageID == "" {
		return false
	}
	if *p.GrantPages == "*" {
		return true
	}
	matched, err := path.Match(*p.GrantPages, pageID)
	return err == nil && matched
}
