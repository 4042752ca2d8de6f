package bisys

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// userRequest names a user of the shop. The login is a phone: digits with the
// country's code (Shop API, registration of a user).
type userRequest struct {
	Login string `json:"login"`
	Email string `json:"email,omitempty"` // receipts go there
}

// loginOf names a customer as the vendor does. A customer without a phone cannot be
// one of its users: the Shop API knows no other name. It follows that a customer who
// changes the phone is another user, without the cards of the first.
func loginOf(op providers.Op, who providers.Customer) (string, error) {
	login := phoneDigits(who.Phone)
	if login == "" {
		return "", rejected(op, "customer", errors.New("the phone is missing or is no international number, and the vendor names its users by it"))
	}
	return login, nil
}

// register makes the customer known to the shop and returns the user's token, which
// is the same each time. What goes wrong leaves nothing behind that matters, so its
// errors are never Unknown.
func (c *Client) register(ctx context.Context, op providers.Op, who providers.Customer) (token string, err error) {
	const act = "register the customer"
	login, err := loginOf(op, who)
	if err != nil {
		return "", err
	}
	answer, trouble := c.ask(ctx, registrationPath, userRequest{Login: login, Email: wire.Email(who.Email)}, login)
	if trouble != nil {
		return "", trouble.ofPreparation(op, act)
	}
	return tokenOf(answer, op, act, login, providers.Unavailable)
}

// userOf returns the token of a customer whom the shop knows; "" when it does not. It
// changes nothing.
func (c *Client) userOf(ctx context.Context, op providers.Op, who providers.Customer) (token string, err error) {
	const act = "find the customer"
	login, err := loginOf(op, who)
	if err != nil {
		return "", err
	}
	answer, trouble := c.ask(ctx, userPath, userRequest{Login: login}, login)
	switch {
	case trouble != nil && trouble.exception.fault == faultUser:
		return "", nil
	case trouble != nil:
		return "", trouble.ofRead(op, act)
	}
	return tokenOf(answer, op, act, login, providers.Malformed)
}

// tokenOf reads the userToken of the user who was asked for.
func tokenOf(answer object, op providers.Op, act, login string, doubtful providers.Kind) (string, error) {
	token := answer.text("userToken")
	switch {
	case !answer.repeats("login", login):
		return "", failure(op, doubtful, "", errors.New(act+": the answer is about another user"))
	case !isID(token):
		return "", failure(op, doubtful, "", errors.New(act+": the answer has no token"))
	case strings.HasPrefix(strings.ToLower(answer.text("state")), "disable"):
		return "", rejected(op, act, errors.New("the vendor has disabled this user"))
	}
	return token, nil
}

// CustomerName returns "". A notification names a user by a token that is not
// derived from anything we know, so it is about no customer of ours by name.
func (c *Client) CustomerName(providers.Customer) string { return "" }

// aboutUser is the error of an answer that is not about the user who was asked for.
func aboutUser(op providers.Op, kind providers.Kind, act string) error {
	return failure(op, kind, "", fmt.Errorf("%s: %w", act, errOtherUser))
}

var errOtherUser = errors.New("the answer is about another user")
