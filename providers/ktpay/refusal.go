package ktpay

import (
	"context"
	"slices"
	"strings"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// validationFailed is the code of a parameter that KTPay does not take.
const validationFailed = "4220002"

// refused reads the answer "no" to a creation. What the payer or the amount is
// refused for is a Result; what says that we are wrong is an error; and what breaks
// at KTPay, or says no without a code, is Unknown: a transaction may exist.
func (c *Client) refused(ctx context.Context, orderNumber string, said answer) (providers.Result, error) {
	if said.code == validationFailed {
		return c.invalid(orderNumber, said)
	}
	if told := declineOfCode(said.code); told != nil {
		return refusal(*told), nil
	}
	kind, known := kindOf(said.code)
	if !known && said.code != "" {
		c.log.WarnContext(ctx, "ktpay: an error code that is not in the table", "order", orderNumber, "code", said.code)
	}
	return providers.Result{}, ofOrder(orderNumber, kind, said.code, reasonOf(said))
}

// invalid reads a failed validation by the fields that it names. Our order number
// is well-formed and new each time, so that an objection to it means that it was
// used. A contract's number is what the payer typed; an amount that we can write is
// refused for a limit that is not documented.
func (c *Client) invalid(orderNumber string, said answer) (providers.Result, error) {
	only := func(names ...string) bool {
		return len(said.fields) > 0 && !said.others && !slices.ContainsFunc(said.fields, func(f string) bool { return !slices.Contains(names, f) })
	}
	switch {
	case slices.Contains(said.fields, "order_id"):
		return providers.Result{}, ofOrder(orderNumber, providers.Conflict, said.code, reasonOf(said))
	case only("amount"):
		return refusal(providers.Decline{
			Code: "invalid_amount", ProviderCode: said.code, Retry: pay.RetryOtherMethod,
			Message: "This amount cannot be paid this way. Please pay another way.",
		}), nil
	case only("amount", "contract_value"):
		return refusal(providers.Decline{
			Code: "invalid_account", ProviderCode: said.code, Retry: pay.RetryNewKey,
			Message: "The account number is not right. Please check it and try again.",
		}), nil
	}
	return providers.Result{}, ofOrder(orderNumber, providers.Rejected, said.code, reasonOf(said))
}

// refusal is the Result of a creation that was refused: there is no session.
func refusal(told providers.Decline) providers.Result {
	return providers.Result{Status: providers.Declined, RawStatus: told.ProviderCode, Decline: &told, SessionOver: true}
}

// kindOf says what a code means for a creation, and whether it is documented
// (KTWidget docs, errors; 4220103 is the older reference's word for 4010103). The
// first three digits look like an HTTP status: that is what others are judged by,
// which is our choice.
func kindOf(code string) (kind providers.Kind, known bool) {
	switch code {
	case "4010103", "4220103", "4220104": // no such app_id, and a key that has expired
		return providers.Auth, true
	case validationFailed, "4220101", "4220102": // a field, what is in the box, its kind of encryption
		return providers.Rejected, true
	case "5000001", "5000105", "5000106", "5000107", "5000109", "5000110":
		return providers.Unknown, true
	}
	if len(code) != len(validationFailed) {
		return providers.Unknown, false
	}
	switch code[:3] {
	case "401", "403":
		return providers.Auth, false
	case "400", "422":
		return providers.Rejected, false
	}
	return providers.Unknown, false
}

// reasonOf says what an error is about, in our words: KTPay's may repeat ours.
func reasonOf(said answer) string {
	about := ""
	if len(said.fields) > 0 {
		about = ", because of " + strings.Join(said.fields, ", ")
	}
	switch said.code {
	case "":
		return "KTPay refuses it without a code" + about
	case "4010103", "4220103":
		return "KTPay does not know the account's app id"
	case "4220104":
		return "the account's app key has expired: ask KTPay for the new one"
	case "4220101":
		return "KTPay cannot open or read the order: the app key may be another account's"
	case "4220102":
		return "KTPay wants another encryption"
	case validationFailed:
		return "KTPay does not take the order" + about
	}
	return "KTPay refuses it" + about
}
