package points

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// shop is what every trial finds: the demo shop, what was added to it, and its
// customers.
type shop struct {
	keys     rig.Keys
	product  string // the access to one page
	topUp    string
	gift     string // money as a gift
	monthly  string // the price of a month
	often    string // the price of two seconds
	cardUser person // has a saved card
	newUser  person // has none
	friend   person // has none
}

// person is a customer who has signed in.
type person struct {
	name  string // the merchant's own id of them
	token string
	id    string
	card  string // "": none is saved
}

// The prices of what is not bought once, in kopecks.
const (
	giftPrice    = 20000
	leastTopUp   = 10000
	monthlyPrice = 49900
	oftenPrice   = 300
)

// savedCard is the number of the card that is saved.
func savedCard() string { return rig.SavedCards()[0] }

// openShop adds to the demo shop what the flows need, by a server that runs.
func (s *stage) openShop(ctx context.Context, server *rig.Server, sandbox *rig.Sandbox) (shop, error) {
	sh := shop{keys: server.Keys}
	api := rig.NewAPI(server.URL(), callTime)
	if err := sh.stock(ctx, api); err != nil {
		return sh, err
	}
	for name, p := range map[string]*person{"ann": &sh.cardUser, "bob": &sh.newUser, "cid": &sh.friend} {
		token, err := rig.Token(ctx, s.binary, name, s.databaseArgs()...)
		if err != nil {
			return sh, err
		}
		made, err := api.PutUser(ctx, sh.keys.Secret, "stage/"+name, name)
		if err == nil && made.User == nil {
			err = errors.New("userUpsert made nobody")
		}
		if err != nil {
			return sh, fmt.Errorf("make the customer %s: %w", name, err)
		}
		*p = person{name: name, token: token, id: made.User.ID}
	}
	var err error
	sh.cardUser.card, err = saveCard(ctx, api, sandbox, sh.cardUser)
	return sh, err
}

// stock puts what is sold beside page access into the catalogue.
func (sh *shop) stock(ctx context.Context, api *rig.API) (err error) {
	if sh.product, err = api.Product(ctx, sh.keys.Publishable); err != nil {
		return err
	}
	topUp, err := api.ProductOf(ctx, sh.keys.Secret, "top-up")
	if err != nil {
		return err
	}
	sh.topUp = topUp.ID
	put := func(code, kind string, cost int64, interval string, grants map[string]any) (*rig.Product, error) {
		one := map[string]any{"amount": map[string]any{"amount": cost, "currency": "RUB"}}
		if interval != "" {
			one["interval"] = interval
		}
		made, err := api.PutProduct(ctx, sh.keys.Secret, map[string]any{
			"idempotencyKey": "stage/" + code, "code": code, "kind": kind, "title": "The " + code, "prices": []any{one}, "grants": grants,
		})
		if err != nil {
			return nil, fmt.Errorf("sell %s: %w", code, err)
		}
		if made.Product == nil {
			return nil, fmt.Errorf("sell %s: %v", code, made.Codes())
		}
		return made.Product, nil
	}
	gift, err := put("money-gift", "GIFT", giftPrice, "", map[string]any{"giftOf": sh.topUp})
	if err != nil {
		return err
	}
	monthly, err := put("club", "SUBSCRIPTION", monthlyPrice, "P1M", map[string]any{"resources": []string{"club"}})
	if err != nil {
		return err
	}
	often, err := put("pulse", "SUBSCRIPTION", oftenPrice, "PT2S", map[string]any{"resources": []string{"pulse"}})
	if err != nil {
		return err
	}
	sh.gift, sh.monthly, sh.often = gift.ID, monthly.Prices[0].ID, often.Prices[0].ID
	return nil
}

// saveCard saves a card of a customer on the provider's page.
func saveCard(ctx context.Context, api *rig.API, sandbox *rig.Sandbox, who person) (card string, err error) {
	started, err := api.StartCard(ctx, who.token, map[string]any{"idempotencyKey": "stage/card/" + who.name})
	switch {
	case err != nil:
		return "", fmt.Errorf("start a card registration: %w", err)
	case started.Registration == nil || started.Registration.NextAction.URL == "":
		return "", fmt.Errorf("a card registration gave no page: %v", started.Codes())
	}
	if _, err := sandbox.PayBy(ctx, started.Registration.NextAction.URL, savedCard(), rig.Approve); err != nil {
		return "", fmt.Errorf("add a card: %w", err)
	}
	err = until(ctx, newsTime, "the card is saved", func() (bool, error) {
		done, err := api.FinishCard(ctx, who.token, started.Registration.ID)
		if err != nil || done.Registration == nil || done.Registration.Card == nil {
			return false, err
		}
		card = done.Registration.Card.ID
		return true, nil
	})
	return card, err
}

// inMonths is when a test clock shows so many months, and a moment, after a time.
func inMonths(from time.Time, months int) time.Time { return from.AddDate(0, months, 0).Add(time.Hour) }
