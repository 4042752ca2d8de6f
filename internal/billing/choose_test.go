package billing_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// till is a provider of which only what it can do matters: it opens every page.
type till struct {
	name providers.Name
	can  providers.Capabilities
}

func (till) Sync(context.Context, providers.Ref) (providers.Result, error) {
	return providers.Result{Status: providers.ActionRequired}, nil
}

func (till) Start(context.Context, providers.StartRequest) (providers.Result, error) {
	return providers.Result{Status: providers.ActionRequired, Redirect: &providers.Redirect{URL: "https://till.example/pay", Method: "GET"}}, nil
}

func (t till) Name() providers.Name { return t.name }

func (t till) Capabilities() providers.Capabilities {
	t.can.Ops = append(t.can.Ops, providers.OpStart, providers.OpSync)
	t.can.SyncByOurNumber, t.can.SessionLife, t.can.SettlingTime = true, time.Hour, time.Minute
	return t.can
}

// chooses gives the shop four accounts: two of acme, for small and for large sums of
// rubles; one of a bank for dollars, which saves cards; and one that holds money
// first. Its rules are those given.
func (b *bundle) chooses(rules ...providers.Route) {
	b.t.Helper()
	rub := []pay.Currency{pay.RUB}
	account := func(code string, p till) providers.Account {
		return providers.Account{Code: code, Merchant: b.merchant.ID, TestMode: true, Provider: p}
	}
	b.Service, b.runner = b.process(
		account("acme-small", till{"acme", providers.Capabilities{Currencies: rub, Max: map[pay.Currency]int64{pay.RUB: 50000}}}),
		account("acme-large", till{"acme", providers.Capabilities{Currencies: rub, Min: map[pay.Currency]int64{pay.RUB: 50001}}}),
		account("bank", till{"bank", providers.Capabilities{Currencies: []pay.Currency{pay.USD, pay.RUB}, Ops: []providers.Op{providers.OpSaveCard}}}),
		account("held", till{"bank", providers.Capabilities{TwoStage: true, Ops: []providers.Op{providers.OpSavePaid}}}),
	)
	b.Routes = func(merchant pay.MerchantID) []providers.Route {
		return map[pay.MerchantID][]providers.Route{b.merchant.ID: rules}[merchant]
	}
}

// limited gives the shop one account, which its operator lets take 1.00 to 600.00
// rubles and its provider up to 500.00.
func (b *bundle) limited() {
	b.t.Helper()
	b.Service, b.runner = b.process(providers.Account{
		Code: "acme", Merchant: b.merchant.ID, TestMode: true,
		Provider: till{"acme", providers.Capabilities{Currencies: []pay.Currency{pay.RUB}, Max: map[pay.Currency]int64{pay.RUB: 50000}}},
		Min:      map[pay.Currency]int64{pay.RUB: 100}, Max: map[pay.Currency]int64{pay.RUB: 60000},
	})
}

// buyArchive is a bill of 100.00 RUB or 5.00 USD.
func (b *bundle) buyArchive(currency pay.Currency) billing.NewBill {
	in := b.buyPage()
	in.Product, in.PageID, in.Currency = new(b.resource.ID.String()), nil, &currency
	return in
}

