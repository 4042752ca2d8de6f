// Package ktpaysandbox simulates KTPay (KTWidget) over HTTP, as a merchant and
// a payer meet it: creation of a transaction by a sealed box, the widget page
// in a frame or alone, the acquirer's 3-D Secure page, acquirer options, the
// PDF receipt and the notification. It owns KTPay's own view of a transaction
// and reports every movement of money to the host's book.
//
// It is written from KTPay's public documents alone and may not import the
// adapter: shared code would share its mistakes. Where the documents are
// silent, the choice made is said beside the code. It keeps no card number and
// no CVC, only a mask, and nothing of the payer that an order may carry.
//
// Both of KTPay's hosts live under one prefix: the API's is /ktpay, so that an
// order is created at /ktpay/api/v1/merchant-widget/payment, and so is the
// widget's, whose page is /ktpay/payment-card?hash=.
//
// KTPay states no test cards. These published test numbers are taken, with any
// date ahead and any three digits, and no others:
//
//	4111111111111111, 5555555555554444  approved
//	4000002500003155  3-D Secure, then approved
//	4000008400001629  3-D Secure, then declined, 05
//	4000000000000002  declined, 05: error, ERROR_PAYMENT
//	4000000000009995  insufficient funds, 51: error, ERROR_PAYMENT
//	4000000000009979  card blocked, 43: denied, ERROR_PAYMENT
//	4000000000000069  expired, 54: asked again; the third time error, ERROR_INPUT
//	4000000000000119  the bank is silent for 40 s, 91: error, ERROR_SYSTEM
//
// Of KTPay's services the sandbox has 1 (credits in 5 s), 2 (in 90 s) and 3
// (refuses after 5 s: denied, ERROR_SYSTEM). The contract 9999999 is unknown to
// each of them: denied, ERROR_PAYMENT. Money is taken, and counted in the book,
// when a transaction becomes completed, once; KTPay has no refund.
//
// An API request whose header X-Sandbox-Error is one of KTPay's codes is refused
// with that code.
//
// Start reading at [New]; create.go opens a transaction, attempt.go takes a card,
// settle.go is the way from the hold to the end, page.go what a person sees and
// notice.go what the merchant is told.
package ktpaysandbox

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Callbacks are the addresses that a merchant may set for all orders or send
// with one (specification, sections 2 and 4). An address without a scheme is
// taken as https: the vendor's own sample has none.
type Callbacks struct {
	Back         string `json:"back,omitempty"`
	Success      string `json:"success,omitempty"`
	Failed       string `json:"failed,omitempty"`
	Post         string `json:"post,omitempty"` // where the notification goes
	ForceBack    string `json:"forceBack,omitempty"`
	ForceSuccess string `json:"forceSuccess,omitempty"` // without a result page
	ForceFailed  string `json:"forceFailed,omitempty"`
}

// Key is an X25519 secret key of an account.
type Key struct {
	Secret [32]byte
	Until  time.Time // boxes sealed to it are refused from then on; zero is never
}

// Account is a merchant's application.
type Account struct {
	AppID      string // 32 hex digits
	MerchantID int64
	Shop       string // shown on the pages

	// Keys are tried in order: the present one, and then the previous one as
	// long as it overlaps.
	Keys []Key

	// Origins are the trusted domains, as scheme://host[:port]. A port of *
	// is any port.
	Origins []string

	// Callbacks are used where an order names none of its own.
	Callbacks Callbacks
}

// DefaultAccounts is the one account that every sandbox has. It trusts the
// pages of this machine.
func DefaultAccounts() []Account {
	return []Account{{
		AppID: "e2d3d70d53c67bcd377266f74e98587c", MerchantID: 1, Shop: "Demo Shop",
		Keys:    []Key{builtInKey()},
		Origins: []string{"http://localhost:*", "http://127.0.0.1:*"},
	}}
}

// Options configures a Vendor. The zero value is KTPay as it comes.
type Options struct {
	// Accounts are the merchants; nil is DefaultAccounts.
	Accounts []Account
}

// Vendor is KTPay. Make it with New and give it to a sandbox.Server.
type Vendor struct {
	accounts map[string]Account
	names    []string
	host     *sandbox.Host
	pages    *sandbox.Pages

	mu         sync.Mutex // guards the maps and every record in them
	byOrder    map[orderKey]*transaction
	byHash     map[string]*transaction
	challenges map[string]*transaction // by the id of a 3-D Secure step
	lastID     int64
}

// New makes a Vendor. It does nothing until a sandbox.Server mounts it.
func New(o Options) *Vendor {
	if o.Accounts == nil {
		o.Accounts = DefaultAccounts()
	}
	v := &Vendor{
		accounts: map[string]Account{}, pages: newPages(), byOrder: map[orderKey]*transaction{},
		byHash: map[string]*transaction{}, challenges: map[string]*transaction{},
	}
	for _, a := range o.Accounts {
		v.accounts[a.AppID] = a
		v.names = append(v.names, a.AppID)
	}
	return v
}

// Name is ktpay.
func (v *Vendor) Name() string { return "ktpay" }

// Accounts lists the applications' ids.
func (v *Vendor) Accounts() []string { return v.names }

// Mount restores the transactions, goes on with those that hold money, and
// returns the API and the pages. The pages belong to the payer, so no fault
// strikes them, and none strikes a browser's preflight.
func (v *Vendor) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	v.host = h
	err := h.Load(recordTransaction, func(_ string, raw json.RawMessage) error {
		x := new(transaction)
		if err := json.Unmarshal(raw, &x.record); err != nil {
			return err
		}
		v.add(x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.resume()
	const payment = "/api/v1/merchant-widget/payment"
	return []sandbox.Route{
		{Path: payment, OpOf: startsUnlessPreflight, Handler: v.create},
		{Path: payment + "/{hash}/acquirer-options", Op: sandbox.OpSync, Handler: v.acquirerOptions},
		{Path: payment + "/{hash}/pdf", Op: sandbox.OpSync, Handler: v.receiptPDF},
		{Path: pagePath, Handler: v.page},
		{Path: acsPath + "{challenge}", Handler: v.acsPage},
		{Path: "/static/{file}", Handler: v.pages.Static},
	}, nil
}

func startsUnlessPreflight(r *http.Request) sandbox.Op {
	if r.Method == http.MethodOptions {
		return sandbox.OpNone
	}
	return sandbox.OpStart
}

// add indexes a transaction. v.mu must be held, or v not yet served.
func (v *Vendor) add(x *transaction) {
	v.byOrder[x.key()] = x
	v.byHash[x.Hash] = x
	if x.Challenge != nil {
		v.challenges[x.Challenge.ID] = x
	}
	v.lastID = max(v.lastID, x.ID)
}

// find is the transaction of a hash, or nil.
func (v *Vendor) find(hash string) *transaction {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.byHash[hash]
}
