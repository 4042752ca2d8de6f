package rig

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// User is a payer as the API shows them to the merchant's server.
type User struct {
	ID      string
	Cards   []Card
	Wallets []Wallet
}

// Card is a saved card.
type Card struct {
	ID     string
	Status string
	Mask   string
}

// Wallet is one user's stored value, in kopecks.
type Wallet struct {
	ID                       string
	Balance, Held, Available struct{ Amount int64 }
}

// Registration is a payer's way to a saved card.
type Registration struct {
	ID         string
	Status     string
	NextAction struct{ URL string }
	Card       *Card
}

// Subscription is what a user pays for period by period.
type Subscription struct {
	ID       string
	Status   string
	OpenBill *struct{ ID string }
	Card     *Card
	Bills    struct{ Nodes []Bill }
}

// Gift is what one bought for another. The code is for its buyer and holder.
type Gift struct {
	ID          string
	Status      string
	Code        string
	PurchasedBy *struct{ ID string }
	RedeemedBy  *struct{ ID, ExternalID string }
}

// Payload is the answer of a mutation of anything but a bill. It has what that
// mutation is about, and nil for the rest.
type Payload struct {
	User         *User
	Product      *Product
	Registration *Registration
	Card         *Card
	Subscription *Subscription
	FirstBill    *Bill
	Gift         *Gift
	Refund       *Refund
	Wallet       *Wallet
	Clock        *struct{ ID string }
	Replayed     bool
	Errors       []UserError
}

// Codes lists the codes of the errors.
func (p *Payload) Codes() []string { return (&Answer{Errors: p.Errors}).Codes() }

// IsFinal reports whether the same call with the same key need not be repeated.
func (p *Payload) IsFinal() bool { return (&Answer{Errors: p.Errors}).IsFinal() }

// State says in a word or two what was answered: the codes of the errors, or the
// status of what it is about.
func (p *Payload) State() string {
	switch {
	case len(p.Errors) > 0:
		return strings.Join(p.Codes(), " ")
	case p.Registration != nil:
		return p.Registration.Status
	case p.Subscription != nil:
		return p.Subscription.Status
	case p.Gift != nil:
		return p.Gift.Status
	case p.Refund != nil:
		return p.Refund.Status
	}
	return "done"
}

// Product is something to buy.
type Product struct {
	ID     string
	Prices []struct{ ID string }
}

// What the mutations answer with.
const (
	ending             = ` replayed errors { code key message retry }`
	billFields         = `id status version nextAction { ... on RedirectAction { url } } entitlements { id kind resource }`
	cardFields         = `id status mask`
	registrationFields = `id status nextAction { ... on RedirectAction { url } } card { ` + cardFields + ` }`
	subscriptionFields = `id status openBill { id } bills(first: 100) { nodes { id status version } }`
	walletFields       = `id balance { amount } held { amount } available { amount }`
	giftFields         = `id status code purchasedBy { id } redeemedBy { id externalId }`
)

// Change calls a mutation of anything but a bill: field is its call, and fields
// what of its payload is read.
func (a *API) Change(ctx context.Context, token, declared, field, fields string, variables map[string]any) (*Payload, error) {
	var data struct{ Answer *Payload }
	document := `mutation(` + declared + `) { answer: ` + field + ` { ` + fields + ending + ` } }`
	if err := a.Do(ctx, token, document, variables, &data); err != nil {
		return nil, err
	}
	return data.Answer, nil
}

func (a *API) change(ctx context.Context, token, name, input, fields string, in map[string]any) (*Payload, error) {
	return a.Change(ctx, token, `$i: `+input+`!`, name+`(input: $i)`, fields, map[string]any{"i": in})
}

// PutUser calls userUpsert.
func (a *API) PutUser(ctx context.Context, secret, key, name string) (*Payload, error) {
	return a.change(ctx, secret, "userUpsert", "UserUpsertInput", `user { id }`, map[string]any{"idempotencyKey": key, "externalId": name})
}

// PutProduct calls productUpsert.
func (a *API) PutProduct(ctx context.Context, secret string, input map[string]any) (*Payload, error) {
	return a.change(ctx, secret, "productUpsert", "ProductUpsertInput", `product { id prices { id } }`, input)
}