func TestService_ChoosesAnAccount(t *testing.T) {
	t.Parallel()

	accountOf := func(b *bundle, in billing.NewBill) string { return b.current(b.created(b.server(), in)).Account }
	refused := func(t *testing.T, b *bundle, in billing.NewBill) *pay.Error {
		t.Helper()
		outcome, err := b.Create(b.server(), in)
		require.NoError(t, err)
		require.Len(t, outcome.Errors, 1)
		require.True(t, outcome.Bill.IsZero())
		return outcome.Errors[0]
	}

	fact(t, "WithoutRulesTheFirstThatTakesIt", func(t *testing.T, b *bundle) {
		b.chooses()
		require.Equal(t, "acme-large", accountOf(b, b.buyPage()))
		require.Equal(t, "acme-small", accountOf(b, b.buyArchive(pay.RUB)))
		require.Equal(t, "bank", accountOf(b, b.buyArchive(pay.USD)))
	})
	fact(t, "ByTheRuleOfTheProduct", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Products: []string{"archive"}, Accounts: []string{"held"}}, providers.Route{Accounts: []string{"bank"}})
		require.Equal(t, "held", accountOf(b, b.buyArchive(pay.RUB)))
		require.Equal(t, "bank", accountOf(b, b.buyPage()))
	})
	fact(t, "ByTheRuleOfTheKindAndTheSum", func(t *testing.T, b *bundle) {
		b.chooses(
			providers.Route{Kinds: []pay.ProductKind{pay.ProductGift}, Accounts: []string{"held"}},
			providers.Route{Kinds: []pay.ProductKind{pay.ProductDirect}, Max: map[pay.Currency]int64{pay.RUB: 10000}, Accounts: []string{"bank"}},
		)
		require.Equal(t, "bank", accountOf(b, b.buyArchive(pay.RUB)))
		require.Equal(t, "acme-large", accountOf(b, b.buyPage()))
	})
	fact(t, "LinesOfTheMerchantsOwnMeetNoRuleOfProducts", func(t *testing.T, b *bundle) {
		b.chooses(
			providers.Route{Products: []string{"archive", "page"}, Accounts: []string{"held"}},
			providers.Route{Currencies: []pay.Currency{pay.RUB}, Accounts: []string{"bank"}},
		)
		in := billing.NewBill{Key: uuid.NewString(), Start: true, Lines: []billing.NewLine{{Title: "A talk", Quantity: 1, Unit: pay.Of(100, pay.RUB)}}}
		require.Equal(t, "bank", accountOf(b, in))
	})
	fact(t, "AnAccountThatCannotIsPassedOver", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"acme-small", "acme-large", "bank"}})
		require.Equal(t, "acme-large", accountOf(b, b.buyPage()))
		in := b.buyArchive(pay.USD)
		in.User, in.SaveCard = new(b.ann().String()), true
		b.Cards = &drawer{}
		require.Equal(t, "bank", accountOf(b, in))
	})
	fact(t, "TheSameRuleHoldsForABillThatIsThere", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Products: []string{"page"}, Accounts: []string{"held"}})
		in := b.buyPage()
		in.Start = false
		bill := b.created(b.public(), in)
		outcome, err := b.Pay(b.guest(bill.ID), billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String()})
		require.NoError(t, err)
		require.Empty(t, outcome.Errors)
		require.Equal(t, "held", b.current(b.bill(bill.ID)).Account)

		again := b.created(b.public(), func() billing.NewBill { in.Key = uuid.NewString(); return in }())
		wrong, err := b.OpenPage(t.Context(), again.ID, billing.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, wrong)
		require.Equal(t, "held", b.current(b.bill(again.ID)).Account)
	})
	fact(t, "TheCallerChoosesByCodeWhateverTheRules", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"held"}})
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new("acme-large")}
		require.Equal(t, "acme-large", accountOf(b, in))
	})
	fact(t, "TheCallerChoosesByTheVendorTheAccountThatTakesIt", func(t *testing.T, b *bundle) {
		b.chooses()
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new("acme")}
		require.Equal(t, "acme-large", accountOf(b, in))
		in = b.buyArchive(pay.RUB)
		in.PayWith = &billing.PayWith{Provider: new("acme")}
		require.Equal(t, "acme-small", accountOf(b, in))
	})

	fact(t, "NobodyTakesTheCurrency", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"acme-small", "acme-large"}})
		e := refused(t, b, b.buyArchive(pay.USD))
		require.Equal(t, "provider.none_for_currency", e.Key)
		require.Equal(t, pay.CodeUnsupported, e.Code)
		require.Equal(t, []string{"currency"}, e.Path)
	})
	fact(t, "TheNamedOneDoesNotTakeTheSum", func(t *testing.T, b *bundle) {
		b.chooses()
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new("acme-small")}
		e := refused(t, b, in)
		require.Equal(t, "provider.amount_unsupported", e.Key)
		require.Equal(t, []string{"payWith", "provider"}, e.Path)
	})
	fact(t, "NoneOfTheVendorsTakesTheCurrency", func(t *testing.T, b *bundle) {
		b.chooses()
		in := b.buyArchive(pay.USD)
		in.PayWith = &billing.PayWith{Provider: new("acme")}
		require.Equal(t, "provider.amount_unsupported", refused(t, b, in).Key)
	})
	fact(t, "ThePayerMayChooseAmongAFixedRulesOwn", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"acme-large", "bank"}, Fixed: true})
		named := func(name string) billing.NewBill {
			in := b.buyPage()
			in.Key, in.PayWith = uuid.NewString(), &billing.PayWith{Provider: new(name)}
			return in
		}
		require.Equal(t, "bank", b.current(b.created(b.public(), named("bank"))).Account)
		outcome, err := b.Create(b.public(), named("held"))
		require.NoError(t, err)
		require.Len(t, outcome.Errors, 1)
		require.Equal(t, pay.CodeForbidden, outcome.Errors[0].Code)
		require.Equal(t, []string{"payWith", "provider"}, outcome.Errors[0].Path)
		require.Equal(t, "held", accountOf(b, named("held")), "the merchant's server may")
	})
	fact(t, "AboveTheOperatorsLimit", func(t *testing.T, b *bundle) {
		b.limited()
		require.Equal(t, "provider.none_for_currency", refused(t, b, b.buyPage()).Key)
	})
	fact(t, "NobodyOfThatName", func(t *testing.T, b *bundle) {
		b.chooses()
		in := b.buyPage()
		in.PayWith = &billing.PayWith{Provider: new("nobody")}
		e := refused(t, b, in)
		require.Equal(t, pay.CodeNotFound, e.Code)
		require.Equal(t, []string{"payWith", "provider"}, e.Path)
	})
	fact(t, "NobodySavesCards", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"acme-small", "acme-large"}})
		in := b.buyPage()
		in.SaveCard = true
		e := refused(t, b, in)
		require.Equal(t, "card.saving_unsupported", e.Key)
		require.Equal(t, []string{"saveCard"}, e.Path)
	})
	fact(t, "WhatIsNearestIsSaid", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"acme-small", "held"}})
		wrong, err := b.CheckPayment(b.program(), b.merchant.ID, b.ann(), providers.Purchase{Amount: pay.Of(99000, pay.RUB)}, true, billing.PageRequest{})
		require.NoError(t, err)
		require.Len(t, wrong, 1)
		require.Equal(t, "subscription.two_stage", wrong[0].Key)
	})
	fact(t, "ASubscriptionGoesByTheRuleOfItsProduct", func(t *testing.T, b *bundle) {
		b.chooses(
			providers.Route{Products: []string{"club"}, Kinds: []pay.ProductKind{pay.ProductSubscription}, Accounts: []string{"bank"}},
			providers.Route{Accounts: []string{"held"}},
		)
		ann := b.ann()
		check := func(code string) []*pay.Error {
			of := providers.Purchase{Amount: pay.Of(99000, pay.RUB), Product: code, Kind: pay.ProductSubscription}
			wrong, err := b.CheckPayment(b.program(), b.merchant.ID, ann, of, true, billing.PageRequest{})
			require.NoError(t, err)
			return wrong
		}
		require.Empty(t, check("club"))
		require.Len(t, check("other"), 1)
	})
}

