package billing

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Cards opens saved cards for charging, and saves those that payments leave. It
// is package cards, which billing does not know.
type Cards interface {
	// Chargeable returns what charges a card of the user: CodeNotFound when there
	// is no such card, CodeStateConflict when it cannot be charged.
	Chargeable(ctx context.Context, merchant pay.MerchantID, user pay.UserID, card pay.CardID) (ChargeableCard, error)
	// CustomerOf returns the user as providers know them.
	CustomerOf(ctx context.Context, user pay.UserID) (providers.Customer, error)
	// Hint has the cards read of a customer whom a notification is about, by the
	// provider's own name of them. It reports false for one of nobody's.
	Hint(ctx context.Context, account, customer string) (known bool, err error)
	// SaveLater has the user's cards at an account read soon, and the new one saved.
	SaveLater(ctx context.Context, tx *store.Tx, account string, user pay.UserID) error
	// SavePaid saves the card that a payment was made with, as its provider told it.
	SavePaid(ctx context.Context, tx *store.Tx, account string, user pay.UserID, card providers.SavedCard) error
}

// ChargeableCard is a saved card with what its provider demands for a charge.
type ChargeableCard struct {
	ID       pay.CardID
	Account  string // the provider account's code
	Ref      string // the provider's id of the card: a secret
	Customer providers.Customer
}

// way is how a bill is going to be paid: on a provider's page, by a saved card, or
// from a wallet. Nothing was written yet and nobody was asked.
func (s *Service) way(ctx context.Context, p *plan, with *PayWith, saveCard bool) (opening, error) {
	if err := checkPayWith(with); err != nil {
		return opening{}, err
	}
	var o opening
	var refused *pay.Error
	var err error
	user := p.user
	if viewer.From(ctx).Role == pay.RoleGuest {
		user = nil // the token opens the bill: it charges none of its user's cards, and saves them none
	}
	switch {
	case with != nil && with.Card != nil:
		card, malformed := pay.ParseCardID(*with.Card)
		if malformed != nil {
			return opening{}, pay.NotFound("card", "payWith", "card").Because(malformed)
		}
		o, refused, err = s.byCard(ctx, p.merchant, user, card, p.purchase())
	case with != nil && with.Wallet != nil:
		o, refused, err = s.byWallet(ctx, p, *with.Wallet)
	default:
		var provider *string
		if with != nil {
			provider = with.Provider
		}
		o, refused, err = s.byPage(ctx, p.merchant, user, provider, p.purchase(), need{saving: saveCard, oneStage: p.renews})
	}
	if err != nil {
		return opening{}, err
	}
	if refused != nil {
		return opening{}, refused
	}
	if p.renews && o.Card != nil && o.Account.Provider.Capabilities().TwoStage {
		return opening{}, twoStageRefused().At("payWith", "card")
	}
	if saveCard && o.SaveFor == nil {
		return opening{}, pay.Invalid("card.saving_needs_page", "A card is saved when it is typed on a provider's page.", "saveCard")
	}
	return o, nil
}

// need is what a page's account has to be able to do.
type need struct {
	saving   bool // the card is saved
	oneStage bool // it pays a subscription's period, see twoStageRefused
}

// byPage is the way over a provider's page.
func (s *Service) byPage(ctx context.Context, merchant pay.MerchantID, user *pay.UserID, provider *string, of providers.Purchase, need need) (opening, *pay.Error, error) {
	account, refused := s.chooseAccount(ctx, merchant, provider, of, need)
	if refused != nil || !need.saving {
		return opening{Account: account}, refused, nil
	}
	if user == nil {
		return opening{}, pay.Invalid("card.saving_needs_user", "A card is saved for a user, and this bill has none.", "saveCard"), nil
	}
	customer, err := s.Cards.CustomerOf(ctx, *user)
	if err != nil {
		return opening{}, nil, fmt.Errorf("find the customer %s: %w", *user, err)
	}
	return opening{Account: account, SaveFor: &customer}, nil, nil
}

// byCard is the way by a saved card of the user's.
func (s *Service) byCard(ctx context.Context, merchant pay.MerchantID, user *pay.UserID, id pay.CardID, of providers.Purchase) (opening, *pay.Error, error) {
	unknown := pay.NotFound("card", "payWith", "card")
	if user == nil || s.Cards == nil {
		return opening{}, unknown, nil
	}
	card, err := s.Cards.Chargeable(ctx, merchant, *user, id)
	if err != nil {
		if refused := pay.Readable(err); refused != nil {
			return opening{}, refused.At("payWith", "card"), nil
		}
		return opening{}, nil, fmt.Errorf("open card %s: %w", id, err)
	}
	account, known := s.Accounts.ByCode(card.Account)
	if !known || account.Merchant != merchant {
		return opening{}, accountNotSetUp().At("payWith", "card"), nil
	}
	if s.isKeptFrom(ctx, account, of) {
		return opening{}, notTheirsToChoose().At("payWith", "card"), nil
	}
	if !account.Provider.Capabilities().Can(providers.OpChargeSaved) {
		return opening{}, unsupported("pay_with.card_unsupported", "The provider that keeps this card cannot charge it any more.", "payWith", "card"), nil
	}
	if !account.Capabilities().Allows(of.Amount) {
		return opening{}, unsupported("provider.amount_unsupported", fmt.Sprintf("The provider that keeps this card does not take %s.", of.Amount), "payWith", "card"), nil
	}
	return opening{Account: account, Card: &card, Initiator: providers.ByPayer}, nil, nil
}

