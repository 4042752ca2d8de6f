package billing_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// What bad input gets: a typed error that names the field, and nothing done.
func TestService_Create_BadInput(t *testing.T) {
	t.Parallel()
	line := func(amount int64, quantity int) []billing.NewLine {
		return []billing.NewLine{{Title: "Tea", Quantity: quantity, Unit: pay.Of(amount, pay.RUB)}}
	}
	tests := []struct {
		name string
		as   pay.Role
		bend func(b *bundle, in *billing.NewBill)
		code pay.Code
		path string
	}{
		{"NoProduct", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Product = nil }, pay.CodeInvalid, "product"},
		{"EmptyProduct", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Product = new("") }, pay.CodeNotFound, "product"},
		{"MalformedProduct", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Product = new("prod_x") }, pay.CodeNotFound, "product"},
		{"UnknownProduct", pay.RolePublic, func(b *bundle, in *billing.NewBill) { in.Product = new(pay.NewProductID(b.clock.Now()).String()) }, pay.CodeNotFound, "product"},
		{"ForeignKindOfID", pay.RolePublic, func(b *bundle, in *billing.NewBill) { in.Product = new(b.merchant.ID.String()) }, pay.CodeNotFound, "product"},
		{"MalformedPrice", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Price = new("price_") }, pay.CodeNotFound, "price"},
		{"PriceOfAnotherProduct", pay.RolePublic, func(b *bundle, in *billing.NewBill) { in.Price = new(b.resource.Edges.Prices[0].ID.String()) }, pay.CodeNotFound, "price"},
		{"CurrencyWithoutPrice", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Currency = new(pay.EUR) }, pay.CodeInvalid, "currency"},
		{"NoProviderForTheCurrency", pay.RolePublic, func(b *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Currency = new(b.resource.ID.String()), nil, new(pay.USD)
		}, pay.CodeUnsupported, "currency"},
		{"AmountOfAPage", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Amount = &pay.Money{Amount: 1, Currency: pay.RUB} }, pay.CodeInvalid, "amount"},
		{"LinesOfAPage", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Product, in.PageID, in.Lines = nil, nil, line(1, 1) }, pay.CodeForbidden, "lines"},
		{"UserNamedByAPage", pay.RolePublic, func(b *bundle, in *billing.NewBill) { in.User = new(pay.NewUserID(b.clock.Now()).String()) }, pay.CodeForbidden, "user"},
		{"UnknownUser", pay.RoleServer, func(b *bundle, in *billing.NewBill) { in.User = new(pay.NewUserID(b.clock.Now()).String()) }, pay.CodeNotFound, "user"},
		{"ProductAndLines", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Lines = line(1, 1) }, pay.CodeInvalid, "lines"},
		{"NoLines", pay.RoleServer, func(_ *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Lines = nil, nil, []billing.NewLine{}
		}, pay.CodeInvalid, "lines"},
		{"ZeroUnit", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Product, in.PageID, in.Lines = nil, nil, line(0, 1) }, pay.CodeInvalid, "lines.0.unit.amount"},
		{"NegativeUnit", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Product, in.PageID, in.Lines = nil, nil, line(-1, 1) }, pay.CodeInvalid, "lines.0.unit.amount"},
		{"HugeUnit", pay.RoleServer, func(_ *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Lines = nil, nil, line(pay.MaxAmount+1, 1)
		}, pay.CodeInvalid, "lines.0.unit.amount"},
		{"HugeTotal", pay.RoleServer, func(_ *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Lines = nil, nil, line(pay.MaxAmount, 2)
		}, pay.CodeInvalid, "lines.0"},
		{"NoQuantity", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Product, in.PageID, in.Lines = nil, nil, line(1, 0) }, pay.CodeInvalid, "lines.0.quantity"},
		{"PageMissing", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.PageID = nil }, pay.CodeInvalid, "pageId"},
		{"PageOfAProductWithout", pay.RolePublic, func(b *bundle, in *billing.NewBill) {
			in.Product, in.Currency = new(b.resource.ID.String()), new(pay.RUB)
		}, pay.CodeInvalid, "pageId"},
		{"ForeignReturnURL", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.ReturnURL = new("https://evil.example/") }, pay.CodeInvalid, "returnUrl"},
		{"ScriptReturnURL", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.ReturnURL = new("javascript:alert(1)") }, pay.CodeInvalid, "returnUrl"},
		{"MalformedEmail", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Email = new("alice") }, pay.CodeInvalid, "email"},
		{"LongReference", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Reference = new(strings.Repeat("x", 256)) }, pay.CodeInvalid, "reference"},
		{"CardNumberAsReference", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Reference = new("4111 1111 1111 1111") }, pay.CodeInvalid, "reference"},
		{"CardNumberInMetadata", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Metadata = json.RawMessage(`{"note":"4111111111111111"}`) }, pay.CodeInvalid, "metadata"},
		{"CardNumberAsTax", pay.RoleServer, func(_ *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Lines = nil, nil, line(1, 1)
			in.Lines[0].Tax = new("4111111111111111")
		}, pay.CodeInvalid, "lines.0.tax"},
		{"HugeQuantity", pay.RoleServer, func(_ *bundle, in *billing.NewBill) {
			in.Product, in.PageID, in.Lines = nil, nil, line(1, 1<<31)
		}, pay.CodeInvalid, "lines.0.quantity"},
		{"ReferenceSetByAPage", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Reference = new("order-1") }, pay.CodeForbidden, "reference"},
		{"EmptyReference", pay.RoleServer, func(_ *bundle, in *billing.NewBill) { in.Reference = new(" ") }, pay.CodeInvalid, "reference"},
		{"MalformedLocale", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Payer.Locale = new("!!") }, pay.CodeInvalid, "payer.locale"},
		{"MalformedPhone", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Payer.Phone = new("12") }, pay.CodeInvalid, "payer.phone"},
		{"ServiceNamedByAPage", pay.RolePublic, func(_ *bundle, in *billing.NewBill) {
			in.Payer.Service = &providers.ServiceOrder{ServiceID: 3, ContractValue: "0012"}
		}, pay.CodeForbidden, "payer.service"},
		{"CardNumberAsNote", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Payer.Note = new("4111 1111 1111 1111") }, pay.CodeInvalid, "payer.note"},
		{"LongLife", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.ExpiresIn = &pay.Period{Days: 31} }, pay.CodeInvalid, "expiresIn"},
		{"NoLife", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.ExpiresIn = &pay.Period{} }, pay.CodeInvalid, "expiresIn"},
		{"TwoWaysToPay", pay.RolePublic, func(_ *bundle, in *billing.NewBill) {
			in.PayWith = &billing.PayWith{Provider: new(oneStage), Card: new("card_x")}
		}, pay.CodeInvalid, "payWith"},
		{"NoWayToPay", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.PayWith = &billing.PayWith{} }, pay.CodeInvalid, "payWith"},
		{"UnknownProvider", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.PayWith = &billing.PayWith{Provider: new("bank")} }, pay.CodeNotFound, "payWith.provider"},
		{"GiftOfADirectProduct", pay.RolePublic, func(_ *bundle, in *billing.NewBill) { in.Gift = &billing.NewGift{RecipientEmail: "a@b.example"} }, pay.CodeInvalid, "gift"},
	}
	for _, tt := range tests {
		fact(t, tt.name, func(t *testing.T, b *bundle) {
			in := b.buyPage()
			tt.bend(b, &in)
			ctx := map[pay.Role]func() *billing.Outcome{
				pay.RolePublic: func() *billing.Outcome { return create(t, b, in, b.public) },
				pay.RoleServer: func() *billing.Outcome { return create(t, b, in, b.server) },
			}
			outcome := ctx[tt.as]()
			require.Equal(t, []pay.Code{tt.code}, codes(outcome))
			require.Equal(t, tt.path, strings.Join(outcome.Errors[0].Path, "."))
			require.True(t, outcome.Bill.IsZero())
			n, err := b.store.Read().Bill.Query().Count(b.program())
			require.NoError(t, err)
			require.Zero(t, n)
		})
	}
}

