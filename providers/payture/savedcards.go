package payture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/paygraph/paygraph/providers"
)

// Cards lists the customer's cards with GetList: at most 20, without those that
// were removed or have expired (Payture docs, ewallet/cards/get-list). A
// customer who never was registered has none; one whose password is not the
// registered one is an error, for a list that is wrongly empty would take cards
// away.
func (c *Client) Cards(ctx context.Context, who providers.Customer) ([]providers.SavedCard, error) {
	const op, act = providers.OpSaveCard, "list the cards"
	wallet, known, err := c.customerFor(op, who)
	if err != nil {
		return nil, err
	}
	answer, trouble := c.sendAs(ctx, known, wallet.AddTerminal, "GetList")
	if trouble != nil {
		return nil, trouble.ofLook(op, act)
	}
	code := answer.code()
	switch answer.success() {
	case saysYes:
		if !answer.isFrom(known) {
			return nil, failure(op, providers.Malformed, code, fmt.Errorf("%s: %w", act, errOtherCustomer))
		}
		return wallet.cardsIn(answer), nil
	case saysNo:
		if isUnheardOf(code) {
			return nil, nil
		}
		return nil, failure(op, kindOfCode(code, providers.Unavailable), code, reasonOf(act, code))
	case saysNothing:
	}
	return nil, failure(op, providers.Malformed, code, fmt.Errorf("%s: %w", act, errNeither))
}

// isUnheardOf reports whether a code says that there is no such customer.
func isUnheardOf(code string) bool { return code == "USER_NOT_FOUND" || code == "CUSTOMER_NOT_FOUND" }

// RemoveCard has Payture forget a card with Remove. One that is not known any
// more is removed: it may be repeated.
func (c *Client) RemoveCard(ctx context.Context, who providers.Customer, ref string) error {
	const op, act = providers.OpSaveCard, "remove the card"
	wallet, known, err := c.customerFor(op, who)
	if err != nil {
		return err
	}
	if !isCardRef(ref) {
		return failure(op, providers.Rejected, "", fmt.Errorf("%s: %w", act, errNoCardRef))
	}
	answer, trouble := c.sendAs(ctx, known, wallet.AddTerminal, "Remove", pair{"CardId", ref})
	if trouble != nil {
		return trouble.ofChange(op, act)
	}
	code := answer.code()
	if answer.success() == saysNo && (code == "CARD_NOT_FOUND" || code == "WRONG_CARD" || isUnheardOf(code)) {
		return nil
	}
	return answer.aboutCard(op, act, known, ref)
}

// aboutCard judges the answer to a change of one card: nil when it says yes, of this
// customer's card.
func (r reply) aboutCard(op providers.Op, act string, who customer, ref string) error {
	problem := errNeither
	switch r.success() {
	case saysYes:
		if r.isFrom(who) && r.repeats("CardId", ref) {
			return nil
		}
		problem = errors.New("the answer is about another card")
	case saysNo:
		return failure(op, kindOfCode(r.code(), providers.Unknown), r.code(), reasonOf(act, r.code()))
	case saysNothing:
	}
	return failure(op, providers.Unknown, r.code(), fmt.Errorf("%s: %w", act, problem))
}

// cardsIn reads the items of GetList. One without an id is nothing that we could
// charge or remove; of two with the same id the first counts.
func (w *Wallet) cardsIn(answer reply) []providers.SavedCard {
	var list []providers.SavedCard
	seen := make(map[string]bool, len(answer.items))
	for _, item := range answer.items {
		ref := item.get("CardId")
		if !isCardRef(ref) || seen[ref] {
			continue
		}
		seen[ref] = true
		mask := maskOf(item.get("CardName"))
		list = append(list, providers.SavedCard{
			Ref:         ref,
			Card:        providers.Card{Brand: brandOf(mask), Mask: mask},
			Holder:      holderOf(item.get("CardHolder")),
			Active:      strings.EqualFold(item.get("Status"), "IsActive"), // NotActive is the other value that was seen
			Expired:     strings.EqualFold(item.get("Expired"), "true"),
			RequiresCVV: w.requiresCVV(item.get("NoCVV")),
		})
	}
	return list
}

// requiresCVV reads NoCVV by the account's rule. An attribute that is missing or
// is neither true nor false bars nothing: the charge then tells, and a refused
// one takes no money.
func (w *Wallet) requiresCVV(noCVV string) bool {
	switch strings.ToLower(noCVV) {
	case "true":
		return w.NoCVVReversed
	case "false":
		return !w.NoCVVReversed
	}
	return false
}

// isCardRef reports whether s can be a CardId: 36 characters, a GUID. FreePay is
// no card: with it Pay would take a new one.
func isCardRef(s string) bool { return isSessionID(s) && !strings.EqualFold(s, "FreePay") }

// maskOf writes CardName, e.g. 411111xxxxxx1112, with at most the first six and
// the last four digits, whatever Payture shows. What is no mask of a card is "".
func maskOf(name string) string {
	const head, tail = 6, 4
	if len(name) < 12 || len(name) > 19 || strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune("0123456789xX*", r) }) {
		return ""
	}
	hide := func(r rune) rune {
		if r == 'X' || r == '*' {
			return 'x'
		}
		return r
	}
	return strings.Map(hide, name[:head]) + strings.Repeat("x", len(name)-head-tail) + strings.Map(hide, name[len(name)-tail:])
}

// holderOf writes a card's holder as one line; what has digits is no name, and
// may be a number that somebody typed into the wrong field.
func holderOf(name string) string {
	const longest = 60
	if strings.ContainsFunc(name, unicode.IsDigit) {
		return ""
	}
	return plainText(name, longest)
}