// StartCard calls cardRegistrationStart.
func (a *API) StartCard(ctx context.Context, token string, input map[string]any) (*Payload, error) {
	return a.change(ctx, token, "cardRegistrationStart", "CardRegistrationStartInput", `registration { `+registrationFields+` }`, input)
}

// FinishCard calls cardRegistrationFinish.
func (a *API) FinishCard(ctx context.Context, token, registration string) (*Payload, error) {
	return a.Change(ctx, token, `$r: ID!`, `cardRegistrationFinish(registration: $r)`, `registration { `+registrationFields+` }`, map[string]any{"r": registration})
}

// Subscribe calls billingSubscriptionCreate.
func (a *API) Subscribe(ctx context.Context, token string, input map[string]any) (*Payload, error) {
	return a.change(ctx, token, "billingSubscriptionCreate", "BillingSubscriptionCreateInput",
		`subscription: billingSubscription { `+subscriptionFields+` } firstBill { `+billFields+` }`, input)
}

// Unsubscribe calls billingSubscriptionCancel, for now or for the period's end.
func (a *API) Unsubscribe(ctx context.Context, token, key, id string, atPeriodEnd bool) (*Payload, error) {
	return a.Change(ctx, token, `$k: ID!, $s: ID!, $e: Boolean!`, `billingSubscriptionCancel(idempotencyKey: $k, id: $s, atPeriodEnd: $e)`,
		`subscription: billingSubscription { `+subscriptionFields+` }`, map[string]any{"k": key, "s": id, "e": atPeriodEnd})
}

// Redeem calls giftRedeem as a signed-in user.
func (a *API) Redeem(ctx context.Context, token, key, code string) (*Payload, error) {
	return a.change(ctx, token, "giftRedeem", "GiftRedeemInput", `gift { `+giftFields+` } wallet { `+walletFields+` }`,
		map[string]any{"idempotencyKey": key, "code": code})
}

// MakeClock calls testClockCreate.
func (a *API) MakeClock(ctx context.Context, secret, key string) (*Payload, error) {
	return a.Change(ctx, secret, `$k: ID!`, `testClockCreate(idempotencyKey: $k, name: "a year at once")`, `clock { id }`, map[string]any{"k": key})
}

// AttachClock calls testClockAttach.
func (a *API) AttachClock(ctx context.Context, secret, key, clock, user string) (*Payload, error) {
	return a.Change(ctx, secret, `$k: ID!, $c: ID!, $u: ID!`, `testClockAttach(idempotencyKey: $k, clock: $c, user: $u)`, `clock { id }`,
		map[string]any{"k": key, "c": clock, "u": user})
}

// AdvanceClock calls testClockAdvance.
func (a *API) AdvanceClock(ctx context.Context, secret, key, clock string, to time.Time) (*Payload, error) {
	return a.Change(ctx, secret, `$k: ID!, $c: ID!, $t: DateTime!`, `testClockAdvance(idempotencyKey: $k, clock: $c, to: $t)`, `clock { id }`,
		map[string]any{"k": key, "c": clock, "t": to.UTC().Format(time.RFC3339Nano)})
}

// PayWith calls billPay with a card, a wallet or a provider's page.
func (a *API) PayWith(ctx context.Context, token, key, bill string, with map[string]string) (*Answer, error) {
	input := map[string]any{"idempotencyKey": key, "bill": bill, "payWith": with}
	return a.mutate(ctx, token, `mutation($i: BillPayInput!) { answer: billPay(input: $i) `+payload+` }`, map[string]any{"i": input})
}

// UserOf reads a user with their cards and wallets; nil when there is none.
func (a *API) UserOf(ctx context.Context, secret, id string) (*User, error) {
	var data struct{ User *User }
	const document = `query($u: ID!) { user(id: $u) { id cards { ` + cardFields + ` } wallets { ` + walletFields + ` } } }`
	err := a.Do(ctx, secret, document, map[string]any{"u": id}, &data)
	return data.User, err
}

