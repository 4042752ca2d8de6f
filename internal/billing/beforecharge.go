package billing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/attempt"
	"github.com/paygraph/paygraph/ent/billingsubscription"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Before money is taken at once, by a card or from a wallet, the pages of the same
// bill are asked about: one of them may be paid already, with its notification lost
// and its next poll minutes away.

// PageInUse is how long after its opening a page keeps a charge that nobody waits
// for from taking its place: its payer may be typing.
const PageInUse = 10 * time.Minute

// askBeforeCharge asks about the pages on which the bill may have been paid.
//
// A payer, who waits and has left the page for something else, is not held up by a
// provider that cannot be asked. A subscription's charge is: nobody waits for it, so
// it returns CodeConflict as long as anybody may have paid, on a page that was
// superseded too.
func (s *Service) askBeforeCharge(ctx context.Context, id pay.BillID, o opening) error {
	pages := s.Store.Read().Attempt.Query().
		Where(attempt.BillID(id), attempt.StatusEQ(pay.AttemptActionRequired)).Order(ent.Desc(attempt.FieldID))
	isPayers := o.Try == nil
	if isPayers {
		pages.Where(attempt.Current(true))
	}
	open, err := pages.All(viewer.AsProgram(ctx))
	if err != nil {
		return fmt.Errorf("read the open pages of bill %s: %w", id, err)
	}
	for _, page := range open {
		sure, err := s.isSurelyUnpaid(ctx, page, isPayers)
		if err != nil {
			return err
		}
		if !sure && !isPayers {
			return errPageInUse()
		}
	}
	return nil
}

// isSurelyUnpaid asks about a page, and reports whether all that it may have taken is
// known now. One whose provider cannot be asked at all is taken for unpaid when it is
// over. Unless a payer waits it keeps to its account's lane, as every job does.
func (s *Service) isSurelyUnpaid(ctx context.Context, page *ent.Attempt, isPayers bool) (bool, error) {
	isOver := !s.now().Before(page.WatchUntil)
	account, known := s.Accounts.ByCode(page.Account)
	if !known || !account.Provider.Capabilities().Can(providers.OpSync) {
		return isOver, nil
	}
	if !isPayers {
		leave, ok := s.lanes.enter(account.Code)
		if !ok {
			return false, nil
		}
		defer leave()
	}
	said, asked, err := s.askWhat(ctx, page.ID)
	if _, unanswered := errors.AsType[*providers.Error](err); unanswered {
		s.Logger.WarnContext(ctx, "a provider could not be asked before a charge", "attempt", page.ID, "error", err)
		return false, nil
	}
	return asked && (said != providers.Pending || isOver), err
}

// checkInUse refuses to take a page's place by a charge that nobody waits for, while
// the page is so young that its payer may be there. It returns CodeConflict. Payers
// who live by a test clock have no such time.
func checkInUse(ctx context.Context, tx *store.Tx, b *ent.Bill, page *ent.Attempt, o opening) error {
	isPage := page.Status == pay.AttemptActionRequired && page.CardID == nil
	if o.Initiator != providers.ByMerchant || !isPage || !tx.Now.Before(page.CreatedAt.Add(PageInUse)) {
		return nil
	}
	if b.SubscriptionID != nil {
		tested, err := tx.BillingSubscription.Query().
			Where(billingsubscription.ID(*b.SubscriptionID), billingsubscription.TestClockIDNotNil()).Count(ctx)
		if err != nil {
			return fmt.Errorf("look by which clock bill %s is charged: %w", b.ID, err)
		}
		if tested > 0 {
			return nil
		}
	}
	return errPageInUse()
}

// errPageInUse refuses what must wait until it is known what became of a page.
func errPageInUse() *pay.Error {
	return pay.Errorf(pay.CodeConflict, "bill.page_in_use", "The bill may be paid on a page right now. Try again in a few minutes.")
}
