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
	success, suffix := "True", "Success"
	if code != "" {
		success, suffix = "False", "Fail"
	} else {
		code = CodeNone
	}
	is := "False"
	if is3DS {
		is = "True"
	}
	pairs := []attribute{
		{"Is3DS", is},
		{"ForwardedTo", "NotForwarded"},
		{"Notification", kind + suffix},
		{"MerchantContract", o.Key},
		{"Success", success},
		{"TransactionDate", v.host.Now().In(time.FixedZone("MSK", 3*60*60)).Format("02.01.2006 15:04:05")},
		{"ErrCode", string(code)},
		{"OrderId", o.OrderID},
		{"Amount", strconv.FormatInt(amount, 10)},
		{"MerchantId", "1"},
	}
	if kind == "EngineRefund" {
		pairs = append(pairs, kopecks("NewAmount", o.Charged-o.Refunded))
	}
	body := make([]string, 0, len(pairs))
	for _, p := range pairs {
		body = append(body, p.name+"="+url.QueryEscape(p.value))
	}
	return []sandbox.Notification{{
		Account: o.Key,
		Header:  map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
		Body:    strings.Join(body, "&"),
		Retries: v.retries,
	}}
}
