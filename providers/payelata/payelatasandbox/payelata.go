// Package payelatasandbox simulates PayElata over HTTP: the private API under
// /payelata/api, the public one under /payelata/public-api, the card gate with
// its hosted page and a bank's 3-D Secure page under /payelata/cardgate, and
// signed callbacks. It owns PayElata's own view of an invoice, of its refunds
// and of saved cards, and reports every movement of money to the host's book.
//
// It is written from the vendor's published pages alone and may not import the
// adapter: shared code would share its mistakes. Where the pages are silent, the
// choice made is said beside the code. It never keeps or logs a full card number
// or a CVV, only a mask.
//
// Start reading at [New]; create.go opens an invoice, try.go takes a card,
// gate.go is the sale without a payer, refund.go gives money back, resource.go is
// what the API says of an invoice, page.go is what a person sees, and controls.go
// lists what a test may do to an invoice.
package payelatasandbox

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const (
	defaultLifetime = time.Hour // own choice: PayElata's is configurable, the default is not stated
	redirectPause   = 3 * time.Second
)

// Account is a commerce account: the login of the private API, and its keys. An
// empty key is one that nobody can use.
type Account struct {
	ID         string // the login of Basic
	Name       string // shown to the payer
	TestKey    string // sk_test_…: password of Basic, and the secret of test invoices' callbacks
	LiveKey    string // sk_live_…: the same for live invoices
	TestPublic string // pk_test_…: the public API's key
	LivePublic string // pk_live_…

	// Services are what the account may create invoices for, in the form
	// payment_card_usd_hpp; nil is DefaultServices.
	Services []string

	// CallbackURL takes the callbacks of invoices that name no address. Empty:
	// they go where /_control/notify says.
	CallbackURL string
}

// DefaultServices are card payments in dollars, euros and hryvnias.
func DefaultServices() []string {
	return []string{"payment_card_usd_hpp", "payment_card_eur_hpp", "payment_card_uah_hpp"}
}

// DefaultAccounts is the one account that every sandbox has. It has no live keys.
func DefaultAccounts() []Account {
	return []Account{{ID: "sandbox-account", Name: "Demo Shop", TestKey: "sk_test_sandbox", TestPublic: "pk_test_sandbox"}}
}

// Options configures a Vendor. The zero value is PayElata as it comes.
type Options struct {
	// Accounts are the commerce accounts; nil is DefaultAccounts.
	Accounts []Account

	// Lifetime is how long an invoice waits for its payer; 0 is an hour. The
	// card gate's token lives as long.
	Lifetime time.Duration

	// Attempts is after how many refused cards an invoice is process_failed.
	// 0 is one, so that one card decides; PayElata's own default is 5.
	Attempts int

	// OldRefunds answers a refund with the updated invoice and needs no
	// reference_id: the older of the two published models.
	OldRefunds bool

	// SlowRefunds leaves every refund pending until /payelata/_test/refund
	// decides it.
	SlowRefunds bool

	// DuplicateIs429 refuses a repeated reference_id with 429 and not 422.
	DuplicateIs429 bool

	// BadGateway is how many of the first creations are answered 502. Every
	// second of them is not done, beginning with one that is.
	BadGateway int
}

// Vendor is PayElata. Make it with New and give it to a sandbox.Server.
type Vendor struct {
	options  Options
	accounts map[string]Account
	names    []string
	host     *sandbox.Host
	pages    *sandbox.Pages

	mu         sync.Mutex // guards what follows and every record in it
	key        *rsa.PrivateKey
	badGateway int
	invoices   map[string]*invoice     // by id
	sessions   map[string]*invoice     // by the card gate's sid
	references map[reference]*invoice  // by the merchant's number
	refunds    map[reference]*invoice  // by the merchant's number of a refund
	challenges map[string]*invoice     // by the id of the 3-D Secure step under way
	cards      map[string]*savedCard   // by token
	customers  map[reference]*customer // by the merchant's number of a customer
}

// reference is a merchant's number of something, unique within an account.
type reference struct{ account, id string }

// New makes a Vendor. It does nothing until a sandbox.Server mounts it.
func New(o Options) *Vendor {
	if o.Accounts == nil {
		o.Accounts = DefaultAccounts()
	}
	if o.Lifetime == 0 {
		o.Lifetime = defaultLifetime
	}
	o.Attempts = max(o.Attempts, 1)
	v := &Vendor{
		options: o, accounts: map[string]Account{}, pages: newPages(), badGateway: o.BadGateway,
		invoices: map[string]*invoice{}, sessions: map[string]*invoice{}, references: map[reference]*invoice{},
		refunds: map[reference]*invoice{}, challenges: map[string]*invoice{}, cards: map[string]*savedCard{},
		customers: map[reference]*customer{},
	}
	for _, a := range o.Accounts {
		if a.Services == nil {
			a.Services = DefaultServices()
		}
		v.accounts[a.ID] = a
		v.names = append(v.names, a.ID)
	}
	return v
}

