// Package payturesandbox simulates Payture InPay and Payture eWallet over HTTP:
// the commands under /payture/apim/ and /payture/vwapi/, the hosted pages that
// take a payment or save a card, a bank's 3-D Secure page under /payture/acs/,
// and notifications. It owns Payture's own view of an order, of a customer and
// of a customer's cards, and reports every movement of money to the host's book.
//
// It is written from Payture's public documents and recorded traffic alone and
// may not import the adapter: shared code would share its mistakes. Where the
// documents are silent, the choice made is said beside the code. It never keeps
// or logs a full card number or a CVC, only a mask.
//
// Start reading at [New]; init.go opens an order, try.go takes a card,
// operations.go is the merchant's side, state.go is what GetState says, page.go
// is what a person sees. eWallet goes the same way and adds customer.go,
// savedcard.go and recurring.go.
package payturesandbox

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// What Payture's documents and recordings give; see the file that uses each.
const (
	sessionLife   = 60 * time.Minute   // inpay/pay: a session lives 60 minutes by default
	sessionTries  = 5                  // AttemptsCount="5" in an Init reply
	holdLife      = 7 * 24 * time.Hour // two-stage: charge within 7 days
	redirectPause = 3 * time.Second    // inpay/pay: the result is shown, then the browser goes back
	slowCard      = 40 * time.Second   // test-cards: the 40 s cards
	challengeLife = 15 * time.Minute   // own choice: how long a bank waits at its 3-D Secure page
	currency      = "RUB"              // the only currency of the test terminals
)

// Account is a terminal.
type Account struct {
	Key      string
	Password string
	Shop     string // shown on the payment page
	Wallet   bool   // a terminal of eWallet (vwapi), refused by InPay

	// The rest is eWallet's.
	Merchant string // terminals of one merchant share customers and their cards
	TwoStage bool   // a payment by card id is held until Charge; a session says so itself
	AddOnly  bool   // saves cards and takes no payment
	Activate bool   // an added card waits for Activate (docs, ewallet/cards/add: the terminal's scheme)

	// NotifyAs is the terminal whose notification address serves this one too,
	// until it has its own.
	NotifyAs string
}

// DefaultAccounts are the terminals that every sandbox has, with the password
// 123: Merchant for InPay, and three of the same merchant for eWallet.
func DefaultAccounts() []Account {
	return []Account{
		{Key: "Merchant", Password: "123", Shop: "Demo Shop"},
		{Key: "MerchantAdd", Password: "123", Shop: "Demo Shop", Wallet: true, NotifyAs: "Merchant", AddOnly: true},
		{Key: "MerchantPay", Password: "123", Shop: "Demo Shop", Wallet: true, NotifyAs: "Merchant"},
		{Key: "MerchantBlock", Password: "123", Shop: "Demo Shop", Wallet: true, NotifyAs: "Merchant", TwoStage: true},
	}
}

// Options configures a Vendor. The zero value is Payture as it comes.
type Options struct {
	// Accounts are the terminals; nil is DefaultAccounts.
	Accounts []Account

	// NotifyRetries is how often a notification is sent again when the answer
	// is not 200 OK, NotifyInterval apart. Payture sends once by default;
	// its support can set both.
	NotifyRetries  int
	NotifyInterval time.Duration
}

// Vendor is Payture. Make it with New and give it to a sandbox.Server.
type Vendor struct {
	accounts map[string]Account
	names    []string
	retries  []time.Duration
	host     *sandbox.Host
	pages    *sandbox.Pages

	mu         sync.Mutex // guards the maps and every record in them
	customers  map[customerKey]*customer
	orders     map[orderKey]*order
	sessions   map[string]*order
	challenges map[string]*order // by the id of an attempt's 3-D Secure step
}

// New makes a Vendor. It does nothing until a sandbox.Server mounts it.
func New(o Options) *Vendor {
	if o.Accounts == nil {
		o.Accounts = DefaultAccounts()
	}
	v := &Vendor{
		accounts: map[string]Account{}, pages: newPages(), customers: map[customerKey]*customer{},
		orders: map[orderKey]*order{}, sessions: map[string]*order{}, challenges: map[string]*order{},
	}
	for _, a := range o.Accounts {
		v.accounts[a.Key] = a
		v.names = append(v.names, a.Key)
	}
	for range o.NotifyRetries {
		v.retries = append(v.retries, o.NotifyInterval)
	}
	return v
}

// Name is payture.
func (v *Vendor) Name() string { return "payture" }

// Accounts lists the terminals' keys.
func (v *Vendor) Accounts() []string { return v.names }

// Mount restores orders and customers and returns the commands and pages.
// PaySubmit and the pages belong to the payer, so no fault strikes them.
func (v *Vendor) Mount(h *sandbox.Host) ([]sandbox.Route, error) {
	v.host = h
	err := h.Load(recordOrder, func(_ string, raw json.RawMessage) error {
		o := new(order)
		if err := json.Unmarshal(raw, &o.record); err != nil {
			return err
		}
		v.add(o)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = h.Load(recordCustomer, func(_ string, raw json.RawMessage) error {
		c := new(customer)
		if err := json.Unmarshal(raw, c); err != nil {
			return err
		}
		v.customers[c.key()] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(v.walletRoutes(), []sandbox.Route{
		{Path: "/apim/Init", Op: sandbox.OpStart, Handler: v.command("Init", v.init)},
		{Path: "/apim/Charge", Op: sandbox.OpCharge, Handler: v.command("Charge", v.inPay(v.charge()))},
		{Path: "/apim/Unblock", Op: sandbox.OpCharge, Handler: v.command("Unblock", v.inPay(v.unblock()))},
		{Path: "/apim/Refund", Op: sandbox.OpRefund, Handler: v.command("Refund", v.inPay(v.refund()))},
		{Path: "/apim/GetState", Op: sandbox.OpSync, Handler: v.command("GetState", v.getState)},
		{Path: "/apim/PayStatus", Op: sandbox.OpSync, Handler: v.command("PayStatus", v.payStatus)},
		{Path: "/apim/Pay", Handler: v.payPage},
		{Path: "/apim/PaySubmit", Handler: v.paySubmit},
		{Path: "/acs/{challenge}", Handler: v.acsPage},
		{Path: "/static/{file}", Handler: v.pages.Static},
		{Path: "/_test/chargeback", Handler: v.chargeBack()},
	}...), nil
}

// command serves one XML command. Payture takes GET and POST alike
// and answers 200 for business errors too.
func (v *Vendor) command(name string, do func(*http.Request, fields) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
			return
		}
		f, err := readFields(r)
		if err != nil {
			refused(CodeFormatError).write(w, name)
			return
		}
		do(r, f).write(w, name)
	}
}

// terminal checks Key. Wallet terminals exist but not here: the documents name
// no code for that, OPERATION_NOT_ALLOWED is the nearest of their list.
func (v *Vendor) terminal(f fields) (Account, Code) {
	if f.get("Key") == "" {
		return Account{}, CodeWrongParams
	}
	a, ok := v.accounts[f.get("Key")]
	switch {
	case !ok:
		return Account{}, CodeAccessDenied
	case a.Wallet:
		return Account{}, CodeOperationNotAllowed
	}
	return a, ""
}

// add indexes an order. v.mu must be held, or v not yet served.
func (v *Vendor) add(o *order) {
	if o.Type != typeAdd {
		v.orders[o.key()] = o
	}
	if o.SessionID != "" {
		v.sessions[o.SessionID] = o
	}
	for _, t := range o.Tries {
		if t.Challenge != "" {
			v.challenges[t.Challenge] = o
		}
	}
}
