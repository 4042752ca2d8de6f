package billing

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// openReview opens a case for a person, within tx. The same finding about the
// same attempt opens one case, however often it is made: see reviewKey.
//
// It reports whether the case is new; its bill then needs a new version, which the
// caller's own move makes, or report.
func (s *Service) openReview(ctx context.Context, tx *store.Tx, reason pay.ReviewReason, b *ent.Bill, a *ent.Attempt, amount *pay.Money, details string) (bool, error) {
	key, err := reviewKey(ctx, tx, reason, a, amount, details)
	if key == "" || err != nil {
		return false, err
	}
	id := pay.NewReviewCaseID(tx.Now)
	create := tx.ReviewCase.Create().SetID(id).SetMerchantID(b.MerchantID).
		SetKey(key).SetReason(reason).
		SetBillID(b.ID).SetAttemptID(a.ID).SetAccount(a.Account).
		SetDetails(details).SetOpenedAt(tx.Now)
	if amount != nil {
		create.SetAmountMinor(amount.Amount).SetCurrency(amount.Currency)
	}
	err = create.OnConflictColumns(reviewcase.FieldKey).DoNothing().Exec(ctx)
	if isNothingInserted(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open a %s case for attempt %s: %w", reason, a.ID, err)
	}
	tx.AfterCommit(func() {
		s.Logger.WarnContext(ctx, "a review case is open", "reason", reason, "bill", b.ID, "attempt", a.ID)
	})
	return true, tellOfCase(ctx, tx, b.MerchantID, id, "review_case.opened", caseOpened)
}

// The versions of a review case, as its messages to the outside count them.
const (
	caseOpened   = 1
	caseResolved = 2
)

// tellOfCase writes the message that a case was opened or resolved.
func tellOfCase(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, id pay.ReviewCaseID, topic string, version int) error {
	err := tx.OutboxMessage.Create().SetID(pay.NewOutboxMessageID(tx.Now)).SetMerchantID(merchant).
		SetTopic(topic).SetObjectID(id.String()).SetVersion(version).SetCreatedAt(tx.Now).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the message about case %s: %w", id, err)
	}
	return nil
}

// report opens a case about a bill that does not move by it. Its readers see a new
// version, once.
func (s *Service) report(ctx context.Context, tx *store.Tx, reason pay.ReviewReason, b *ent.Bill, a *ent.Attempt, amount *pay.Money, details string) error {
	opened, err := s.openReview(ctx, tx, reason, b, a, amount, details)
	if err != nil || !opened {
		return err
	}
	return s.advance(ctx, tx, b, move{To: b.Status, Reason: "payment." + reviewWord(reason)})
}

// reviewKey names the case that a finding opens. It is "" when it opens none: a
// case with its reason is open, or a person ended one that said the same. The
// first case of an attempt and a reason is named by them, later ones are numbered.
func reviewKey(ctx context.Context, tx *store.Tx, reason pay.ReviewReason, a *ent.Attempt, amount *pay.Money, details string) (string, error) {
	known, err := tx.ReviewCase.Query().
		Where(reviewcase.BillID(a.BillID), reviewcase.AttemptID(a.ID), reviewcase.ReasonEQ(reason)).All(ctx)
	if err != nil {
		return "", fmt.Errorf("look for a %s case for attempt %s: %w", reason, a.ID, err)
	}
	for _, c := range known {
		if c.ResolvedAt == nil || !reason.OpensAgain() && saysTheSame(c, amount, details) {
			return "", nil
		}
	}
	key := string(reason) + "/" + a.ID.String()
	if len(known) > 0 {
		key += "/" + strconv.Itoa(len(known)+1)
	}
	return key, nil
}

func saysTheSame(c *ent.ReviewCase, amount *pay.Money, details string) bool {
	if c.Details != details || (c.AmountMinor == nil) != (amount == nil) {
		return false
	}
	return amount == nil || *amount == pay.Of(*c.AmountMinor, *c.Currency)
}

// reviewWord is a reason as it stands in a bill's history: "late_payment".
func reviewWord(reason pay.ReviewReason) string { return strings.ToLower(string(reason)) }