// Name is payelata.
func (v *Vendor) Name() string { return "payelata" }

// Accounts lists the commerce accounts' ids.
func (v *Vendor) Accounts() []string { return v.names }

// Mount restores the records and returns the APIs, the card gate and the pages.
// The pages belong to the payer, so no fault strikes them.
func (v *Vendor) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	v.host = h
	if err := v.restore(); err != nil {
		return nil, err
	}
	return []sandbox.Route{
		{Path: "/api/payment-invoices", OpOf: createOrList, Handler: v.private(byMethod{"POST": v.create, "GET": v.list})},
		{Path: "/api/payment-invoices/{id}", Op: sandbox.OpSync, Handler: v.private(byMethod{"GET": v.get})},
		{Path: "/api/payment-invoices/{id}/refund", Op: sandbox.OpRefund, Handler: v.private(byMethod{"POST": v.refund})},
		{Path: "/api/payment-services", Handler: v.private(byMethod{"GET": v.listServices})},
		{Path: "/api/payment-services/{id}", Handler: v.private(byMethod{"GET": v.getService})},
		{Path: "/api/", Handler: v.private(byMethod{})},

		{Path: "/public-api/payment-invoices", OpOf: createOrList, Handler: v.public("POST", v.createPublic)},
		{Path: "/public-api/payment-invoices/{id}", Op: sandbox.OpSync, Handler: v.public("GET", v.getPublic)},
		{Path: "/public-api/payment-prerequest", Handler: v.public("POST", v.prerequest)},

		{Path: "/cardgate/payment/sale", Op: sandbox.OpCharge, Handler: v.sale},
		{Path: "/cardgate/hpp/{sid}", Handler: v.hostedPage},
		{Path: "/cardgate/acs/{challenge}", Handler: v.bankPage},
		{Path: "/cardgate/static/{file}", Handler: v.pages.Static},

		{Path: "/_test/chargeback", Handler: v.control(v.controlChargeBack)},
		{Path: "/_test/moderation", Handler: v.control(v.controlModeration)},
		{Path: "/_test/refund", Handler: v.control(v.controlRefund)},
		{Path: "/_test/bad-gateway", Handler: v.control(v.controlBadGateway)},
	}, nil
}

// createOrList tells the two commands of one path apart.
func createOrList(r *http.Request) sandbox.Op {
	if r.Method == http.MethodPost {
		return sandbox.OpStart
	}
	return sandbox.OpSync
}

// Kinds of record in the state file.
const (
	recordKey      = "key"
	recordInvoice  = "invoice"
	recordCard     = "card"
	recordCustomer = "customer"
)

// restore loads what an earlier process kept.
func (v *Vendor) restore() error {
	err := v.host.Load(recordKey, func(_ string, raw json.RawMessage) error {
		var der []byte
		if err := json.Unmarshal(raw, &der); err != nil {
			return err
		}
		key, err := x509.ParsePKCS1PrivateKey(der)
		v.key = key
		return err
	})
	if err != nil {
		return fmt.Errorf("restore the card gate's key: %w", err)
	}
	if err := load(v.host, recordInvoice, v.add); err != nil {
		return err
	}
	if err := load(v.host, recordCard, func(c *savedCard) { v.cards[c.Token] = c }); err != nil {
		return err
	}
	return load(v.host, recordCustomer, func(c *customer) { v.customers[c.key()] = c })
}

// load decodes every record of a kind.
func load[T any](h *sandbox.Host, kind string, add func(*T)) error {
	return h.Load(kind, func(_ string, raw json.RawMessage) error {
		one := new(T)
		if err := json.Unmarshal(raw, one); err != nil {
			return err
		}
		add(one)
		return nil
	})
}

// add indexes an invoice. v.mu must be held, or v not yet served.
func (v *Vendor) add(i *invoice) {
	v.invoices[i.ID] = i
	v.sessions[i.SID] = i
	v.references[i.key()] = i
	for _, f := range i.Refunds {
		v.refunds[reference{i.Account, f.ReferenceID}] = i
	}
	if i.Challenge != "" {
		v.challenges[i.Challenge] = i
	}
}
