package billing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// NewBill is what a caller asks for. Ids are as they came: the service reads
// them and names the field of a wrong one. Nil is absent.
type NewBill struct {
	Key       string `json:"-"`
	Product   *string
	Price     *string
	Currency  *pay.Currency
	Amount    *pay.Money // TOP_UP only
	Lines     []NewLine  // the merchant's side only
	User      *string    // the merchant's side only
	Email     *string
	Start     bool
	PayWith   *PayWith
	Payer     Payer
	ReturnURL *string
	ExpiresIn *pay.Period
	Gift      *NewGift
	PageID    *string
	SaveCard  bool
	Reference *string
	Metadata  json.RawMessage
}

// NewLine is one line of a bill whose prices are not from the catalogue.
type NewLine struct {
	Title    string
	Quantity int
	Unit     pay.Money
	Tax      *string
}

// NewGift says who is given a GIFT product.
type NewGift struct {
	RecipientEmail string
	Message        *string
	Occasion       *string
	DeliverAt      *time.Time
}

// PayWith names what pays: exactly one of its fields.
type PayWith struct {
	Provider *string
	Card     *string
	Wallet   *string
}

// Payer is what providers may want to know of who pays.
type Payer struct {
	Phone      *string
	Locale     *string
	Note       *string
	IP         string `json:"-"` // of the request; not part of the input
	Requisites []providers.Requisite
	Service    *providers.ServiceOrder
	Browser    *providers.Browser
}

// Create makes a bill and, unless asked not to, opens its first attempt in the
// same call. Its prices come from the catalogue; only the merchant's side may
// write lines of its own.
//
// Repeating it with the same key and input returns the same bill. It waits on
// the provider, up to ten seconds, and must not be called inside a transaction.
// Outcome.Errors: CodeInvalid with the field, CodeNotFound, CodeConflict for a
// reference in use, CodeUnsupported when no provider takes the currency, and,
// with the bill, CodeDeclined or CodeProviderUnavailable from the first attempt.
func (s *Service) Create(ctx context.Context, in NewBill) (*Outcome, error) {
	c, done, err := s.claimKey(ctx, "billCreate", in.Key, in)
	if done != nil || err != nil {
		return s.withAccessToken(ctx, done, err)
	}
	outcome, err := s.create(ctx, c, in)
	return s.withAccessToken(ctx, outcome, err)
}

func (s *Service) create(ctx context.Context, c *idempotency.Claim, in NewBill) (*Outcome, error) {
	if c.IsTakenOver() {
		return s.resume(ctx, c, in)
	}
	plan, errs, err := s.plan(ctx, in)
	if err != nil || len(errs) > 0 {
		return &Outcome{Errors: errs}, err
	}
	id := pay.NewBillID(s.now())
	insert := func(ctx context.Context, tx *store.Tx) (*ent.Bill, error) { return s.insertBill(ctx, tx, id, plan) }
	var outcome *Outcome
	if in.Start {
		outcome, err = s.pay(ctx, c, id, plan.opening, insert)
	} else {
		outcome, err = s.createOnly(ctx, c, id, insert)
	}
	if err == nil && outcome.Bill == id && viewer.From(ctx).Role == pay.RolePublic {
		outcome.AccessToken = s.guestToken(plan.merchant, id, firstTokenVersion, plan.expires.Add(guestTokenAfterExpiry))
	}
	return outcome, err
}

// resume takes up a creation that died: its bill is there, because the key's
// record and the bill were committed together.
func (s *Service) resume(ctx context.Context, c *idempotency.Claim, in NewBill) (*Outcome, error) {
	id, err := pay.ParseBillID(c.ObjectID())
	if err != nil {
		return nil, fmt.Errorf("resume billCreate: %w", err)
	}
	b, err := s.Store.Read().Bill.Get(viewer.AsProgram(ctx), id)
	if err != nil {
		return nil, fmt.Errorf("resume billCreate: %w", err)
	}
	if !b.Status.IsPayable() {
		return s.createOnly(ctx, c, id, nil) // it went on by another call: there is nothing left to open
	}
	o, err := s.wayOf(ctx, b, in.PayWith, in.SaveCard)
	if err != nil {
		return outcomeOf(id, err)
	}
	o.ReturnURL, o.Payer, o.Email = in.ReturnURL, in.Payer, in.Email
	return s.pay(ctx, c, id, o, nil)
}

