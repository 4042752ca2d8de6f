package sim

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	entprice "github.com/paygraph/paygraph/ent/price"
	"github.com/paygraph/paygraph/internal/auth"
	"github.com/paygraph/paygraph/internal/catalogue"
	"github.com/paygraph/paygraph/internal/merchants"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// How busy a shop is.
const (
	fewestBills = 3 // a day
	mostBills   = 10
	knownUsers  = 5
	members     = 3 // of them
)

// seed makes the merchant with its catalogue and its users.
func (w *world) seed() error {
	shops := merchants.New(w.store)
	var err error
	w.merchant, err = shops.Create(w.program(), merchants.NewMerchant{Code: "shop", Name: "Shop", TestMode: true, DefaultProvider: oneStage})
	if err != nil {
		return err
	}
	if _, err := shops.AddOrigin(w.program(), w.merchant.ID, shopOrigin, auth.NormalOrigin); err != nil {
		return err
	}
	server := w.as(viewer.Viewer{Role: pay.RoleServer, Principal: "key/secret"})
	for _, in := range offers() {
		in.Key = w.newKey()
		p, _, err := catalogue.New(w.store).Upsert(server, viewer.From(server), in)
		if err != nil {
			return fmt.Errorf("offer %s: %w", in.Code, err)
		}
		w.products = append(w.products, p)
	}
	if err := w.offerMore(server); err != nil {
		return err
	}
	for n := range knownUsers {
		if err := w.addUser(fmt.Sprintf("user-%d", n+1)); err != nil {
			return err
		}
	}
	return w.joins(members)
}

// offerMore offers what members buy: money, a club by the day, the week and the
// month, and both as gifts.
func (w *world) offerMore(server context.Context) error {
	offer := func(in catalogue.Upsert) (*ent.Product, error) {
		in.Key, in.Active, in.Title = w.newKey(), true, "The "+in.Code
		p, _, err := catalogue.New(w.store).Upsert(server, viewer.From(server), in)
		if err != nil {
			return nil, fmt.Errorf("offer %s: %w", in.Code, err)
		}
		return p, nil
	}
	price := func(amount int64, interval, trial *pay.Period) catalogue.NewPrice {
		return catalogue.NewPrice{Amount: pay.Of(amount, pay.RUB), Interval: interval, Trial: trial}
	}
	var err error
	if w.topUp, err = offer(catalogue.Upsert{Code: "top-up", Kind: pay.ProductTopUp, Prices: []catalogue.NewPrice{price(10000, nil, nil)}}); err != nil {
		return err
	}
	club, err := offer(catalogue.Upsert{
		Code: "club", Kind: pay.ProductSubscription, Grants: catalogue.Grants{Resources: []string{"club"}},
		Prices: []catalogue.NewPrice{
			price(3000, &pay.Period{Days: 1}, nil), price(15000, &pay.Period{Days: 7}, &pay.Period{Days: 1}), price(50000, &pay.Period{Months: 1}, nil),
		},
	})
	if err != nil {
		return err
	}
	prices, err := w.store.Read().Price.Query().Where(entprice.ProductID(club.ID)).Order(ent.Asc(entprice.FieldAmountMinor)).All(w.program())
	if err != nil {
		return fmt.Errorf("read the prices of the club: %w", err)
	}
	for _, p := range prices {
		w.periods = append(w.periods, p.ID)
	}
	for _, of := range []*ent.Product{w.topUp, club} {
		gift, err := offer(catalogue.Upsert{
			Code: of.Code + "-gift", Kind: pay.ProductGift, Prices: []catalogue.NewPrice{price(20000, nil, nil)},
			Grants: catalogue.Grants{GiftOf: new(of.ID.String())},
		})
		if err != nil {
			return err
		}
		w.gifts = append(w.gifts, gift)
	}
	return nil
}

const shopOrigin = "https://shop.example"

// offers is what the shop sells: pages for good, and an archive for a month.
func offers() []catalogue.Upsert {
	return []catalogue.Upsert{
		{
			Code: "page", Kind: pay.ProductDirect, Title: "One page", Active: true,
			Prices: []catalogue.NewPrice{{Amount: pay.Of(99000, pay.RUB)}},
			Grants: catalogue.Grants{Pages: new("*")},
		},
		{
			Code: "archive", Kind: pay.ProductDirect, Title: "The archive", Active: true,
			Prices: []catalogue.NewPrice{{Amount: pay.Of(10000, pay.RUB)}},
			Grants: catalogue.Grants{Resources: []string{"archive"}, Duration: &pay.Period{Months: 1}},
		},
	}
}

func (w *world) addUser(name string) error {
	return w.store.InTx(w.ctx, func(ctx context.Context, tx *store.Tx) error {
		id := pay.NewUserID(tx.Now)
		w.users = append(w.users, id)
		return tx.User.Create().SetID(id).SetMerchantID(w.merchant.ID).SetExternalID(name).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx)
	})
}

// as returns a context in which v asks the shop's program.
func (w *world) as(v viewer.Viewer) context.Context {
	v.Merchant = w.merchant.ID
	return viewer.With(w.ctx, v)
}

func (w *world) server() context.Context {
	return w.as(viewer.Viewer{Role: pay.RoleServer, Principal: "key/secret"})
}

// newKey returns an idempotency key of a client's, a UUID.
func (w *world) newKey() string {
	var b [16]byte
	for at := range b {
		b[at] = byte(w.random.UintN(256)) //nolint:gosec // below 256
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	text := hex.EncodeToString(b[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// shop plans all days of traffic and trouble.
func (w *world) shop() {
	w.setWeather()
	for _, m := range w.members {
		m.live(w.o.Days)
	}
	const day = 24 * time.Hour
	for n := range w.o.Days {
		begin := time.Duration(n) * day
		for range fewestBills + w.random.IntN(mostBills-fewestBills+1) {
			c := w.newCustomer()
			w.queue.add(epoch().Add(begin+w.anyTime()), c.create)
		}
		for range w.random.IntN(3) {
			w.queue.add(epoch().Add(begin+w.anyTime()), w.outage)
		}
		if w.chance(0.4) {
			w.queue.add(epoch().Add(begin+w.anyTime()), w.jump)
		}
		for range w.random.IntN(3) {
			w.queue.add(epoch().Add(begin+w.anyTime()), w.forge)
		}
	}
}

// anyTime returns any moment of a day.
func (w *world) anyTime() time.Duration {
	return time.Duration(w.random.Int64N(int64(24 * time.Hour)))
}
