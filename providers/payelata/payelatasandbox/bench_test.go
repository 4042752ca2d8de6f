package payelatasandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// The platform's published test cards.
const (
	plainCard   = "5519283812030000"
	asksCard    = "5123817234060000"
	failsCard   = "4302912837020000"
	asksAndFail = "4412397212080000"
)

// base is the sandbox's address in tests that open no socket.
const base = "http://sandbox.test"

// bench is a sandbox with PayElata on it, and a shop that listens.
type bench struct {
	*sandboxtest.Bench
	clock  *sandboxtest.Clock
	vendor *payelatasandbox.Vendor
	shop   *sandboxtest.Shop
}

type options struct {
	payelata  payelatasandbox.Options
	stateFile string
	answer    func(n int) int // status for the nth callback, from 1; nil is always 200
	clock     sandbox.Clock   // nil: one that stands still
}

// accounts are the built-in one, and another shop with live keys.
func accounts() []payelatasandbox.Account {
	return append(payelatasandbox.DefaultAccounts(), payelatasandbox.Account{
		ID: "other-account", Name: "Other Shop", TestKey: "sk_test_other", LiveKey: "sk_live_other",
		TestPublic: "pk_test_other", LivePublic: "pk_live_other", CallbackURL: "http://other.test/default",
	})
}

func setup(t *testing.T, o options) *bench {
	t.Helper()
	b := &bench{clock: new(sandboxtest.Clock)}
	if o.payelata.Accounts == nil {
		o.payelata.Accounts = accounts()
	}
	if o.clock == nil {
		o.clock = b.clock
	}
	if o.answer == nil {
		o.answer = func(int) int { return http.StatusOK }
	}
	b.shop = sandboxtest.NewShop(sandboxtest.Statuses(o.answer))
	b.vendor = payelatasandbox.New(o.payelata)
	b.Bench = sandboxtest.Start(t, b.vendor, sandbox.Options{
		Clock: o.clock, StateFile: o.stateFile, BaseURL: base, NotifyClient: b.shop.Client(),
	})
	return b
}

type answer = sandboxtest.Answer

func basic(account, key string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(account+":"+key))
}

func bearer(token string) string { return "Bearer " + token }

// request calls a path below /payelata with an Authorization.
func (b *bench) request(method, path, authorization, body string) answer {
	b.Helper()
	return b.Ask(method, "/payelata"+path, body, "Authorization", authorization)
}

// api calls the private API as the built-in account.
func (b *bench) api(method, path, body string) answer {
	b.Helper()
	return b.request(method, "/api"+path, basic("sandbox-account", "sk_test_sandbox"), body)
}

// attrs are the attributes of a creation.
type attrs map[string]any

// order is a plain one of 100 dollars, changed by more.
func order(ref string, more attrs) attrs {
	a := attrs{"reference_id": ref, "currency": "USD", "amount": 100, "service": "payment_card_usd_hpp", "test_mode": true}
	for name, value := range more {
		a[name] = value
		if value == nil {
			delete(a, name)
		}
	}
	return a
}

// withCustomer adds what saving a card and paying by a saved one need.
func withCustomer(name string, more attrs) attrs {
	a := attrs{"customer": attrs{"reference_id": name}}
	for name, value := range more {
		a[name] = value
	}
	return a
}

func cardGate(option string) attrs { return attrs{"cardgate": attrs{option: true}} }

func (b *bench) encode(body any) string {
	b.Helper()
	text, err := json.Marshal(body)
	require.NoError(b, err)
	return string(text)
}

func (b *bench) create(a attrs) answer {
	b.Helper()
	return b.api("POST", "/payment-invoices", b.encode(attrs{"data": attrs{"type": "payment-invoices", "attributes": a}}))
}

// invoice is the part of the resource that the tests read.
type invoice struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Attributes struct {
		SerialNumber       string          `json:"serial_number"`
		Status             string          `json:"status"`
		Resolution         string          `json:"resolution"`
		ModerationRequired bool            `json:"moderation_required"`
		Amount             json.Number     `json:"amount"`
		PaymentAmount      json.Number     `json:"payment_amount"`
		Currency           string          `json:"currency"`
		ReferenceID        string          `json:"reference_id"`
		TestMode           bool            `json:"test_mode"`
		Processed          *int64          `json:"processed"`
		ProcessedAmount    json.Number     `json:"processed_amount"`
		RefundedAmount     json.Number     `json:"refunded_amount"`
		ChargedBackAmount  json.Number     `json:"charged_back_amount"`
		FlowData           json.RawMessage `json:"flow_data"`
		Payload            struct {
			Card  map[string]string `json:"payment_card"`
			Token string            `json:"token"`
		} `json:"payload"`
		CallbackURL string `json:"callback_url"`
		Updated     int64  `json:"updated"`
	} `json:"attributes"`
	Links struct {
		Self string `json:"self"`
	} `json:"links"`
}

