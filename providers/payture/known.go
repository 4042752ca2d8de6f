package payture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/wire"
)

// courtesyTime bounds what is asked about a customer who is registered already:
// it must leave time for the page that she waits for.
const courtesyTime = 3 * time.Second

// wrongUser is the code of a login whose password is another one.
const wrongUser = "WRONG_USER_PARAMS"

// errWrongPassword says what to look at: a password is derived, nobody typed it.
var errWrongPassword = errors.New("Payture has another password of the customer: " + //nolint:staticcheck // it begins with a name
	"the customer secret, or the legacy salt, is not the one that she was registered with")

// recognize is Register's second half, for a customer who is registered already.
// Her phone and e-mail are brought up to date with Update; when we know neither,
// Check asks whether her password is right. Both take the password, so one call
// does for both.
//
// Only the answer that it is another password is an error, of kind Auth: with it
// there is no page, no list and no charge for her. Whatever else goes wrong is
// logged, for the page can be opened all the same.
func (c *Client) recognize(ctx context.Context, op providers.Op, terminal Secret, known customer, who providers.Customer) error {
	ctx, cancel := context.WithTimeout(ctx, c.courtesy)
	defer cancel()
	command := "Check"
	phone, mail := phoneDigits(who.Phone), wire.Email(who.Email)
	if phone != "" || mail != "" {
		command = "Update"
	}
	answer, trouble := c.sendAs(ctx, known, terminal, command, pair{"PhoneNumber", phone}, pair{"Email", mail})
	switch {
	case trouble != nil:
		c.log.WarnContext(ctx, "payture: a known customer could not be asked about", "command", command, "error", trouble.Cause)
	case answer.success() == saysNo && answer.code() == wrongUser:
		return failure(op, providers.Auth, wrongUser, reasonOf("recognize the customer", wrongUser))
	case answer.success() != saysYes:
		c.log.WarnContext(ctx, "payture: a known customer was not recognized", "command", command, "code", answer.code())
	}
	return nil
}

// reasonOf is the cause of a refusal by a code, for the log.
func reasonOf(act, code string) error {
	if code == wrongUser {
		return fmt.Errorf("%s: %w", act, errWrongPassword)
	}
	return errors.New(act)
}
