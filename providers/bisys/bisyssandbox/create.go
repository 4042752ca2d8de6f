package bisyssandbox

import "time"

// Kinds of payment.
const (
	kindAnonymous = "anonymous"
	kindRecurrent = "recurrent"
	kindCard      = "card" // the check of a card that is being registered
)

// anonymousFields and recurrentFields are the documented order of fields, for
// a legacy signature.
func anonymousFields() []string {
	return []string{"serviceCode", "amount", "comission", "payType", "clientType", "userPhone", "userEmail", "orderBestBefore", "properties", "orderNote"}
}

func recurrentFields() []string {
	return []string{
		"serviceCode", "userToken", "amount", "comission", "cardToken", "enableSMSConfirm", "payType", "clientType",
		"orderBestBefore", "properties", "orderNote",
	}
}

// opened is the reply to whatever opens a payment. All members are required.
type opened struct {
	RegPayNum  string `json:"regPayNum"`
	MethodType string `json:"methodType"`
	PayURL     string `json:"payUrl"`
	UserToken  string `json:"userToken"`
}

// anonymous opens a payment without a user (seed, "Создание анонимного
// платежа"). The userToken it answers names nobody.
func (v *Vendor) anonymous(c call) (any, *refusal) {
	p, no := v.newPayment(c)
	if no != nil {
		return nil, no
	}
	p.Kind, p.UserToken = kindAnonymous, newID()
	v.open(p)
	return p.opened(c.base), nil
}

// recurrent opens a payment of a user's (seed, "Cоздание рекуррентного
// платежа"): with cardToken it charges that card, else the payer gets a form.
func (v *Vendor) recurrent(c call) (any, *refusal) {
	r := reader{f: c.f}
	token, card, sms := r.required("userToken"), r.text("cardToken"), r.flag("enableSMSConfirm")
	keep := r.flag("needRegCard") == "true"
	r.browser("clientAuInfo")
	if r.bad != nil {
		return nil, r.bad
	}
	p, no := v.newPayment(c)
	if no != nil {
		return nil, no
	}
	u := v.userOf(c.shop, token)
	if u == nil {
		return nil, noUser()
	}
	p.Kind, p.UserToken, p.KeepCard = kindRecurrent, token, keep && card == ""
	if card == "" {
		v.open(p)
		return p.opened(c.base), nil
	}
	saved := u.card(card)
	if saved == nil || saved.State != cardActive {
		return nil, noCard()
	}
	return v.charge(c, p, saved, sms)
}

// newPayment reads what both kinds share. It keeps nothing.
func (v *Vendor) newPayment(c call) (*payment, *refusal) {
	r := reader{f: c.f}
	p := &payment{
		Shop: c.shop.ShopToken, ServiceCode: r.required("serviceCode"), Amount: r.minor("amount", 1), Comission: r.minor("comission", 0),
		Properties: r.pairs("properties"), Note: r.text("orderNote"), BestBefore: r.until("orderBestBefore"), Items: r.items("orderItems"),
	}
	r.like("serviceCode", servicePattern)
	r.payType()
	r.clientType()
	r.like("userPhone", phonePattern)
	r.like("userEmail", emailPattern)
	p.HoldTTL = r.holdTTL()
	r.links(p)
	now := v.host.Now()
	switch {
	case r.bad != nil:
		return nil, r.bad
	case c.shop.service(p.ServiceCode) == nil:
		return nil, noService()
	case !p.BestBefore.IsZero() && !now.Before(p.BestBefore):
		return nil, tooLate()
	}
	v.begin(p, now)
	return p, nil
}

// begin gives a new payment its numbers. v.mu must be held.
func (v *Vendor) begin(p *payment, now time.Time) {
	p.State, p.CreatedAt, p.OrderID = StateCreated, now, newID()
	for p.RegPayNum == "" || v.payments[p.RegPayNum] != nil {
		p.RegPayNum = newRegPayNum()
	}
}

// open keeps a payment that waits for its payer. v.mu must be held.
func (v *Vendor) open(p *payment) {
	v.add(p)
	v.host.Commit(kept(p))
}

func (p *payment) opened(base string) opened {
	return opened{RegPayNum: p.RegPayNum, MethodType: "GET", PayURL: base + p.path(pageCard), UserToken: p.UserToken}
}

// links are a sibling's: where the browser goes back to, and this payment's own
// address for notifications.
func (r *reader) links(p *payment) {
	p.SuccessURL, p.FailURL, p.NotifyURL = r.link("successUrl"), r.link("failUrl"), r.link("cbUrl")
}

// holdTTL is a sibling's: how long the money is only held before it is released
// by itself, 10 min to 4 days. The siblings hold by the kind of service; here
// the field's presence asks for it.
func (r *reader) holdTTL() time.Duration {
	if s := r.text("holdTtl"); s == "" {
		return 0
	}
	seconds := r.minor("holdTtl", 600)
	if seconds > 4*24*60*60 {
		r.wrong("holdTtl")
		return 0
	}
	return time.Duration(seconds) * time.Second
}

func (a Account) service(code string) *Service {
	for _, s := range a.Services {
		if s.Code == code {
			return &s
		}
	}
	return nil
}