// A fixed rule keeps a payer from cards of other accounts too, and a subscription, which
// is charged where its card is, from nothing.
func TestService_FixedRouteAndCards(t *testing.T) {
	t.Parallel()
	payerFact(t, "ACardOfAnotherAccountIsRefused", func(t *testing.T, p *payer) {
		fixed := providers.Route{Accounts: []string{"elsewhere"}, Fixed: true}
		p.Routes = func(pay.MerchantID) []providers.Route { return []providers.Route{fixed} }
		bill := p.unpaid()
		outcome := p.pays(uuid.NewString(), bill, p.byCard())
		require.Len(t, outcome.Errors, 1)
		require.Equal(t, pay.CodeForbidden, outcome.Errors[0].Code)
		require.Equal(t, []string{"payWith", "card"}, outcome.Errors[0].Path)
		require.Zero(t, p.bank.taken())
		fixed.Accounts = []string{"bank"}
		require.Empty(t, p.pays(uuid.NewString(), bill, p.byCard()).Errors)
	})
	payerFact(t, "APeriodIsChargedWhereItsCardIs", func(t *testing.T, p *payer) {
		p.Routes = func(pay.MerchantID) []providers.Route {
			return []providers.Route{{Accounts: []string{"elsewhere"}, Fixed: true}}
		}
		for at, by := range []context.Context{p.ctx, p.program()} {
			require.NoError(t, p.ChargePeriod(by, p.unpaid().ID, p.card, 1, providers.ByMerchant, billing.Payer{}, nil))
			require.Equal(t, at+1, p.bank.taken())
		}
	})
}

