package payturesandbox

import (
	"net/http"
	"slices"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// walletRoutes are the commands and pages of eWallet. Two paths are both: Pay
// and Add with a SessionId are pages, without one they are the merchant's
// commands.
func (v *Vendor) walletRoutes() []sandbox.Route {
	return []sandbox.Route{
		{Path: "/vwapi/Register", Op: sandbox.OpPayer, Handler: v.walletCommand("Register", v.registerCustomer)},
		{Path: "/vwapi/Update", Op: sandbox.OpPayer, Handler: v.walletCommand("Update", v.updateCustomer)},
		{Path: "/vwapi/Check", Op: sandbox.OpPayer, Handler: v.walletCommand("Check", v.checkCustomer)},
		{Path: "/vwapi/Delete", Op: sandbox.OpPayer, Handler: v.walletCommand("Delete", v.deleteCustomer)},
		{Path: "/vwapi/Activate", Op: sandbox.OpPayer, Handler: v.walletCommand("Activate", v.activate)},
		{Path: "/vwapi/Remove", Op: sandbox.OpPayer, Handler: v.walletCommand("Remove", v.removeCard)},
		{Path: "/vwapi/GetList", Op: sandbox.OpSync, Handler: v.getList},
		{Path: "/vwapi/Init", Op: sandbox.OpStart, Handler: v.walletCommand("Init", v.walletInit)},
		{Path: "/vwapi/Add", Handler: v.pageOr(v.walletCommand("Add", cardDataRefused))},
		{Path: "/vwapi/Pay", OpOf: payOp, Handler: v.pageOr(v.walletCommand("Pay", v.payByCard))},
		{Path: "/vwapi/PaySubmit", Handler: v.paySubmit},
		{Path: "/vwapi/PaySubmit3DS", Op: sandbox.OpCharge, Handler: v.command("PaySubmit3DS", v.paySubmit3DS)},
		{Path: "/vwapi/Charge", Op: sandbox.OpCharge, Handler: v.command("Charge", v.byVWID(v.charge()))},
		{Path: "/vwapi/Unblock", Op: sandbox.OpCharge, Handler: v.command("Unblock", v.byVWID(v.unblock()))},
		{Path: "/vwapi/Refund", Op: sandbox.OpRefund, Handler: v.walletCommand("Refund", v.walletRefund)},
		{Path: "/vwapi/PayStatus", Op: sandbox.OpSync, Handler: v.walletCommand("PayStatus", v.walletPayStatus)},
		{Path: "/vwapi/GetState", Op: sandbox.OpSync, Handler: v.command("GetState", v.walletGetState)},
	}
}

// walletCommand serves a command whose parameters are in DATA, for the terminal
// of VWID.
func (v *Vendor) walletCommand(name string, do func(*http.Request, Account, fields) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !sandbox.Only(w, r, http.MethodGet, http.MethodPost) {
			return
		}
		terminal, data, code := v.walletData(r)
		if code != "" {
			refused(code).write(w, name)
			return
		}
		do(r, terminal, data).write(w, name)
	}
}

// walletData reads VWID and DATA. SDK-Node writes Data: names have no case here.
func (v *Vendor) walletData(r *http.Request) (Account, fields, Code) {
	f, err := readFields(r)
	if err != nil {
		return Account{}, nil, CodeFormatError
	}
	terminal, code := v.walletTerminal(f.get("VWID"))
	if code != "" {
		return Account{}, nil, code
	}
	data, err := parseData(f.get("DATA"))
	if err != nil {
		return Account{}, nil, CodeFormatError
	}
	return terminal, data, ""
}

// walletTerminal checks a terminal's name. InPay's terminals exist but not
// here, and get the code that eWallet's get there.
func (v *Vendor) walletTerminal(key string) (Account, Code) {
	if key == "" {
		return Account{}, CodeWrongParams
	}
	a, ok := v.accounts[key]
	switch {
	case !ok:
		return Account{}, CodeAccessDenied
	case !a.Wallet:
		return Account{}, CodeOperationNotAllowed
	}
	return a, ""
}

// byVWID is an operation as a command with plain fields.
func (v *Vendor) byVWID(op operation) func(*http.Request, fields) reply {
	return func(r *http.Request, f fields) reply {
		terminal, code := v.walletTerminal(f.get("VWID"))
		if code != "" {
			return refused(code)
		}
		return v.operate(r, terminal, f, op)
	}
}

// pageOr draws the page of a session, or runs the command where there is none.
func (v *Vendor) pageOr(command http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if hasSession(r) {
			v.payPage(w, r)
			return
		}
		command(w, r)
	}
}

// payOp lets faults strike a payment by card id and not the payer's page.
func payOp(r *http.Request) sandbox.Op {
	if hasSession(r) {
		return sandbox.OpNone
	}
	return sandbox.OpCharge
}

