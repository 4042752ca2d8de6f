package payturesandbox

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// payByCard charges a customer's saved card without a page (docs,
// ewallet/pay/recurring): one- or two-stage as the terminal is. An OrderId that
// was ever used, declined or not, is DUPLICATE_ORDER_ID; a request refused
// before the bank was asked leaves its OrderId free. Both are our choice.
//
// Without SecureCode it is recurring and never asks for 3-D Secure: a bank that
// wants it refuses, here with THREE_DS_NOT_ATTEMPTED (our choice of the listed
// codes; test card 5486732058864471, or any card by /_control/cards). With
// SecureCode the merchant runs 3-D Secure itself, see merchant3ds.go.
func (v *Vendor) payByCard(r *http.Request, terminal Account, data fields) reply {
	o, code := newDirect(terminal, data)
	if code != "" {
		return refused(code)
	}
	o.op.Lock() // nobody else has it yet
	defer o.op.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	o.CreatedAt = v.host.Now()
	s, code := v.cardToCharge(o, terminal, data)
	who, id := attribute{"VWUserLgn", o.Login}, attribute{"OrderId", o.OrderID}
	if code != "" {
		return append(reply{who, id}, refused(code)...)
	}
	card := cardByMask(s.Mask)
	t := &try{State: StateNew, Card: s.Mask, At: o.CreatedAt}
	asks := false
	if cvc := data.get("SecureCode"); cvc != "" {
		t.Verdict, asks = card.refusal(cardForm{cvc: cvc}, o.Amount, false), card.threeDS
		asks = v.walletVerdict(o, t, asks)
	} else {
		t.Verdict = card.recurringRefusal(o.Amount)
		if s.Refuses != "" {
			t.Verdict = s.Refuses
		}
	}
	v.add(o)
	if asks {
		return append(reply{who, id}, v.askMerchant(r, o, t)...)
	}
	if card.slow == "block" && !v.slow(r.Context()) {
		delete(v.orders, o.key()) // as if it had never reached the bank
		return append(reply{who, id}, refused(CodeInternalError)...)
	}
	o.Tries = append(o.Tries, t)
	v.decide(o, t)
	return append(reply{who, id}, o.paidReply(t)...)
}

// newDirect checks what a payment by card id needs to have.
func newDirect(terminal Account, data fields) (*order, Code) {
	kind := typePay
	if terminal.TwoStage {
		kind = typeBlock
	}
	orderID := data.get("OrderId")
	amount, code := data.amount()
	switch {
	case strings.EqualFold(data.get("CardId"), "FreePay"), data.get("CardNumber") != "", terminal.AddOnly:
		return nil, CodeOperationNotAllowed // see cardDataRefused
	case orderID == "" || utf8.RuneCountInString(orderID) > 50, data.get("CardId") == "", data.get("Amount") == "",
		data.get("VWUserLgn") == "", data.get("VWUserPsw") == "":
		return nil, CodeWrongParams
	case code != "":
		return nil, code
	case !isCheque(data.get("Cheque")):
		return nil, CodeFormatError
	case data.get("SecureCode") != "" && !digits.MatchString(data.get("SecureCode")):
		return nil, CodeWrongCVV
	}
	return &order{record: record{
		Key: terminal.Key, OrderID: orderID, Type: kind, Amount: amount, Product: data.get("Product"), Language: "RU",
		IP: data.get("IP"), State: StateNew, Login: data.get("VWUserLgn"), Saved: data.get("CardId"),
	}}, ""
}

// cardToCharge is the customer's card, or why it cannot be charged. A wrong id
// and an inactive card are one code (recorded). v.mu must be held.
func (v *Vendor) cardToCharge(o *order, terminal Account, data fields) (*savedCard, Code) {
	c, code := v.login(terminal, data)
	if code != "" {
		return nil, code
	}
	s := c.card(o.Saved)
	switch {
	case v.orders[o.key()] != nil:
		return nil, CodeDuplicateOrderID
	case s == nil || !s.Active:
		return nil, CodeWrongCard
	case s.expired(o.CreatedAt):
		return nil, CodeCardExpired
	}
	return s, ""
}

// recurringRefusal is why the bank refuses amount kopecks without a CVC and
// without 3-D Secure, or "".
func (c testCard) recurringRefusal(amount int64) Code {
	switch {
	case c.tryFails != "" && amount > c.failsAbove:
		return c.tryFails
	case c.wants3DS:
		return CodeThreeDSNotAttempted
	case c.cvcAlways:
		return CodeWrongCVV
	}
	return ""
}

// paidReply says how a payment by card id ended. As with Charge, Amount is what
// was asked for; GetState says what was taken.
func (o *order) paidReply(t *try) reply {
	if t.Code != "" {
		return refused(t.Code)
	}
	return accepted(kopecks("Amount", o.Amount))
}
