package payturesandbox

import (
	"strconv"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// walletNotice is the notification of a customer's payment, card check or
// refund: CustomerPay, CustomerAdd and CustomerRefund with Success or Fail. A
// Charge sends EngineCharge, as InPay's does. The fields are those that an
// integrator lists by type (2016), in that order, after the ones that the
// documents' sample has; the documents show none of eWallet's. CustomerAddFail
// has no SessionId there, so the merchant must ask GetList.
func (v *Vendor) walletNotice(o *order, kind string, amount int64, code Code, is3DS bool) []sandbox.Notification {
	now, c := v.host.Now(), v.customerOf(o)
	if c == nil { // deleted meanwhile
		c = &customer{Login: o.Login}
	}
	success, suffix := code == "", "Success"
	if !success {
		suffix = "Fail"
	} else {
		code = CodeNone
	}
	mask := o.Card
	if t := o.last(); t != nil {
		mask = t.Card
	}
	at := moscow(now).Format("02.01.2006 15:04:05")
	head := func(name string) []attribute {
		return []attribute{
			{"Notification", name + suffix},
			{"MerchantContract", o.Key},
			{"Success", capital(success)},
			{"ErrCode", string(code)},
		}
	}
	switch {
	case kind == "EngineRefund":
		return v.post(o, append(head("CustomerRefund"),
			attribute{"OrderId", o.OrderID},
			kopecks("NewAmount", o.Charged-o.Refunded),
			attribute{"TransactionDate", moscow(now).Format("01/02/2006 15:04:05")}, // month first in this one
		))
	case o.Type == typeAdd && !success:
		return v.post(o, append(head("CustomerAdd"),
			attribute{"VWUserLgn", c.Login},
			attribute{"PhoneNumber", c.Phone},
			attribute{"TransactionDate", at},
		))
	case o.Type == typeAdd:
		holder := ""
		if s := c.card(o.CardID); s != nil {
			holder = s.Holder
		}
		return v.post(o, append(head("CustomerAdd"),
			attribute{"VWUserLgn", c.Login},
			attribute{"PhoneNumber", c.Phone},
			attribute{"CardNumber", mask},
			attribute{"TransactionDate", at},
			attribute{"IsAlfa", "False"},
			attribute{"CardName", mask},
			attribute{"CardHolder", holder},
			attribute{"CardId", o.CardID},
			attribute{"SessionId", o.SessionID},
			attribute{"DateTime", ticks(now)},
		))
	case !success:
		return v.post(o, append(head("CustomerPay"),
			attribute{"Email", c.Email},
			attribute{"OrderId", o.OrderID},
			attribute{"CardNumber", mask},
			kopecks("Amount", amount),
			attribute{"TransactionDate", at},
		))
	}
	return v.post(o, append(head("CustomerPay"),
		attribute{"VWUserLgn", c.Login},
		attribute{"CardId", o.CardID},
		attribute{"OrderId", o.OrderID},
		kopecks("Amount", amount),
		attribute{"IP", o.IP},
		attribute{"Is3DS", capital(is3DS)},
		attribute{"IsAFAuthorize", "False"},
		attribute{"TransactionDate", at},
		attribute{"SessionId", o.SessionID},
		attribute{"CardNumber", mask},
		attribute{"DateTime", ticks(now)},
	))
}

// ticks is .NET's count of 100 ns since the year 1.
func ticks(t time.Time) string {
	return strconv.FormatInt((t.Unix()+62_135_596_800)*10_000_000+int64(t.Nanosecond()/100), 10)
}
