package bisys

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// paymentRequest creates a payment (Shop API, anonymous and recurrent payment). The
// spelling is the vendor's.
type paymentRequest struct {
	ServiceCode     string     `json:"serviceCode"`
	Amount          string     `json:"amount"` // minor units, without the commission
	Commission      string     `json:"comission"`
	PayType         string     `json:"payType"`
	ClientType      string     `json:"clientType"`
	UserPhone       string     `json:"userPhone,omitempty"`
	UserEmail       string     `json:"userEmail,omitempty"`
	OrderBestBefore int64      `json:"orderBestBefore,omitempty"` // Unix seconds
	Properties      []property `json:"properties"`                // demanded, an empty list included
	OrderNote       string     `json:"orderNote,omitempty"`
	OrderItems      []item     `json:"orderItems,omitempty"`

	// Of recurrent payments.
	UserToken        string        `json:"userToken,omitempty"`
	CardToken        string        `json:"cardToken,omitempty"`
	EnableSMSConfirm string        `json:"enableSMSConfirm,omitempty"` // "true"; official PHP SDK of the sibling
	ClientAuInfo     *clientAuInfo `json:"clientAuInfo,omitempty"`

	// Of the sibling API.
	NeedRegCard bool   `json:"needRegCard,omitempty"` // keep the card that pays
	CallbackURL string `json:"cbUrl,omitempty"`
	SuccessURL  string `json:"successUrl,omitempty"`
	FailURL     string `json:"failUrl,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type item struct {
	Num      int    `json:"num"`
	Name     string `json:"name"`
	Quantity int    `json:"quantity"`
	Price    int64  `json:"price"` // of one, minor units; a number, as in the samples
	Tax      string `json:"tax,omitempty"`
}

// clientAuInfo is what 3-D Secure 2 asks of the browser.
type clientAuInfo struct {
	IPAddress          string `json:"ipAddress,omitempty"`
	AgentName          string `json:"agentName,omitempty"`
	AuthenticationInfo string `json:"authenticationInfo"` // base64 of the JSON of browserInfo
}

// browserInfo has the members that the vendor's script for browsers collects.
type browserInfo struct {
	TimeZone     int    `json:"browserTZ"`
	ColorDepth   int    `json:"browserColorDepth"`
	ScreenHeight int    `json:"browserScreenHeight"`
	ScreenWidth  int    `json:"browserScreenWidth"`
	Language     string `json:"browserLanguage"`
	UserAgent    string `json:"browserUserAgent"`
	JavaEnabled  bool   `json:"browserJavaEnabled"`
}

// auInfo writes what is known of the payer's browser; nil when nothing is.
func auInfo(payer providers.Payer) *clientAuInfo {
	b := payer.Browser
	if b == nil {
		return nil
	}
	// A struct of numbers and strings is always written.
	info, _ := json.Marshal(browserInfo{
		TimeZone: b.TimeZoneOffset, ColorDepth: b.ColorDepth, ScreenHeight: b.ScreenHeight, ScreenWidth: b.ScreenWidth,
		Language: b.Language, UserAgent: b.UserAgent, JavaEnabled: b.JavaEnabled,
	})
	return &clientAuInfo{IPAddress: wire.IP(payer.IP), AgentName: b.UserAgent, AuthenticationInfo: base64.StdEncoding.EncodeToString(info)}
}

// order is what a payment and a charge have in common.
type order struct {
	op                   providers.Op
	number               string // ours; the vendor has no place for it
	amount               pay.Money
	items                []providers.Item
	payer                providers.Payer
	returnURL, notifyURL string
	expires              time.Time
}

func (o order) about() string { return "order " + o.number }

// request writes what both kinds of payment are told, and refuses what the vendor
// could not take. Nothing is sent.
func (c *Client) request(o order) (paymentRequest, error) {
	if o.number == "" {
		return paymentRequest{}, rejected(o.op, "order", errors.New("it has no number"))
	}
	if err := c.checkAmount(o.op, o.about(), o.amount); err != nil {
		return paymentRequest{}, err
	}
	fee := c.config.Commission.of(o.amount.Amount)
	if o.amount.Amount+fee > pay.MaxAmount {
		return paymentRequest{}, rejected(o.op, o.about(), errors.New("amount and commission are more than can be paid"))
	}
	request := paymentRequest{
		ServiceCode: c.config.ServiceCode,
		Amount:      strconv.FormatInt(o.amount.Amount, 10), Commission: strconv.FormatInt(fee, 10),
		PayType: "card", ClientType: c.config.ClientType,
		OrderBestBefore: c.ends(o.expires).Unix(),
	}
	var err error
	if request.Properties, err = properties(o.payer.Requisites); err == nil {
		request.OrderItems, err = c.items(o.items)
	}
	if err == nil {
		err = c.addresses(o, &request)
	}
	if err != nil {
		return paymentRequest{}, rejected(o.op, o.about(), err)
	}
	return request, nil
}

// ends is when a payment stops to be payable: with its order, and with our session
// at the latest. The vendor takes whole seconds.
func (c *Client) ends(order time.Time) time.Time {
	ends := c.clock.Now().Add(c.config.SessionLife)
	if !order.IsZero() && order.Before(ends) {
		ends = order
	}
	return pay.Instant(ends).Truncate(time.Second)
}

// properties are the payer's requisites, in their order, untouched: leading zeros
// stay.
func properties(requisites []providers.Requisite) ([]property, error) {
	list := make([]property, 0, len(requisites))
	for at, r := range requisites {
		if r.Name == "" || wire.OneLine(r.Name, maxNote) != r.Name || wire.OneLine(r.Value, maxNote) != r.Value {
			return nil, fmt.Errorf("requisite %d: it has no name, or is not one line", at+1)
		}
		list = append(list, property(r))
	}
	return list, nil
}

// items are the lines of a fiscal receipt. The tax is the merchant's own word, which
// the vendor judges.
func (c *Client) items(lines []providers.Item) ([]item, error) {
	var list []item
	for at, line := range lines {
		title := wire.OneLine(line.Title, maxTitle)
		if title == "" || line.Quantity < 1 || line.Unit.Amount < 0 || line.Unit.Amount > pay.MaxAmount || line.Unit.Currency != c.config.Currency {
			return nil, fmt.Errorf("line %d: it has no title, no quantity or another currency", at+1)
		}
		list = append(list, item{Num: at + 1, Name: title, Quantity: line.Quantity, Price: line.Unit.Amount, Tax: line.Tax})
	}
	return list, nil
}

// addresses adds those of the order's own addresses that the account sends.
func (c *Client) addresses(o order, request *paymentRequest) error {
	if c.config.PerOrderCallback && o.notifyURL != "" {
		if !isHTTP(o.notifyURL) {
			return errors.New("the address for notifications is not an http address")
		}
		request.CallbackURL = o.notifyURL
	}
	if c.config.PerOrderReturn && o.returnURL != "" {
		if !isHTTP(o.returnURL) {
			return errors.New("the return URL is not an http address")
		}
		request.SuccessURL, request.FailURL = o.returnURL, o.returnURL
	}
	return nil
}

// notCreated reads why no payment was created, or why its payer has to go to a page
// first. A creation of which that is not certain is Unknown; it is never sent again,
// for the vendor would create another payment.
//
// An exception that no document has is a refusal: exceptions are what a creation
// answers instead of a payment. One that names a payment is none, and Charge asks.
func (c *Client) notCreated(ctx context.Context, o order, t *trouble) (providers.Result, error) {
	code := t.exception.code
	switch t.exception.fault {
	case faultProof:
		if result, ok := c.proof(t.exception); ok {
			result.Redirect.Expires = c.ends(o.expires)
			result.Fee = c.feeOn(o.amount)
			return result, nil
		}
	case faultCard:
		return declinedAs("invalid_card", code, sayNoCard, pay.RetryOtherMethod), nil
	case faultTooLate:
		return declinedAs("session_expired", code, sayTooLong, pay.RetryNewKey), nil
	case faultUnknown:
		c.log.WarnContext(ctx, "bisys: an exception that is not in the table", "order", o.number, "code", code)
		if t.exception.regPayNum == "" {
			return declinedAs("declined", code, sayDeclined, pay.RetryOtherMethod), nil
		}
	case faultPayment, faultRefund: // no answer to a creation
	case faultNone, faultUser, faultService, faultRequest, faultAccess:
		return providers.Result{}, t.ofWrite(o.op, o.about())
	}
	return providers.Result{}, t.toError(o.op, providers.Unknown, o.about())
}

// created reads the answer to a creation: the payment's number, and the page.
func (c *Client) created(o order, answer object, userToken string) (number string, page *providers.Redirect, err error) {
	number = answer.text("regPayNum")
	page, problem := c.pageOf(answer)
	switch {
	case !isID(number):
		problem = errors.New("the answer names no payment")
	case userToken != "" && !answer.repeats("userToken", userToken):
		problem = errors.New("the answer is about another user")
	}
	if problem != nil {
		return "", nil, failure(o.op, providers.Unknown, "", fmt.Errorf("%s: %w", o.about(), problem))
	}
	return number, page, nil
}

// pageOf reads where a payer goes, and how: methodType and payUrl.
func (c *Client) pageOf(answer object) (*providers.Redirect, error) {
	to := &providers.Redirect{URL: answer.text("payUrl")}
	switch method := answer.text("methodType"); method {
	case "GET", "":
		to.Method = "GET"
	case "POST":
		to.Method, to.Fields = "POST", map[string]string{}
	default:
		return nil, errors.New("the answer names a method that is neither GET nor POST")
	}
	if !c.isPage(to.URL) {
		return nil, errors.New("the answer names no page")
	}
	return to, nil
}
