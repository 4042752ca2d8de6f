package graph

import (
	"context"

	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/billing"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// BillCreate makes a bill and opens its payment.
func (r mutation) BillCreate(ctx context.Context, in model.BillCreateInput) (*model.BillPayload, error) {
	outcome, err := r.Billing.Create(ctx, billing.NewBill{
		Key: in.IdempotencyKey, Product: in.Product, Price: in.Price, Currency: in.Currency, Amount: in.Amount,
		Lines: linesOf(in.Lines), User: in.User, Email: in.Email, Start: in.Start == nil || *in.Start,
		PayWith: payWithOf(in.PayWith), Payer: r.payerOf(ctx, in.Payer), ReturnURL: in.ReturnURL,
		ExpiresIn: in.ExpiresIn, Gift: giftOf(in.Gift), PageID: in.PageID, SaveCard: valueOf(in.SaveCard),
		Reference: in.Reference, Metadata: in.Metadata,
	})
	return r.billPayload(ctx, outcome, err)
}

// BillPay pays a bill that is there.
func (r mutation) BillPay(ctx context.Context, in model.BillPayInput) (*model.BillPayload, error) {
	outcome, err := r.Billing.Pay(ctx, billing.NewPayment{
		Key: in.IdempotencyKey, Bill: in.Bill, PayWith: payWithOf(in.PayWith), Payer: r.payerOf(ctx, in.Payer),
		ReturnURL: in.ReturnURL, SaveCard: valueOf(in.SaveCard),
	})
	return r.billPayload(ctx, outcome, err)
}

// BillRefresh asks the provider now.
func (r mutation) BillRefresh(ctx context.Context, bill string) (*model.BillPayload, error) {
	outcome, err := r.Billing.Refresh(ctx, bill)
	return r.billPayload(ctx, outcome, err)
}

// BillCancel ends a bill before any money is taken.
func (r mutation) BillCancel(ctx context.Context, key, bill string) (*model.BillPayload, error) {
	outcome, err := r.Billing.Cancel(ctx, key, bill)
	return r.billPayload(ctx, outcome, err)
}

// BillCapture takes money that is held.
func (r mutation) BillCapture(ctx context.Context, key, bill string, amount *pay.Money) (*model.BillPayload, error) {
	outcome, err := r.Billing.Capture(ctx, billing.NewCapture{Key: key, Bill: bill, Amount: amount})
	return r.billPayload(ctx, outcome, err)
}

// BillClaim makes a guest's bill the caller's own.
func (r mutation) BillClaim(ctx context.Context, bill, accessToken string) (*model.BillPayload, error) {
	outcome, err := r.Billing.Claim(ctx, bill, accessToken)
	return r.billPayload(ctx, outcome, err)
}

// BillAccessTokenCreate gives the merchant's server a token of one bill.
func (r mutation) BillAccessTokenCreate(ctx context.Context, bill string, ttl *pay.Period) (*model.BillPayload, error) {
	outcome, err := r.Billing.NewAccessToken(ctx, bill, ttl)
	return r.billPayload(ctx, outcome, err)
}

func linesOf(in []*model.BillLineInput) []billing.NewLine {
	if in == nil {
		return nil // absent, which an empty list is not
	}
	lines := make([]billing.NewLine, len(in))
	for at, line := range in {
		lines[at] = billing.NewLine{Title: line.Title, Quantity: line.Quantity, Unit: *line.Unit, Tax: line.Tax}
	}
	return lines
}

func payWithOf(in *model.PayWith) *billing.PayWith {
	if in == nil {
		return nil
	}
	return &billing.PayWith{Provider: in.Provider, Card: in.Card, Wallet: in.Wallet}
}

func giftOf(in *model.GiftInput) *billing.NewGift {
	if in == nil {
		return nil
	}
	return &billing.NewGift{RecipientEmail: in.RecipientEmail, Message: in.Message, Occasion: in.Occasion, DeliverAt: in.DeliverAt}
}

func (r *Resolver) payerOf(ctx context.Context, in *model.PayerInput) billing.Payer {
	payer := billing.Payer{}
	if r.ClientIP != nil {
		payer.IP = r.ClientIP(ctx)
	}
	if in == nil {
		return payer
	}
	payer.Phone, payer.Locale, payer.Note = in.Phone, in.Locale, in.Note
	for _, one := range in.Requisites {
		payer.Requisites = append(payer.Requisites, providers.Requisite{Name: one.Name, Value: one.Value})
	}
	if s := in.Service; s != nil {
		payer.Service = &providers.ServiceOrder{ServiceID: s.ServiceID, ContractValue: s.ContractValue}
	}
	if b := in.Browser; b != nil {
		payer.Browser = &providers.Browser{
			UserAgent: b.UserAgent, Language: b.Language, AcceptHeader: valueOf(b.AcceptHeader),
			ColorDepth: b.ColorDepth, ScreenWidth: b.ScreenWidth, ScreenHeight: b.ScreenHeight,
			TimeZoneOffset: b.TimeZoneOffset, JavaEnabled: b.JavaEnabled,
		}
	}
	return payer
}