// What is not yours and what does not exist answer alike.
func TestService_Pay_OthersBill(t *testing.T) {
	t.Parallel()
	fact(t, "AnswersLikeNoBillAtAll", func(t *testing.T, b *bundle) {
		bill := b.created(b.server(), b.buyPage())
		alice, _ := b.user("alice")
		for _, id := range []string{bill.ID.String(), pay.NewBillID(b.clock.Now()).String(), "bill_", ""} {
			outcome, err := b.Pay(alice, billing.NewPayment{Key: uuid.NewString(), Bill: id})
			require.NoError(t, err)
			require.Equal(t, []*pay.Error{pay.NotFound("bill", "bill")}, outcome.Errors)
		}
	})
}

// Where a vendor pays the money on to is the merchant's to say, in every way to pay.
func TestService_ServiceOrderIsTheMerchants(t *testing.T) {
	t.Parallel()
	named := billing.Payer{Service: &providers.ServiceOrder{ServiceID: 3, ContractValue: "0012"}}
	fact(t, "NoPayerMayNameOne", func(t *testing.T, b *bundle) {
		alice, owner := b.user("alice")
		in := b.buyPage()
		in.Start, in.User = false, new(owner.ID.String())
		bill := b.created(b.server(), in)
		for name, ctx := range map[string]context.Context{"GUEST": b.guest(bill.ID), "USER": alice} {
			outcome, err := b.Pay(ctx, billing.NewPayment{Key: uuid.NewString(), Bill: bill.ID.String(), Payer: named})
			require.NoError(t, err)
			require.Equal(t, []pay.Code{pay.CodeForbidden}, codes(outcome), name)
			require.Equal(t, "payer.service_not_yours_to_name", outcome.Errors[0].Key, name)
			require.Equal(t, []string{"payer", "service"}, outcome.Errors[0].Path, name)
			wrong, err := b.CheckPayment(ctx, b.merchant.ID, owner.ID, providers.Purchase{Amount: pay.Of(99000, pay.RUB)}, false, billing.PageRequest{Payer: named})
			require.NoError(t, err)
			require.Len(t, wrong, 1, name)
			require.Equal(t, "payer.service_not_yours_to_name", wrong[0].Key, name)
		}
		require.Empty(t, b.bill(bill.ID).Edges.Attempts)
	})
	fact(t, "TheMerchantsServerMay", func(t *testing.T, b *bundle) {
		in := b.buyPage()
		in.Payer = named
		bill := b.created(b.server(), in)
		require.Len(t, bill.Edges.Attempts, 1)
	})
}
