package payture

import (
	"context"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// startSaving is Start with SaveFor: the payer pays on the wallet's page, as a
// customer whom Payture then offers to keep the card.
func (c *Client) startSaving(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	wallet, who, err := c.customerFor(providers.OpStart, *r.SaveFor)
	if err != nil {
		return providers.Result{}, err
	}
	on := page{api: walletInterface, name: "Pay", sessionType: sessionType(wallet.TwoStage), template: wallet.Template}
	about, err := c.initPairs(r, on)
	if err != nil {
		return providers.Result{}, err
	}
	if err := c.register(ctx, providers.OpStart, wallet.AddTerminal, who, *r.SaveFor); err != nil {
		return providers.Result{}, err
	}
	asked := c.clock.Now()
	answer, trouble := c.sendAs(ctx, who, wallet.PayTerminal, "Init", about...)
	if trouble == nil && !answer.isFrom(who) {
		return providers.Result{}, unclear(providers.OpStart, r.OrderNumber, answer, "Init answers for another customer")
	}
	return c.begun(ctx, r, on, asked, answer, trouble)
}

// StartCard opens the wallet's page on which the customer adds a card, and
// registers the customer before. The amount is held for a moment when a card is
// tried (Payture docs, ewallet/cards/add).
//
// The order number is not sent: Init of this kind does without, no answer names
// it, and what a session came to is seen in the list of cards. So nothing keeps
// a caller from opening another one.
func (c *Client) StartCard(ctx context.Context, r providers.CardRequest) (providers.CardSession, error) {
	const op, act = providers.OpSaveCard, "open the page of cards"
	wallet, who, err := c.customerFor(op, r.Customer)
	if err != nil {
		return providers.CardSession{}, err
	}
	if err := c.checkAmount(op, r.Amount); err != nil {
		return providers.CardSession{}, err
	}
	back, err := returnURL(r.ReturnURL)
	if err != nil {
		return providers.CardSession{}, failure(op, providers.Rejected, "", fmt.Errorf("%s: %w", act, err))
	}
	if err := c.register(ctx, op, wallet.AddTerminal, who, r.Customer); err != nil {
		return providers.CardSession{}, err
	}
	on := page{api: walletInterface, name: "Add", sessionType: "Add", template: wallet.Template}
	asked := c.clock.Now()
	answer, trouble := c.sendAs(ctx, who, wallet.AddTerminal, "Init",
		pair{"SessionType", on.sessionType},
		pair{"Amount", fmt.Sprint(r.Amount.Amount)},
		pair{"Url", back},
		pair{"IP", wire.IP(r.Payer.IP)},
		pair{"PhoneNumber", phoneDigits(r.Payer.Phone)},
		pair{"TemplateTag", on.template},
		pair{"Language", language(r.Payer.Locale)},
	)
	if trouble != nil {
		return providers.CardSession{}, trouble.ofChange(op, act)
	}
	session := answer.get("SessionId")
	var problem error
	switch {
	case answer.success() == saysNo:
		return providers.CardSession{}, failure(op, kindOfCode(answer.code(), providers.Unknown), answer.code(), reasonOf(act, answer.code()))
	case answer.success() != saysYes:
		problem = errNeither
	case !answer.isFrom(who):
		problem = errOtherCustomer
	case !answer.repeats("SessionType", on.sessionType):
		problem = errors.New("the answer is about another type of session")
	case !isSessionID(session):
		problem = errors.New("the answer gives no session")
	default: // Amount is not compared: for Add it may be what was asked, nothing or 0
		return providers.CardSession{Redirect: *c.redirect(on, session, asked.Add(lifeOf(answer))), AttemptsLeft: attemptsOf(answer)}, nil
	}
	return providers.CardSession{}, failure(op, providers.Unknown, answer.code(), fmt.Errorf("%s: %w", act, problem))
}

// attemptsOf reads AttemptsCount, how many cards the session may try; nil when
// it is not told.
func attemptsOf(answer reply) *int {
	const most = 1000
	count, ok := parseDigits(answer.get("AttemptsCount"))
	if !ok || count > most {
		return nil
	}
	left := int(count)
	return &left
}