// createOnly ends the call without opening anything; insert is nil when the bill
// is there already.
func (s *Service) createOnly(ctx context.Context, c *idempotency.Claim, id pay.BillID, insert insertFunc) (*Outcome, error) {
	err := s.Store.InTxAgain(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := c.Begin(ctx, tx, id.String()); err != nil {
			return err
		}
		if insert != nil {
			if _, err := insert(ctx, tx); err != nil {
				return err
			}
		}
		return c.Finish(ctx, tx)
	})
	crashpoint.Here(crashpoint.BillInserted)
	return s.ended(ctx, c, id, nil, err)
}

// insertFunc inserts a planned bill.
type insertFunc func(ctx context.Context, tx *store.Tx) (*ent.Bill, error)

// insertBill writes version 1 of the bill, its lines and the job that lets it
// expire.
func (s *Service) insertBill(ctx context.Context, tx *store.Tx, id pay.BillID, p *plan) (*ent.Bill, error) {
	create := tx.Bill.Create().SetID(id).SetMerchantID(p.merchant).SetNillableUserID(p.user).
		SetNillableProductID(p.product).SetNillablePriceID(p.price).
		SetStatus(pay.BillPending).SetCurrency(p.total.Currency).SetTotalMinor(p.total.Amount).
		SetNillableEmail(p.in.Email).SetNillablePageID(p.in.PageID).SetNillableReference(p.in.Reference).
		SetNillableLocale(p.in.Payer.Locale).SetNillableReturnURL(p.in.ReturnURL).
		SetVersion(1).SetExpiresAt(p.expires).SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now)
	if p.in.Metadata != nil {
		create.SetMetadata(p.in.Metadata)
	}
	if p.gift != nil {
		create.SetGift(p.gift)
	}
	if of := p.period; of != nil {
		create.SetSubscriptionID(of.Subscription).SetPeriodStart(pay.Instant(of.Start)).SetPeriodEnd(pay.Instant(of.End))
	}
	b, err := create.Save(ctx)
	if store.IsUniqueViolation(err) && p.period == nil {
		return nil, pay.Errorf(pay.CodeConflict, "bill.reference_taken", "Another bill has this reference.").At("reference").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("insert bill %s: %w", id, err)
	}
	lines := make([]*ent.BillLineCreate, len(p.lines))
	for at, line := range p.lines {
		lines[at] = tx.BillLine.Create().SetID(pay.NewBillLineID(tx.Now)).SetBillID(id).SetPosition(at).
			SetTitle(line.Title).SetQuantity(line.Quantity).SetUnitMinor(line.Unit.Amount).
			SetCurrency(line.Unit.Currency).SetNillableTax(line.Tax)
	}
	if err := tx.BillLine.CreateBulk(lines...).Exec(ctx); err != nil {
		return nil, fmt.Errorf("insert the lines of bill %s: %w", id, err)
	}
	err = jobs.Schedule(ctx, tx, jobs.Spec{Kind: jobExpire, Key: id.String(), RunAt: b.ExpiresAt, Priority: priorityExpire})
	if err != nil {
		return nil, fmt.Errorf("schedule the end of bill %s: %w", id, err)
	}
	return b, s.record(ctx, tx, b, nil, move{Reason: "bill.created"})
}

// withAccessToken adds the guest's capability to the outcome of a PUBLIC
// caller's creation, on replays too: it is derived, so it is the same each time.
func (s *Service) withAccessToken(ctx context.Context, o *Outcome, err error) (*Outcome, error) {
	v := viewer.From(ctx)
	if err != nil || o == nil || o.Bill.IsZero() || o.AccessToken != "" || v.Role != pay.RolePublic {
		return o, err
	}
	b, err := s.Store.Read().Bill.Get(viewer.AsProgram(ctx), o.Bill)
	if err != nil {
		return nil, fmt.Errorf("read bill %s: %w", o.Bill, err)
	}
	o.AccessToken = s.guestToken(b.MerchantID, b.ID, b.TokenVersion, b.ExpiresAt.Add(guestTokenAfterExpiry))
	return o, nil
}

// guestTokenAfterExpiry is how long a guest may look at a bill after it could
// last be paid.
const guestTokenAfterExpiry = 30 * 24 * time.Hour

// firstTokenVersion is the version of a new bill's tokens, the column's default.
const firstTokenVersion = 1

func (s *Service) guestToken(merchant pay.MerchantID, id pay.BillID, version int, expires time.Time) string {
	return s.Tokens.GuestToken(merchant, id, version, expires)
}
