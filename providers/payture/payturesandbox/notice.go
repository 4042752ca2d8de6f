package payturesandbox

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// notice is the notification of an event: kind is EnginePay, EngineBlock,
// EngineCharge or EngineRefund, code why it failed or "".
//
// The form and the order of fields are those of the documents' sample (docs,
// notifications). Its time zone is unstated; Moscow's is assumed. Nothing
// signs it. The documents show no refund: Amount is the sum given back here,
// and NewAmount what is left, as in eWallet's.
func (v *Vendor) notice(o *order, kind string, amount int64, code Code, is3DS bool) []sandbox.Notification {
	if o.isWallet() && kind != "EngineCharge" {
		return v.walletNotice(o, kind, amount, code, is3DS)
	}
	success, suffix := "True", "Success"
	if code != "" {
		success, suffix = "False", "Fail"
	} else {
		code = CodeNone
	}
	pairs := []attribute{
		{"Is3DS", capital(is3DS)},
		{"ForwardedTo", "NotForwarded"},
		{"Notification", kind + suffix},
		{"MerchantContract", o.Key},
		{"Success", success},
		{"TransactionDate", moscow(v.host.Now()).Format("02.01.2006 15:04:05")},
		{"ErrCode", string(code)},
		{"OrderId", o.OrderID},
		{"Amount", strconv.FormatInt(amount, 10)},
		{"MerchantId", "1"},
	}
	if kind == "EngineRefund" {
		pairs = append(pairs, kopecks("NewAmount", o.Charged-o.Refunded))
	}
	return v.post(o, pairs)
}

// post sends pairs as a form. A terminal without an address of its own uses
// that of the merchant's main one.
func (v *Vendor) post(o *order, pairs []attribute) []sandbox.Notification {
	body := make([]string, 0, len(pairs))
	for _, p := range pairs {
		body = append(body, p.name+"="+url.QueryEscape(p.value))
	}
	return []sandbox.Notification{{
		Account: o.Key, Instead: v.accounts[o.Key].NotifyAs,
		Header:  map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		Body:    strings.Join(body, "&"),
		Retries: v.retries,
	}}
}

// capital writes a boolean as Payture does.
func capital(yes bool) string {
	if yes {
		return "True"
	}
	return "False"
}

func moscow(t time.Time) time.Time { return t.In(time.FixedZone("MSK", 3*60*60)) }
