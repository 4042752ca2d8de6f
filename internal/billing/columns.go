package billing

import (
	"database/sql"
	"errors"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/operation"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/providers"
)

// openOperation updates the attempt's one open operation.
func openOperation(tx *store.Tx, id pay.AttemptID) *ent.OperationUpdate {
	return tx.Operation.Update().Where(operation.AttemptID(id), operation.ResolvedAtIsNil())
}

// optional is nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// setOptional sets a column when there is something to set.
func setOptional[U any](set func(string) U, value string) {
	if value != "" {
		set(value)
	}
}

// setDecline writes why the provider said no, when it did.
func setDecline(update *ent.AttemptUpdate, d *providers.Decline) {
	if d == nil {
		return
	}
	update.SetDeclineCode(d.Code).SetDeclineMessage(d.Message).SetDeclineRetry(d.Retry)
	setOptional(update.SetDeclineProviderCode, d.ProviderCode)
}

// setCard writes what may be shown of the card that paid.
func setCard(update *ent.AttemptUpdate, c *providers.Card) {
	if c == nil {
		return
	}
	setOptional(update.SetCardBrand, c.Brand)
	setOptional(update.SetCardMask, c.Mask)
}

// codeOf returns the vendor's own code of an error, or "".
func codeOf(err error) string {
	if e, ok := errors.AsType[*providers.Error](err); ok {
		return e.Code
	}
	return ""
}

// reasonOf is an attempt's status as it stands in a reason: "action_required".
func reasonOf(status pay.AttemptStatus) string { return strings.ToLower(string(status)) }

// isNothingInserted reports whether err is ent's way to say that ON CONFLICT DO
// NOTHING did nothing.
func isNothingInserted(err error) bool { return errors.Is(err, sql.ErrNoRows) }
