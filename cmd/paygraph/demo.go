package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// The demo shop that dev works with, and the name of the installation's secret
// that its keys are derived from.
const (
	demoMerchant  = "demo"
	devSecretName = "development"
	guestKeyName  = "guest-tokens"
	returnKeyName = "return-pages"
)

// demo is the shop that dev found or made, and what opens it.
type demo struct {
	Merchant       *ent.Merchant
	PageAccess     *ent.Product
	PublishableKey string
	SecretKey      string
	OperatorToken  string
	Secret         []byte
}

// seedDemo makes the demo shop, its keys and its catalogue where they are
// missing, so that a second start on the same data finds the first one's, with
// what was changed since.
func seedDemo(ctx context.Context, s *store.Store, publicURL string) (*demo, error) {
	ctx = viewer.AsProgram(ctx)
	secret, err := auth.InstallationSecret(ctx, s, devSecretName)
	if err != nil {
		return nil, err
	}
	m, err := demoShop(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := demoOrigins(ctx, s, m.ID, publicURL); err != nil {
		return nil, err
	}
	d := &demo{Merchant: m, Secret: secret}
	if d.PublishableKey, err = demoKey(ctx, s, secret, pay.RolePublic, m.ID); err != nil {
		return nil, err
	}
	if d.SecretKey, err = demoKey(ctx, s, secret, pay.RoleServer, m.ID); err != nil {
		return nil, err
	}
	// A signature over fixed words is the same on every start.
	d.OperatorToken, err = auth.SignDevToken(secret, auth.DevClaims{
		Merchant: m.ID, Role: pay.RoleAdmin, Subject: "operator",
		IssuedAt: m.CreatedAt, Expires: m.CreatedAt.AddDate(10, 0, 0),
	})
	if err != nil {
		return nil, err
	}
	d.PageAccess, err = demoCatalogue(ctx, s, m)
	return d, err
}

func demoShop(ctx context.Context, s *store.Store) (*ent.Merchant, error) {
	shops := merchants.New(s)
	m, err := shops.ByCode(ctx, demoMerchant)
	if pay.CodeOf(err) != pay.CodeNotFound {
		return m, err
	}
	made, err := shops.Create(ctx, merchants.NewMerchant{
		Code: demoMerchant, Name: "Demo shop", TestMode: true, TimeZone: "Europe/Moscow",
	})
	if pay.CodeOf(err) == pay.CodeConflict {
		return shops.ByCode(ctx, demoMerchant) // another process was starting too
	}
	return made, err
}

// demoOrigins registers the server's own origin and the usual ones of a page
// under development.
func demoOrigins(ctx context.Context, s *store.Store, id pay.MerchantID, publicURL string) error {
	own, err := url.Parse(publicURL)
	if err != nil {
		return fmt.Errorf("read the public URL: %w", err)
	}
	for _, origin := range []string{
		own.Scheme + "://" + own.Host,
		"http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173", "http://127.0.0.1:5173", "https://shop.example",
	} {
		if _, err := merchants.New(s).AddOrigin(ctx, id, origin, auth.NormalOrigin); err != nil {
			return fmt.Errorf("register the origin %s: %w", origin, err)
		}
	}
	return nil
}

func demoKey(ctx context.Context, s *store.Store, secret []byte, role pay.Role, id pay.MerchantID) (string, error) {
	key, err := auth.DerivedKey(secret, role, true, id)
	if err != nil {
		return "", err
	}
	err = s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := auth.CreateKey(ctx, tx, id, key)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("store the demo shop's %s key: %w", role, err)
	}
	return key.Text, nil
}

// demoCatalogue makes what is missing of the demo shop's products and returns
// the page access.
func demoCatalogue(ctx context.Context, s *store.Store, m *ent.Merchant) (*ent.Product, error) {
	month, year, week := &pay.Period{Months: 1}, &pay.Period{Months: 12}, &pay.Period{Days: 7}
	pages := "*"
	pageAccess, err := demoProduct(ctx, s, m, catalogue.Upsert{
		Code: "page-access", Kind: pay.ProductDirect, Title: "Access to one page", Description: new("Opens one page of the site, for good."),
		Prices: []catalogue.NewPrice{{Amount: pay.Of(99000, pay.RUB)}, {Amount: pay.Of(500000, pay.KZT)}, {Amount: pay.Of(1000, pay.USD)}},
		Grants: catalogue.Grants{Pages: &pages},
	})
	if err != nil {
		return nil, err
	}
	membership, err := demoProduct(ctx, s, m, catalogue.Upsert{
		Code: "membership", Kind: pay.ProductSubscription, Title: "Membership", Description: new("Everything on the site, while it is renewed."),
		Prices: []catalogue.NewPrice{
			{Amount: pay.Of(49900, pay.RUB), Interval: month, Trial: week},
			{Amount: pay.Of(499000, pay.RUB), Interval: year, Trial: week},
			{Amount: pay.Of(250000, pay.KZT), Interval: month, Trial: week},
			{Amount: pay.Of(2500000, pay.KZT), Interval: year, Trial: week},
			{Amount: pay.Of(500, pay.USD), Interval: month, Trial: week},
			{Amount: pay.Of(5000, pay.USD), Interval: year, Trial: week},
		},
		Grants: catalogue.Grants{Resources: []string{"membership"}},
	})
	if err != nil {
		return nil, err
	}
	for _, rest := range []catalogue.Upsert{
		{
			Code: "membership-gift", Kind: pay.ProductGift, Title: "Membership as a gift", Description: new("A year of membership for somebody else."),
			Prices: []catalogue.NewPrice{{Amount: pay.Of(499000, pay.RUB)}, {Amount: pay.Of(2500000, pay.KZT)}, {Amount: pay.Of(5000, pay.USD)}},
			Grants: catalogue.Grants{GiftOf: new(membership.ID.String())},
		},
		{
			Code: "top-up", Kind: pay.ProductTopUp, Title: "Wallet top-up", Description: new("Any amount from the price up."),
			Prices: []catalogue.NewPrice{{Amount: pay.Of(10000, pay.RUB)}, {Amount: pay.Of(50000, pay.KZT)}, {Amount: pay.Of(100, pay.USD)}},
		},
	} {
		if _, err := demoProduct(ctx, s, m, rest); err != nil {
			return nil, err
		}
	}
	return pageAccess, nil
}

// demoProduct finds the shop's product by its code, or makes it.
func demoProduct(ctx context.Context, s *store.Store, m *ent.Merchant, in catalogue.Upsert) (*ent.Product, error) {
	in.Key, in.Active = "demo/"+in.Code+"/"+m.CreatedAt.Format(time.RFC3339), true
	products := catalogue.New(s)
	owner := viewer.Viewer{Role: pay.RoleServer, Merchant: m.ID, Principal: "program/dev"}
	asOwner := viewer.With(ctx, owner)
	found, err := products.Find(asOwner, nil, &in.Code)
	if pay.CodeOf(err) != pay.CodeNotFound {
		return found, err
	}
	made, _, err := products.Upsert(asOwner, owner, in)
	if err != nil {
		return nil, fmt.Errorf("make the product %s: %w", in.Code, err)
	}
	return made, nil
}
