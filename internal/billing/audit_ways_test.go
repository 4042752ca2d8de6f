package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// slowCatalogue does something between the commit of an attempt and its call.
type slowCatalogue struct {
	billing.Catalogue

	now func()
}

func (c *slowCatalogue) Cached(ctx context.Context, merchant pay.MerchantID, id pay.ProductID) (*ent.Product, error) {
	if f := c.now; f != nil && viewer.From(ctx).IsProgram() {
		c.now = nil
		f()
	}
	return c.Catalogue.Cached(ctx, merchant, id)
}

// slowBank opens pages slowly and takes roubles only.
type slowBank struct {
	*bank

	opening func()
}

func (b *slowBank) Start(ctx context.Context, r providers.StartRequest) (providers.Result, error) {
	if f := b.opening; f != nil {
		b.opening = nil
		f()
	}
	return b.bank.Start(ctx, r)
}

func (b *slowBank) Capabilities() providers.Capabilities {
	can := b.bank.Capabilities()
	can.Currencies = []pay.Currency{pay.RUB}
	return can
}

func (p *payer) slow() *slowBank {
	slow := &slowBank{bank: p.bank}
	p.Service, p.runner = p.process(providers.Account{Code: "bank", Merchant: p.merchant.ID, TestMode: true, Provider: slow})
	p.Cards = p.drawer
	return slow
}

func TestService_AuditedWays(t *testing.T) {
	t.Parallel()
	payerFact(t, "ChargeThatIsSentTooLateIsNotSent", func(t *testing.T, p *payer) {
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		bill := p.unpaid()
		catalogue := &slowCatalogue{Catalogue: p.Catalogue}
		p.Catalogue = catalogue
		// The call is stuck between its commit and its first byte: the process was
		// stopped, or its machine moved. Meanwhile the attempt is given up.
		paid := false
		catalogue.now = func() {
			catalogue.now = func() {
				catalogue.now = nil
				p.later(3 * time.Minute)
				require.Empty(t, p.pays(uuid.NewString(), bill, byWallet(w)).Errors)
				paid = true
			}
		}
		p.pays(uuid.NewString(), bill, p.byCard())
		require.True(t, paid)
		require.Zero(t, p.bank.taken())
	})
	payerFact(t, "WalletDoesNotSayItHasPaidWhileAPageOpens", func(t *testing.T, p *payer) {
		bank := p.slow()
		w := p.filled(p.user.ID, pay.Of(100000, pay.RUB))
		for _, with := range []billing.PayWith{byWallet(w), p.byCard()} {
			bill := p.unpaid()
			var told *billing.Outcome
			bank.opening = func() { told = p.pays(uuid.NewString(), bill, with) }
			require.Empty(t, p.pays(uuid.NewString(), bill, billing.PayWith{Provider: new("bank")}).Errors)
			require.Equal(t, []pay.Code{pay.CodeConflict}, codes(told))
		}
	})
	payerFact(t, "GuestOfAUsersBillHasNoneOfTheUsersCards", func(t *testing.T, p *payer) {
		in := p.buyPage()
		in.Start, in.User = false, new(p.user.ID.String())
		bill := p.created(p.server(), in)
		shared, err := p.NewAccessToken(p.server(), bill.ID.String(), nil)
		require.NoError(t, err)
		guest, err := p.Tokens.Authenticate(t.Context(), shared.AccessToken)
		require.NoError(t, err)
		asGuest := viewer.With(t.Context(), guest)

		outcome, err := p.Pay(asGuest, billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: new(p.byCard())})
		require.NoError(t, err)
		require.Equal(t, []pay.Code{pay.CodeNotFound}, codes(outcome))
		require.Empty(t, p.bank.calls)

		page := billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), PayWith: &billing.PayWith{Provider: new("bank")}, SaveCard: true}
		outcome, err = p.Pay(asGuest, page)
		require.NoError(t, err)
		require.Equal(t, "card.saving_needs_user", outcome.Errors[0].Key, "nor is theirs saved for the user")
		page.Key, page.SaveCard = uuid.NewString(), false
		outcome, err = p.Pay(asGuest, page)
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Len(t, p.bank.started, 1)
		require.Nil(t, p.bank.started[0].SaveFor)
	})
	payerFact(t, "CardOfAnAccountThatIsNotSetUpIsNotBlamed", func(t *testing.T, p *payer) {
		bill := p.unpaid()
		p.Service, p.runner = p.process(providers.Account{Code: "other", Merchant: p.merchant.ID, TestMode: true, Provider: p.bank})
		p.Cards = p.drawer
		outcome := p.pays(uuid.NewString(), bill, p.byCard())
		require.Equal(t, "provider.not_configured", outcome.Errors[0].Key)
		require.Equal(t, pay.CodeProviderUnavailable, outcome.Errors[0].Code)
		require.Equal(t, "provider.not_configured", p.CheckCharges("bank", bill.Total()).Key)
		require.Nil(t, p.CheckCharges("other", bill.Total()))
	})
	payerFact(t, "AnAccountThatHoldsMoneyFirstIsNotForSubscriptions", func(t *testing.T, p *payer) {
		p.bank.twoStage = true
		total := pay.Of(99000, pay.RUB)
		require.Equal(t, "subscription.two_stage", p.CheckCharges("bank", total).Key)
		wrong, err := p.CheckPayment(p.ctx, p.merchant.ID, p.user.ID, providers.Purchase{Amount: total}, true, billing.PageRequest{Provider: new("bank"), SaveCard: true})
		require.NoError(t, err)
		require.Len(t, wrong, 1)
		require.Equal(t, "subscription.two_stage", wrong[0].Key)
		require.Equal(t, []string{"payWith", "provider"}, wrong[0].Path)
	})
	payerFact(t, "CardOfAnAccountThatTakesAnotherCurrencyIsNotTried", func(t *testing.T, p *payer) {
		p.slow()
		in := p.buyPage()
		in.PageID, in.Product, in.Currency, in.Start = nil, new(p.resource.ID.String()), new(pay.USD), false
		bill := p.created(p.ctx, in)
		outcome := p.pays(uuid.NewString(), bill, p.byCard())
		require.Equal(t, []pay.Code{pay.CodeUnsupported}, codes(outcome))
		require.Empty(t, p.bank.calls)
	})
}
