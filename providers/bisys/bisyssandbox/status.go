package bisyssandbox

import (
	"strconv"
	"time"
)

// statusReply is the state of a payment (seed, "Получение статуса платежа"). The
// four nullable members are always there. Times are "yyyy-MM-dd HH:mm:ss"; their
// zone is not stated, it is UTC here.
type statusReply struct {
	State             State   `json:"state"`
	TotalAmount       any     `json:"totalAmount"` // amount and comission; a number, or text with Options.TextNumbers
	CreatedDate       string  `json:"createdDate"`
	ServiceCode       string  `json:"providerServCode"`
	ServiceName       string  `json:"providerName"`
	ErrorCode         *string `json:"errorCode"`
	Error             *string `json:"error"`
	Message           *string `json:"message"`
	ProvisionServices any     `json:"provisionServices"` // whether the payment is held first
	ProcDate          *string `json:"procDate"`
}

// status answers for a payment. One that charges a saved card and waits for 3-D
// Secure answers NeedPass3dsException instead, as the creation may have.
func (v *Vendor) status(c call) (any, *refusal) {
	r := reader{f: c.f}
	num := r.required("regPayNum")
	if r.bad != nil {
		return nil, r.bad
	}
	p := v.paymentOf(c.shop, num)
	switch {
	case p == nil:
		return nil, noPayment()
	case p.State == StateCreated && p.Step && p.charges():
		return nil, needs3DS(p.RegPayNum, c.base+p.path(pageSecure))
	}
	s := statusReply{
		State: p.State, TotalAmount: p.totalNow(), CreatedDate: stamp(p.CreatedAt), ServiceCode: p.ServiceCode,
		ProvisionServices: p.HoldTTL > 0,
	}
	if service := c.shop.service(p.ServiceCode); service != nil {
		s.ServiceName = service.Name
	}
	if !p.PayedAt.IsZero() {
		s.ProcDate = new(stamp(p.PayedAt))
	}
	if p.Failure.Code != "" {
		s.ErrorCode, s.Error, s.Message = &p.Failure.Code, new("PaymentRejected"), &p.Failure.Text
	}
	if v.options.TextNumbers {
		s.TotalAmount, s.ProvisionServices = strconv.FormatInt(p.totalNow(), 10), strconv.FormatBool(p.HoldTTL > 0)
	}
	return s, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.DateTime) }
