package users

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Upsert is what a merchant tells of a payer.
type Upsert struct {
	Key        string `json:"-"` // the idempotency key
	ExternalID string
	Email      Field `json:",omitzero"`
	Phone      Field `json:",omitzero"`
	Name       Field `json:",omitzero"`
	Locale     Field `json:",omitzero"`
}

// Field is one thing to change. The zero Field keeps what is there; Set of nil
// empties it.
type Field struct {
	Given bool
	Value *string
}

// Set is the Field that writes value, or empties for nil.
func Set(value *string) Field { return Field{Given: true, Value: value} }

// mutation names Upsert in idempotency scopes.
const mutation = "userUpsert"

// Upsert makes the user with in's external id, or changes what is given of them,
// and commits. Repeated with the same key it does nothing and returns the user as
// they are now, with replayed true.
//
// It returns CodeForbidden unless v is SERVER, ADMIN or the program, CodeInvalid
// with the field's path from the root of the input, and the codes of the key.
func (s *Service) Upsert(ctx context.Context, v viewer.Viewer, in Upsert) (_ *ent.User, replayed bool, err error) {
	if err := mayWrite(ctx, v); err != nil {
		return nil, false, err
	}
	if err := idempotency.CheckKey(v.Role, in.Key); err != nil {
		return nil, false, err
	}
	if err := in.validate(); err != nil {
		return nil, false, err
	}
	hash, err := idempotency.HashOf(in)
	if err != nil {
		return nil, false, err
	}
	scope := idempotency.Scope{Merchant: v.Merchant, Principal: v.Principal, Mutation: mutation, Key: in.Key}
	made, replayed, err := idempotency.Once(ctx, s.store, scope, hash, func(ctx context.Context, tx *store.Tx) (string, error) {
		id, err := put(ctx, tx, v.Merchant, in)
		return id.String(), err
	})
	if err != nil {
		return nil, false, fmt.Errorf("upsert a user: %w", err)
	}
	id, err := pay.ParseUserID(made)
	if err != nil {
		return nil, false, fmt.Errorf("upsert a user: %w", err)
	}
	found, err := s.User(ctx, id)
	return found, replayed, err
}

func mayWrite(ctx context.Context, v viewer.Viewer) error {
	if v.Role == pay.RoleServer || v.Role == pay.RoleAdmin || viewer.From(ctx).IsProgram() {
		return nil
	}
	return pay.Errorf(pay.CodeForbidden, "user.forbidden", "Only the merchant's server and its administrators change users.")
}

// put inserts the user or updates the one that is there. Two that insert at once
// meet at the unique index, and idempotency.Once runs the slower one again.
func put(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, in Upsert) (pay.UserID, error) {
	present, err := tx.User.Query().Where(user.MerchantID(merchant), user.ExternalID(in.ExternalID)).Only(ctx)
	if ent.IsNotFound(err) {
		id := pay.NewUserID(tx.Now)
		return id, tx.User.Create().
			SetID(id).
			SetMerchantID(merchant).
			SetExternalID(in.ExternalID).
			SetNillableEmail(in.Email.Value).
			SetNillablePhone(in.Phone.Value).
			SetNillableName(in.Name.Value).
			SetNillableLocale(in.Locale.Value).
			SetCreatedAt(tx.Now).
			SetUpdatedAt(tx.Now).
			Exec(ctx)
	}
	if err != nil {
		return pay.UserID{}, err
	}
	change := tx.User.Update().
		Where(user.ID(present.ID)).
		SetNillableEmail(in.Email.Value).
		SetNillablePhone(in.Phone.Value).
		SetNillableName(in.Name.Value).
		SetNillableLocale(in.Locale.Value).
		SetUpdatedAt(tx.Now)
	if in.Email.empties() {
		change.ClearEmail()
	}
	if in.Phone.empties() {
		change.ClearPhone()
	}
	if in.Name.empties() {
		change.ClearName()
	}
	if in.Locale.empties() {
		change.ClearLocale()
	}
	return present.ID, change.Exec(ctx)
}

func (f Field) empties() bool { return f.Given && f.Value == nil }
