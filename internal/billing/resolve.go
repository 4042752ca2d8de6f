package billing

import (
	"context"
	"fmt"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/reviewcase"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// maxNote is how much a person may write about a case, in characters.
const maxNote = 2000

// Resolution is how a person ends a review case.
type Resolution struct {
	Key        string `json:"-"` // the idempotency key
	Case       string
	Resolution pay.ReviewResolution
	Note       string // why, for whoever looks at the case later
}

// Resolved is what Resolve came to: with errors nothing was done.
type Resolved struct {
	Case     *ent.ReviewCase // as it is now, with its bill and attempt; nil when there is none for the viewer
	Errors   []*pay.Error
	Replayed bool
}

// Resolve ends a review case, carries its resolution out and commits both
// together, with who did it and why; the rows are never changed again. Work that
// needs a provider, or may fail, is left to a job.
//
// Repeating it with the same key returns the case as it is now; of two people at
// once one wins. Errors: CodeForbidden unless the viewer is FINANCE or ADMIN,
// CodeNotFound, CodeInvalid for the note, CodeStateConflict for a case that is
// ended and for what cannot be done to it, with what can, CodeUnsupported for
// giving back money that was taken, and those of the key.
func (s *Service) Resolve(ctx context.Context, in Resolution) (*Resolved, error) {
	replayed, err := s.resolve(ctx, in)
	refused := pay.Readable(err)
	if err != nil && refused == nil {
		return nil, err
	}
	out := &Resolved{Errors: asList(refused), Replayed: replayed}
	id, err := pay.ParseReviewCaseID(in.Case)
	if err != nil {
		return out, nil //nolint:nilerr // no such case; the errors say so
	}
	found, err := s.ReviewsByID(ctx, []pay.ReviewCaseID{id})
	if err != nil {
		return nil, err
	}
	if len(found) == 1 {
		out.Case = found[0]
	}
	return out, nil
}

func (s *Service) resolve(ctx context.Context, in Resolution) (replayed bool, err error) {
	v := viewer.From(ctx)
	if v.Role != pay.RoleFinance && v.Role != pay.RoleAdmin {
		return false, pay.Errorf(pay.CodeForbidden, "review.not_yours_to_resolve", "Only FINANCE and ADMIN resolve review cases.")
	}
	if err := idempotency.CheckKey(v.Role, in.Key); err != nil {
		return false, err
	}
	id, err := pay.ParseReviewCaseID(in.Case)
	if err != nil {
		return false, pay.NotFound("case", "case").Because(err)
	}
	if err := checkNote(in.Note); err != nil {
		return false, err
	}
	hash, err := idempotency.HashOf(in)
	if err != nil {
		return false, err
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: "reviewResolve", Key: in.Key}
	err = store.Again(func() error {
		_, replayed, err = idempotency.Once(ctx, s.Store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
			err := s.endCase(ctx, tx, v, id, in)
			crashpoint.Here(crashpoint.Resolving)
			return id.String(), err
		})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("resolve case %s: %w", id, err)
	}
	crashpoint.Here(crashpoint.Resolved)
	return replayed, nil
}

// checkNote refuses a note that says nothing, is too long or holds a card number.
func checkNote(note string) error {
	return checkWords("note", "review.note_missing", "Write why: whoever looks at the case later will ask.", note)
}

// checkWords refuses what a person has to write when it says nothing, is too long or
// holds a card number. Line breaks and tabs are a person's to make.
func checkWords(field, missing, message, text string) error {
	if strings.TrimSpace(text) == "" {
		return pay.Invalid(missing, message, field)
	}
	line := oneLine(text)
	return checkText(field, &line, maxNote)
}

// oneLine is text without line breaks and tabs.
func oneLine(text string) string {
	return strings.NewReplacer("\r", " ", "\n", " ", "\t", " ").Replace(text)
}

// endCase ends a case within tx and carries the resolution out. It returns
// store.ErrRaced when another call was faster, with the case, its attempt or its bill.
func (s *Service) endCase(ctx context.Context, tx *store.Tx, v viewer.Viewer, id pay.ReviewCaseID, in Resolution) error {
	c, err := tx.ReviewCase.Query().Where(reviewcase.ID(id), reviewcase.MerchantID(v.Merchant)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return pay.NotFound("case", "case").Because(err)
	case err != nil:
		return fmt.Errorf("read case: %w", err)
	case c.Resolution != nil:
		ended := cannotEnd("review.resolved", string(*c.Resolution), "Somebody has ended this case before, by %s.", *c.Resolution)
		ended.Retry = pay.DoNotRetry
		return ended
	}
	about, err := readAbout(ctx, tx, c)
	if err != nil {
		return err
	}
	if e := s.whyNotEnd(c, about.bill, about.attempt, about.cases, in.Resolution); e != nil {
		return allowing(e, s.AllowedResolutions(c, about.bill, about.attempt, about.cases))
	}
	n, err := tx.ReviewCase.Update().Where(reviewcase.ID(id), reviewcase.ResolvedAtIsNil()).
		SetResolution(in.Resolution).SetNote(in.Note).SetResolvedAt(tx.Now).
		SetResolvedBy(personOf(v)).Save(ctx)
	if err != nil {
		return fmt.Errorf("end the case: %w", err)
	}
	if n == 0 {
		return store.ErrRaced
	}
	if err := tellOfCase(ctx, tx, c.MerchantID, id, "review_case.resolved", caseResolved); err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.Logger.InfoContext(ctx, "a review case is resolved", "case", id, "reason", c.Reason, "resolution", in.Resolution)
	})
	return s.carryOut(ctx, tx, c, about, in)
}

// about is what a case is about: its bill and its attempt, nil when it has none, and
// all of the bill's cases.
type about struct {
	bill    *ent.Bill
	attempt *ent.Attempt
	cases   []*ent.ReviewCase
}

// readAbout reads what a case is about.
//
// The bill is read before the rest: whatever moves an attempt or opens a case moves the
// bill to a new version, so a bill that is still the same when it moves later vouches
// for what was read after it.
func readAbout(ctx context.Context, tx *store.Tx, c *ent.ReviewCase) (about, error) {
	if c.BillID == nil || c.AttemptID == nil {
		return about{}, nil
	}
	b, err := tx.Bill.Get(ctx, *c.BillID)
	if err != nil {
		return about{}, fmt.Errorf("read bill %s: %w", c.BillID, err)
	}
	a, err := tx.Attempt.Get(ctx, *c.AttemptID)
	if err != nil {
		return about{}, fmt.Errorf("read attempt %s: %w", c.AttemptID, err)
	}
	cases, err := tx.ReviewCase.Query().Where(reviewcase.BillID(b.ID)).All(ctx)
	if err != nil {
		return about{}, fmt.Errorf("read the cases of bill %s: %w", b.ID, err)
	}
	return about{b, a, cases}, nil
}

// cannotEnd is why a case cannot end as was asked.
func cannotEnd(key, from, format string, args ...any) *pay.Error {
	e := pay.Errorf(pay.CodeStateConflict, key, format, args...).At("resolution")
	e.Detail = pay.StateDetail{From: from}
	return e
}

// allowing says in a refusal that has a place for it what is allowed instead.
func allowing[T ~string](e *pay.Error, allowed []T) *pay.Error {
	detail, ok := e.Detail.(pay.StateDetail)
	if !ok {
		return e
	}
	told := *e
	detail.Allowed = make([]string, len(allowed))
	for at, one := range allowed {
		detail.Allowed[at] = string(one)
	}
	told.Detail = detail
	return &told
}