// flow is the invoice's flow_data, which must not be empty.
func (b *bench) flow(i invoice) (action, sid, token string) {
	b.Helper()
	var f struct {
		Action   string `json:"action"`
		Metadata struct {
			SID   string `json:"sid"`
			Token string `json:"token"`
		} `json:"metadata"`
	}
	require.NoError(b, json.Unmarshal(i.Attributes.FlowData, &f))
	return f.Action, f.Metadata.SID, f.Metadata.Token
}

func (b *bench) decode(a answer, status int) invoice {
	b.Helper()
	require.Equal(b, status, a.Status, a.Body)
	require.Equal(b, "application/json", a.Header.Get("Content-Type"))
	return b.parse(a.Body)
}

func (b *bench) parse(body string) invoice {
	b.Helper()
	var d struct {
		Data invoice `json:"data"`
	}
	require.NoError(b, json.Unmarshal([]byte(body), &d))
	return d.Data
}

// made creates an invoice that must be created.
func (b *bench) made(a attrs) invoice {
	b.Helper()
	return b.decode(b.create(a), http.StatusCreated)
}

func (b *bench) get(id string) invoice {
	b.Helper()
	return b.decode(b.api("GET", "/payment-invoices/"+id, ""), http.StatusOK)
}

// pathOf is the path of an invoice's hosted page.
func (b *bench) pathOf(i invoice) string {
	b.Helper()
	action, _, _ := b.flow(i)
	path, ok := strings.CutPrefix(action, base)
	require.True(b, ok, action)
	return path
}

// submit sends the page's form with a card.
func (b *bench) submit(i invoice, pan, expiry string) answer {
	b.Helper()
	a := b.Post(b.pathOf(i), "card_number", pan, "expiry", expiry, "cvv", "123", "card_holder", "John Doe")
	require.Equal(b, http.StatusSeeOther, a.Status, a.Body)
	return a
}

// pays submits a card without 3-D Secure and reads the invoice again.
func (b *bench) pays(i invoice, pan, expiry string) invoice {
	b.Helper()
	b.submit(i, pan, expiry)
	return b.get(i.ID)
}

// paid is a new invoice that is paid already.
func (b *bench) paid(ref string, more attrs) invoice {
	b.Helper()
	i := b.pays(b.made(order(ref, more)), plainCard, "12/30")
	require.Equal(b, "processed", i.Attributes.Status)
	return i
}

// token is a card that a customer saved.
func (b *bench) token(customer string) string {
	b.Helper()
	i := b.paid("saved-"+customer, withCustomer(customer, attrs{"gateway_options": cardGate("tokenize")}))
	require.Len(b, i.Attributes.Payload.Token, 32)
	return i.Attributes.Payload.Token
}

// problems are the errors of a refusal.
func (b *bench) problems(a answer, status int) (codes, pointers []string) {
	b.Helper()
	require.Equal(b, status, a.Status, a.Body)
	var e struct {
		Errors []struct {
			Status string `json:"status"`
			Code   string `json:"code"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
		} `json:"errors"`
	}
	require.NoError(b, json.Unmarshal([]byte(a.Body), &e))
	require.NotEmpty(b, e.Errors)
	for _, p := range e.Errors {
		require.Equal(b, fmt.Sprint(status), p.Status)
		codes, pointers = append(codes, p.Code), append(pointers, p.Source.Pointer)
	}
	return codes, pointers
}

// points requires a 422 that points at one attribute.
func (b *bench) points(a answer, attribute string) {
	b.Helper()
	_, pointers := b.problems(a, http.StatusUnprocessableEntity)
	require.Equal(b, []string{"/data/attributes/" + attribute}, pointers)
}

// entry is the only one in the book.
func (b *bench) entry() sandbox.Entry {
	b.Helper()
	all := b.Book()
	require.Len(b, all, 1)
	return all[0]
}

func (b *bench) count() int {
	b.Helper()
	a := b.api("GET", "/payment-invoices", "")
	require.Equal(b, http.StatusOK, a.Status)
	var d struct {
		Data []invoice `json:"data"`
	}
	require.NoError(b, json.Unmarshal([]byte(a.Body), &d))
	return len(d.Data)
}

// pay plays the payer by /_control/pay.
func (b *bench) pay(i invoice, card, outcome string) sandbox.Paid {
	b.Helper()
	action, _, _ := b.flow(i)
	return b.Pay(action, card, outcome)
}

func (b *bench) test(control, body string) invoice {
	b.Helper()
	return b.decode(b.Ask(http.MethodPost, "/payelata/_test/"+control, body), http.StatusOK)
}

// listen sends the built-in account's callbacks to the shop.
func (b *bench) listen() {
	b.Helper()
	require.NoError(b, b.Server.SetNotifyURL("payelata", "sandbox-account", "http://shop.test/default"))
}

// callback is the next one to arrive: in a bubble within days, outside before the
// test's own limit.
func (b *bench) callback() sandboxtest.Delivery {
	b.Helper()
	return b.shop.Next(b.T, 48*time.Hour)
}