// accountNotSetUp is why a card is not charged whose account no accounts file names at
// present. That is the merchant's mistake, and says nothing about the card.
func accountNotSetUp() *pay.Error {
	return pay.Errorf(pay.CodeProviderUnavailable, "provider.not_configured", "The provider account that keeps this card is not set up at present. Nothing was taken.")
}

// twoStageRefused is why an account that holds money first pays for no subscription:
// a period begins when its money is taken, and nobody is there to take it.
func twoStageRefused() *pay.Error {
	return unsupported("subscription.two_stage",
		"This provider account holds money until the merchant takes it, which a subscription cannot wait for. Use an account with a one-stage terminal.")
}

// byWallet is the way out of a wallet of the bill's user, which the caller has to
// see too.
func (s *Service) byWallet(ctx context.Context, p *plan, raw string) (opening, *pay.Error, error) {
	unknown := pay.NotFound("wallet", "payWith", "wallet")
	id, err := pay.ParseWalletID(raw)
	if err != nil || p.user == nil {
		return opening{}, unknown, nil
	}
	w, err := s.Store.Read().Wallet.Get(ctx, id)
	switch {
	case ent.IsNotFound(err):
		return opening{}, unknown, nil
	case err != nil:
		return opening{}, nil, fmt.Errorf("read wallet %s: %w", id, err)
	case w.UserID != *p.user || w.MerchantID != p.merchant:
		return opening{}, unknown, nil
	case w.Currency != p.total.Currency:
		return opening{}, pay.Invalid("wallet.currency_differs", "The wallet holds another currency than the bill's.", "payWith", "wallet"), nil
	case p.kind == pay.ProductTopUp:
		return opening{}, pay.Invalid("bill.top_up_from_wallet", "A wallet cannot be topped up from a wallet.", "payWith", "wallet"), nil
	}
	return opening{Wallet: &id}, nil, nil
}

// errInDoubt refuses what must wait until an earlier attempt is known.
func errInDoubt() *pay.Error {
	return pay.Errorf(pay.CodeConflict, "bill.in_doubt", "An earlier attempt may have taken the money. Its provider is being asked.")
}

// errOpening refuses a card or a wallet while another call opens a page: which of
// the two pays has to be known first.
func errOpening() *pay.Error {
	return pay.Errorf(pay.CodeConflict, "bill.opening", "A page for this bill is being opened right now. Try again in a moment.")
}

// wayOf is way for a bill that is there.
func (s *Service) wayOf(ctx context.Context, b *ent.Bill, with *PayWith, saveCard bool) (opening, error) {
	of, err := s.purchaseOf(ctx, b)
	if err != nil {
		return opening{}, err
	}
	p := &plan{merchant: b.MerchantID, user: b.UserID, total: of.Amount, code: of.Product, kind: of.Kind, renews: b.SubscriptionID != nil}
	return s.way(ctx, p, with, saveCard)
}

// pay takes the way: it charges the card, pays from the wallet, or opens the page.
func (s *Service) pay(ctx context.Context, c keyed, id pay.BillID, o opening, insert insertFunc) (*Outcome, error) {
	switch {
	case o.Card != nil:
		return s.charge(ctx, c, id, o, insert)
	case o.Wallet != nil:
		return s.payFromWallet(ctx, c, id, o, insert)
	}
	return s.open(ctx, c, id, o, insert)
}

// saveCard has the card that paid an attempt saved: the one that its provider told, or
// by a job that reads the provider's list.
func (s *Service) saveCard(ctx context.Context, tx *store.Tx, b *ent.Bill, a *ent.Attempt, told *providers.SavedCard) error {
	account, known := s.Accounts.ByCode(a.Account)
	if b.UserID == nil || s.Cards == nil || !known {
		return nil
	}
	var err error
	switch {
	case told != nil:
		err = s.Cards.SavePaid(ctx, tx, a.Account, *b.UserID, *told)
	case account.Provider.Capabilities().Can(providers.OpSaveCard):
		err = s.Cards.SaveLater(ctx, tx, a.Account, *b.UserID)
	}
	if err != nil {
		return fmt.Errorf("save the card of attempt %s: %w", a.ID, err)
	}
	return nil
}