// Accounts of one provider are listed one by one, each with what it can do.
func TestService_ProvidersAreAccounts(t *testing.T) {
	t.Parallel()
	codesOf := func(accounts []providers.Account) []string {
		list := []string{}
		for _, account := range accounts {
			list = append(list, account.Code)
		}
		return list
	}
	fact(t, "OfOneProviderEach", func(t *testing.T, b *bundle) {
		b.chooses()
		all, err := b.Providers(b.public(), nil, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"acme-small", "acme-large", "bank", "held"}, codesOf(all))
		large, err := b.Providers(b.public(), new(pay.Of(99000, pay.RUB)), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"acme-large", "bank", "held"}, codesOf(large))
		saving, err := b.Providers(b.public(), new(pay.Of(500, pay.USD)), new("save_card"))
		require.NoError(t, err)
		require.Equal(t, []string{"bank"}, codesOf(saving))
	})
	fact(t, "InTheOrderOfTheRule", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Currencies: []pay.Currency{pay.RUB}, Accounts: []string{"held", "bank"}})
		rubles, err := b.Providers(b.public(), new(pay.Of(99000, pay.RUB)), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"held", "bank", "acme-large"}, codesOf(rubles), "who names another may have it")
		dollars, err := b.Providers(b.public(), new(pay.Of(500, pay.USD)), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"bank", "held"}, codesOf(dollars))
	})
	fact(t, "OfAFixedRuleItsOwnAlone", func(t *testing.T, b *bundle) {
		b.chooses(providers.Route{Accounts: []string{"held", "bank"}, Fixed: true})
		payers, err := b.Providers(b.public(), new(pay.Of(99000, pay.RUB)), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"held", "bank"}, codesOf(payers))
		servers, err := b.Providers(b.server(), new(pay.Of(99000, pay.RUB)), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"held", "bank", "acme-large"}, codesOf(servers))
	})
	fact(t, "OfNothingNone", func(t *testing.T, b *bundle) {
		b.chooses()
		for _, amount := range []int64{0, -5} {
			none, err := b.Providers(b.public(), new(pay.Of(amount, pay.RUB)), nil)
			require.NoError(t, err)
			require.Empty(t, none)
		}
	})
	fact(t, "WithinTheOperatorsLimits", func(t *testing.T, b *bundle) {
		b.limited()
		for amount, want := range map[int64][]string{99: {}, 100: {"acme"}, 50000: {"acme"}, 50001: {}} {
			found, err := b.Providers(b.public(), new(pay.Of(amount, pay.RUB)), nil)
			require.NoError(t, err)
			require.Equal(t, want, codesOf(found), amount)
		}
	})
	fact(t, "OfAnotherMerchantNone", func(t *testing.T, b *bundle) {
		b.chooses()
		none, err := b.Providers(b.as(viewer.Viewer{Role: pay.RolePublic, Principal: "key/public", Merchant: b.other.ID}), nil, nil)
		require.NoError(t, err)
		require.Empty(t, none)
	})
}

// ann is a user of the shop.
func (b *bundle) ann() pay.UserID {
	_, user := b.user("ann")
	return user.ID
}