// RegistrationOf reads a card registration; nil when there is none.
func (a *API) RegistrationOf(ctx context.Context, secret, id string) (*Registration, error) {
	var data struct{ Registration *Registration }
	const document = `query($r: ID!) { registration: cardRegistration(id: $r) { ` + registrationFields + ` } }`
	err := a.Do(ctx, secret, document, map[string]any{"r": id}, &data)
	return data.Registration, err
}

// SubscriptionOf reads a subscription with its newest 100 bills; nil when there is
// none.
func (a *API) SubscriptionOf(ctx context.Context, secret, id string) (*Subscription, error) {
	var data struct{ Subscription *Subscription }
	const document = `query($s: ID!) { subscription: billingSubscription(id: $s) { ` + subscriptionFields + ` } }`
	err := a.Do(ctx, secret, document, map[string]any{"s": id}, &data)
	return data.Subscription, err
}

// GiftOf reads the gift that a bill bought, as whom the token is; nil when there
// is none yet.
func (a *API) GiftOf(ctx context.Context, token, bill string) (*Gift, error) {
	var data struct{ Bill *struct{ Gift *Gift } }
	const document = `query($b: ID!) { bill(id: $b) { gift { ` + giftFields + ` } } }`
	if err := a.Do(ctx, token, document, map[string]any{"b": bill}, &data); err != nil || data.Bill == nil {
		return nil, err
	}
	return data.Bill.Gift, nil
}

// Live are the statuses of subscriptions that may still be charged.
func Live() []string { return []string{"INCOMPLETE", "TRIALING", "ACTIVE", "PAST_DUE", "PAUSED"} }

// Subscriptions reads up to 100 subscriptions in some statuses, newest first, and
// where to read on; "" at the end.
func (a *API) Subscriptions(ctx context.Context, secret, after string, statuses ...string) (page []Subscription, next string, err error) {
	var data struct {
		Found struct {
			Nodes    []Subscription
			PageInfo struct {
				HasNextPage bool
				EndCursor   string
			}
		}
	}
	const document = `query($a: Cursor, $s: [BillingSubscriptionStatus!]) { found: billingSubscriptions(first: 100, after: $a, filter: { status: $s }) {
		nodes { id status openBill { id } card { id } bills(first: 5) { nodes { id status } } } pageInfo { hasNextPage endCursor } } }`
	variables := map[string]any{"s": statuses}
	if after != "" {
		variables["a"] = after
	}
	if err := a.Do(ctx, secret, document, variables, &data); err != nil {
		return nil, "", err
	}
	if data.Found.PageInfo.HasNextPage {
		next = data.Found.PageInfo.EndCursor
	}
	return data.Found.Nodes, next, nil
}

// ProductOf reads a product by its code; an error when there is none.
func (a *API) ProductOf(ctx context.Context, token, code string) (*Product, error) {
	var data struct{ Product *Product }
	if err := a.Do(ctx, token, `query($c: String!) { product(code: $c) { id prices { id } } }`, map[string]any{"c": code}, &data); err != nil {
		return nil, err
	}
	if data.Product == nil {
		return nil, errors.New("the demo shop sells no " + code)
	}
	return data.Product, nil
}

// Token has `paygraph token` sign a token of a user of the demo shop, whom the
// merchant calls by that name. More arguments name the database.
func Token(ctx context.Context, binary, name string, args ...string) (string, error) {
	args = append([]string{"token", "--role", "USER", "--subject", name, "--ttl", "24h"}, args...)
	out, err := exec.CommandContext(ctx, binary, args...).Output() //nolint:gosec // the program under test
	if exit, isExit := errors.AsType[*exec.ExitError](err); isExit {
		return "", fmt.Errorf("sign a token: %w: %s", err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Token signs a token of a user on the run's database.
func (r *Rig) Token(ctx context.Context, name string) (string, error) {
	return Token(ctx, r.Binary, name, r.databaseArgs()...)
}

// SavedCards are test cards that are saved and charged without a word from their
// bank.
func SavedCards() []string {
	return []string{"4111 1111 1111 1112", "4011 1111 1111 1112", "5218 8519 4695 5484", "4111 1111 1110 0031"}
}

// Payments are the entries of a book that are no mere check of a card.
func Payments(book []Capture) []Capture {
	return slices.DeleteFunc(slices.Clone(book), func(c Capture) bool { return c.Kind == "verification" })
}
