package billing

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// openReview opens a case for a person, within tx. The same finding about the
// same attempt opens one case, however often it is made.
func (s *Service) openReview(ctx context.Context, tx *store.Tx, reason pay.ReviewReason, b *ent.Bill, a *ent.Attempt, amount *pay.Money, details string) error {
	create := tx.ReviewCase.Create().SetID(pay.NewReviewCaseID(tx.Now)).SetMerchantID(b.MerchantID).
		SetKey(string(reason) + "/" + a.ID.String()).SetReason(reason).
		SetBillID(b.ID).SetAttemptID(a.ID).SetAccount(a.Account).
		SetDetails(details).SetOpenedAt(tx.Now)
	if amount != nil {
		create.SetAmountMinor(amount.Amount).SetCurrency(amount.Currency)
	}
	known, err := tx.ReviewCase.Query().Where(reviewcase.Key(string(reason) + "/" + a.ID.String())).Count(ctx)
	if err != nil {
		return fmt.Errorf("look for a %s case for attempt %s: %w", reason, a.ID, err)
	}
	if known > 0 {
		return nil
	}
	if err := create.OnConflictColumns(reviewcase.FieldKey).DoNothing().Exec(ctx); err != nil && !isNothingInserted(err) {
		return fmt.Errorf("open a %s case for attempt %s: %w", reason, a.ID, err)
	}
	tx.AfterCommit(func() {
		s.Logger.WarnContext(ctx, "a review case is open", "reason", reason, "bill", b.ID, "attempt", a.ID)
	})
	return nil
}

// reviewWord is a reason as it stands in a bill's history: "late_payment".
func reviewWord(reason pay.ReviewReason) string { return strings.ToLower(string(reason)) }