// cardDataRefused answers a request with a card number in it, Add's and Pay's
// with CardId=FreePay: that is for merchants with a PCI DSS certificate, and
// these terminals have none. The code is our choice.
func cardDataRefused(*http.Request, Account, fields) reply { return refused(CodeOperationNotAllowed) }

// walletInit opens a session (docs, ewallet/init). The answer of an Add session
// has no OrderId, and echoes the Amount, or 0 when Payture chose the sum.
func (v *Vendor) walletInit(_ *http.Request, terminal Account, data fields) reply {
	rec, code := newRecord(data, typeAdd, typePay, typeBlock)
	if code != "" {
		return refused(code)
	}
	rec.Key, rec.SessionID, rec.CreatedAt = terminal.Key, newID(), v.host.Now()
	o := &order{record: rec}

	v.mu.Lock()
	defer v.mu.Unlock()
	c, code := v.login(terminal, data)
	if code != "" {
		return refused(code)
	}
	o.Login, o.IP = c.Login, data.get("IP")
	if o.Type == typeAdd {
		asked := o.Amount
		if asked == 0 {
			o.Amount = defaultCheck
		}
		v.add(o)
		v.host.Commit(v.kept(o))
		return append(accepted(kopecks("Amount", asked)), o.opened()...)
	}
	o.Saved = data.get("CardId")
	switch {
	case terminal.AddOnly: // which code is our choice
		return refused(CodeOperationNotAllowed)
	case v.orders[o.key()] != nil:
		return refused(CodeDuplicateOrderID)
	case o.Saved != "" && v.savedCardOf(o) == nil:
		return refused(CodeWrongCard)
	}
	v.add(o)
	v.host.Commit(v.kept(o))
	return append(accepted(attribute{"OrderId", o.OrderID}, kopecks("Amount", o.Amount)), o.opened()...)
}

// walletRefund has its fields in DATA, Password included, and an empty
// VWUserLgn in its answer (recorded).
func (v *Vendor) walletRefund(r *http.Request, terminal Account, data fields) reply {
	return append(reply{{"VWUserLgn", ""}}, v.operate(r, terminal, data, v.refund())...)
}

// walletGetState is InPay's, with Key and OrderId as plain fields, no VWID: so
// Payture's own Node SDK was corrected. The shape of its answer is not
// documented; it is InPay's here.
func (v *Vendor) walletGetState(_ *http.Request, f fields) reply {
	terminal, code := v.walletTerminal(f.get("Key"))
	if code != "" {
		return refused(code)
	}
	return v.state(terminal, f, CodeOrderNotFound, (*order).fullState)
}

// walletPayStatus names the state Status, and says ORDER_TIME_OUT of an order
// it never heard of. VWUserLgn and CardId are empty (both recorded).
func (v *Vendor) walletPayStatus(_ *http.Request, terminal Account, data fields) reply {
	answer := v.state(terminal, data, CodeOrderTimeOut, func(o *order) reply {
		return accepted(
			attribute{"OrderId", o.OrderID},
			attribute{"Forwarded", "False"},
			kopecks("Amount", o.amountNow()),
			attribute{"CardId", ""},
			attribute{"Status", string(o.State)},
		)
	})
	return slices.Insert(answer, 1, attribute{"VWUserLgn", ""})
}

// closed is why an order takes no card any more, or "". v.mu must be held.
func (v *Vendor) closed(o *order, now time.Time) Code {
	if code := o.closed(now); code != "" {
		return code
	}
	if o.isWallet() && v.customerOf(o) == nil {
		return CodeCustomerNotFound
	}
	return ""
}

// walletView is what eWallet's pages say otherwise.
func (v *Vendor) walletView(o *order, p *view) {
	if p.PageURL != "" {
		p.SubmitURL = "/payture/vwapi/PaySubmit"
	}
	p.Note = p.T.SaveNote
	if o.Type != typeAdd {
		if v.savedCardOf(o) != nil {
			p.Note = ""
		}
		return
	}
	p.Due, p.Note, p.Title = p.T.AddDue, p.T.AddNote, p.T.AddTitle+" · "+p.Shop
	p.CardTitle, p.Button, p.Declined, p.OrderID = p.T.AddTitle, p.T.Add, p.T.NotAdded+".", ""
	p.T.Confirm, p.T.ConfirmSays = p.T.ConfirmCard, p.T.ConfirmCardSays
	p.State = State(v.outcome(o))
}

// behaviour is the key of what a test card does on o's page.
func (c testCard) behaviour(o *order) string {
	if o.Type == typeAdd && c.saysSaved != "" {
		return c.saysSaved
	}
	return c.says
}
