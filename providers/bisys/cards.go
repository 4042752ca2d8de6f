package bisys

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// cardRequest is about one user and, for a deactivation, one card.
type cardRequest struct {
	UserToken  string `json:"userToken"`
	CardToken  string `json:"cardToken,omitempty"`
	ClientType string `json:"clientType,omitempty"`
}

// StartCard opens the vendor's page on which the customer adds a card, and registers
// the customer before. The vendor takes up to 5 tenge and gives them back (Shop API,
// registration of a card): r.Amount is not sent, nor is the order number, and what
// came of it is seen in the list of cards. It may be repeated.
func (c *Client) StartCard(ctx context.Context, r providers.CardRequest) (providers.CardSession, error) {
	const op, act = providers.OpSaveCard, "open the page of cards"
	token, err := c.register(ctx, op, r.Customer)
	if err != nil {
		return providers.CardSession{}, err
	}
	answer, trouble := c.ask(ctx, newCardPath, cardRequest{UserToken: token, ClientType: c.config.ClientType}, token)
	if trouble != nil {
		return providers.CardSession{}, trouble.ofWrite(op, act)
	}
	if !answer.repeats("userToken", token) {
		return providers.CardSession{}, aboutUser(op, providers.Unknown, act)
	}
	page, err := c.pageOf(answer)
	if err != nil {
		return providers.CardSession{}, failure(op, providers.Unknown, "", fmt.Errorf("%s: %w", act, err))
	}
	return providers.CardSession{Redirect: *page}, nil
}

// Cards lists the customer's cards. A customer whom the shop does not know has none.
// Deactivated cards are listed as not active, as the vendor does; deleted ones are
// left out.
func (c *Client) Cards(ctx context.Context, who providers.Customer) ([]providers.SavedCard, error) {
	token, err := c.userOf(ctx, providers.OpSaveCard, who)
	if err != nil || token == "" {
		return nil, err
	}
	return c.cardsOf(ctx, token)
}

// cardsOf lists the cards of a user.
func (c *Client) cardsOf(ctx context.Context, token string) ([]providers.SavedCard, error) {
	const op, act = providers.OpSaveCard, "list the cards"
	answer, trouble := c.ask(ctx, cardsPath, cardRequest{UserToken: token}, token)
	if trouble != nil {
		return nil, trouble.ofRead(op, act)
	}
	if !answer.repeats("userToken", token) {
		return nil, aboutUser(op, providers.Malformed, act)
	}
	found, ok := answer.objects("cards")
	if !ok {
		return nil, failure(op, providers.Malformed, "", errors.New(act+": the answer has no list"))
	}
	var list []providers.SavedCard
	seen := make(map[string]bool, len(found))
	for _, each := range found {
		ref, state := each.text("cardToken"), strings.ToLower(each.text("state"))
		if !isID(ref) || seen[ref] || state == "deleted" {
			continue
		}
		seen[ref] = true
		month, year := expiry(each.text("exp"))
		list = append(list, providers.SavedCard{
			Ref:      ref,
			Card:     providers.Card{Brand: brandOf(each.text("cardType")), Mask: maskOf(each.text("cardMask"))},
			ExpMonth: month, ExpYear: year,
			Active: state == "active" || state == "", // older lists have no state and active cards only
		})
	}
	return list, nil
}

// RemoveCard has the vendor deactivate a card, which then can pay no more. One that
// is gone already is removed, whatever the vendor calls that: it may be repeated.
func (c *Client) RemoveCard(ctx context.Context, who providers.Customer, ref string) error {
	const op, act = providers.OpSaveCard, "remove the card"
	if !isID(ref) {
		return rejected(op, act, errNoCardToken)
	}
	token, err := c.userOf(ctx, op, who)
	if err != nil || token == "" {
		return beforeChange(err)
	}
	answer, trouble := c.ask(ctx, deactivationPath, cardRequest{UserToken: token, CardToken: ref}, token, ref)
	if trouble != nil {
		if trouble.exception.fault == faultCard {
			return nil
		}
		return trouble.ofWrite(op, act)
	}
	switch strings.ToLower(answer.text("resultState")) {
	case "success":
		if !answer.repeats("userToken", token) {
			return aboutUser(op, providers.Unknown, act)
		}
		return nil
	case "fail":
		return c.stillThere(ctx, token, ref)
	}
	return failure(op, providers.Unknown, "", errors.New(act+": the answer says neither success nor fail"))
}

// beforeChange is the error of a question that comes before a change: when its answer
// made no sense, the change was surely not asked for.
func beforeChange(err error) error {
	if e, ok := errors.AsType[*providers.Error](err); ok && e.Kind == providers.Malformed {
		e.Kind = providers.Unavailable
	}
	return err
}

// stillThere tells a deactivation that failed from one that had nothing to do: nil
// when the card is not active any more.
func (c *Client) stillThere(ctx context.Context, token, ref string) error {
	const op = providers.OpSaveCard
	list, err := c.cardsOf(ctx, token)
	if err != nil {
		return err
	}
	for _, card := range list {
		if card.Ref == ref && card.Active {
			return rejected(op, "remove the card", errors.New("the vendor says fail, and the card is active still"))
		}
	}
	return nil
}

// brandOf is our word for a cardType.
func brandOf(cardType string) string {
	switch strings.ToLower(cardType) {
	case "visa", "maestro", "mir":
		return strings.ToLower(cardType)
	case "master_card":
		return "mastercard"
	}
	return ""
}

// maskOf writes a cardMask, e.g. 400000******0002, with at most the first six and
// the last four digits, whatever the vendor shows; "" for what is no mask of a card.
func maskOf(mask string) string {
	const head, tail = 6, 4
	if len(mask) < 12 || len(mask) > 19 || strings.ContainsFunc(mask, func(r rune) bool { return !strings.ContainsRune("0123456789*xX", r) }) {
		return ""
	}
	stars := strings.NewReplacer("*", "x", "X", "x")
	return stars.Replace(mask[:head]) + strings.Repeat("x", len(mask)-head-tail) + stars.Replace(mask[len(mask)-tail:])
}

// expiry reads exp, MMyyyy, which older lists tell; zeros when it is not told.
func expiry(exp string) (month, year int) {
	if len(exp) != 6 || !wire.IsDigits(exp) {
		return 0, 0
	}
	month, _ = strconv.Atoi(exp[:2])
	year, _ = strconv.Atoi(exp[2:])
	if month < 1 || month > 12 {
		return 0, 0
	}
	return month, year
}
