package bisys

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// fault is what an exception of the vendor's says.
type fault int

const (
	faultNone    fault = iota
	faultUnknown       // an exception that no document has
	faultProof         // NeedPass3dsException: the card's owner has to prove on a page that it is theirs
	faultUser          // the login or the user's token is not known to the shop
	faultCard          // the card is not this user's, or not usable: it has to be registered again
	faultService       // the service's code is not known
	faultPayment       // the payment's number is not known
	faultRequest       // a field is missing or wrong
	faultTooLate       // orderBestBefore is over
	faultRefund        // the refund is not allowed
	faultAccess        // credentials, signature or certificate refused
)

// exception is an answer of the vendor's that is no success: {code, message,
// userMessage} and, of NeedPass3dsException, the payment and its page. What its
// texts say is told to nobody; code is a word.
type exception struct {
	fault     fault
	code      string
	regPayNum string
	page      string // securePageURL
}

// proofNumber is the one number of an exception that is known (Shop API, payment
// with 3ds).
const proofNumber = "2365"

// known is one exception that can be told from others: by the name of its Java
// class inside the message, which the vendor's public clients look for, or by a
// number.
type known struct {
	class, number string
	fault         fault
}

// knownExceptions lists what is told apart. The Shop API's own tables of errors are
// lost; but for 2365 the numbers are those of test servers that follow our reading,
// and mean nothing of a live account.
func knownExceptions() []known {
	return []known{
		{"NeedPass3dsException", proofNumber, faultProof},
		{"UserNotRegisteredForShop", "9001", faultUser},
		{"CardNotFound", "9002", faultCard},
		{"ServiceNotFound", "9003", faultService},
		{"PaymentNotFound", "9004", faultPayment},
		{"ValidationException", "9005", faultRequest},
		{"OrderExpired", "9006", faultTooLate},
		{"RefundNotAllowed", "9007", faultRefund},
		{"Unauthorized", "9401", faultAccess},
	}
}

// exceptionNamed finds the exception that a text names first.
func exceptionNamed(text string) fault {
	first, named := len(text), faultNone
	folded := strings.ToLower(text)
	for _, each := range knownExceptions() {
		if at := strings.Index(folded, strings.ToLower(each.class)); at >= 0 && at < first {
			first, named = at, each.fault
		}
	}
	return named
}

// exceptionNumbered finds the exception that a number stands for.
func exceptionNumbered(number string, test bool) fault {
	for _, each := range knownExceptions() {
		if each.number == number && (test || number == proofNumber) {
			return each.fault
		}
	}
	return faultNone
}

// readException reads an answer whose status is not 200, or whose body says that it
// is an exception all the same. Its fault is faultNone when nothing in it is the
// vendor's word: the body is empty, or somebody in between has written it.
//
// The class's name decides, then the number. An exception that no document has is
// believed to be one with status 400 only, which the vendor is said to use, and with
// both a number and a message.
func readException(status int, body []byte, test bool) exception {
	answer, err := readObject(body)
	if err != nil {
		answer = nil
	}
	number := answer.text("code")
	found := exception{code: word(number), regPayNum: answer.text("regPayNum"), page: answer.text("securePageURL")}
	found.fault = exceptionNamed(answer.text("message"))
	if found.fault == faultNone {
		found.fault = exceptionNumbered(number, test)
	}
	switch {
	case found.fault != faultNone:
	case status == http.StatusUnauthorized:
		found.fault = faultAccess
	case status == http.StatusBadRequest && wire.IsDigits(number) && answer.text("message") != "":
		found.fault = faultUnknown
	}
	if found.code == "" && found.fault != faultNone {
		found.code = strconv.Itoa(status)
	}
	return found
}

// trouble is why a call has no success: an exception of the vendor's, or no answer
// that can be read.
type trouble struct {
	exception exception
	failure   *wire.Failure
}

// kind returns the kind of error that the vendor's refusal is, and doubtful for
// what says nothing about the call.
func (t *trouble) kind(doubtful providers.Kind) providers.Kind {
	switch t.exception.fault {
	case faultAccess:
		return providers.Auth
	case faultUser, faultCard, faultService, faultRequest, faultTooLate, faultRefund:
		return providers.Rejected
	case faultPayment:
		return providers.NotFound
	case faultNone, faultUnknown, faultProof:
	}
	return doubtful
}

// ofWrite is the error of a call that may have changed something.
func (t *trouble) ofWrite(op providers.Op, about string) error {
	return t.toError(op, t.kind(t.failure.OfWrite()), about)
}

// ofRead is the error of a call that changes nothing.
func (t *trouble) ofRead(op providers.Op, about string) error {
	return t.toError(op, t.kind(t.failure.OfRead()), about)
}

// ofPreparation is the error of a call that leaves nothing behind that matters, so
// that what comes after it was surely not done.
func (t *trouble) ofPreparation(op providers.Op, about string) error {
	return t.toError(op, t.kind(providers.Unavailable), about)
}
