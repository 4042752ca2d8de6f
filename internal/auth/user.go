package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// userName is what a merchant calls a user.
type userName struct {
	merchant   pay.MerchantID
	externalID string
}

// maxSubjectBytes bounds an external id.
const maxSubjectBytes = 255

// isSubject reports whether s may name somebody: what a database, an audit line
// and an idempotency scope can all hold.
func isSubject(s string) bool {
	return s != "" && len(s) <= maxSubjectBytes && !strings.ContainsFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r)
	})
}

// userOf returns the user that name means, and makes the row when the merchant's
// tokens name the user for the first time.
func (a *Authenticator) userOf(ctx context.Context, name userName) (pay.UserID, error) {
	if id, ok := a.users.Peek(name); ok {
		return id, nil
	}
	now := a.clock.Now()
	row, err := a.store.Read().User.Query().
		Where(user.MerchantID(name.merchant), user.ExternalID(name.externalID)).
		Select(user.FieldID).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		row, err = a.makeUser(ctx, name)
	}
	if err != nil {
		return pay.UserID{}, fmt.Errorf("look up a user of merchant %s: %w", name.merchant, err)
	}
	a.users.Put(name, row.ID, now)
	return row.ID, nil
}

// makeUser inserts the user unless somebody was faster: two first requests of
// one user find the same row.
func (a *Authenticator) makeUser(ctx context.Context, name userName) (row *ent.User, err error) {
	err = a.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		err := tx.User.Create().SetID(pay.NewUserID(tx.Now)).
			SetMerchantID(name.merchant).SetExternalID(name.externalID).
			SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).
			OnConflictColumns(user.FieldMerchantID, user.FieldExternalID).DoNothing().Exec(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // no row: somebody was faster
			return err
		}
		row, err = tx.User.Query().
			Where(user.MerchantID(name.merchant), user.ExternalID(name.externalID)).
			Select(user.FieldID).
			Only(ctx)
		return err
	})
	return row, err
}

// knowsMerchant reports whether there is such a merchant. The zero id is nobody.
func (a *Authenticator) knowsMerchant(ctx context.Context, id pay.MerchantID) (bool, error) {
	if id.IsZero() {
		return false, nil
	}
	if _, ok := a.merchants.Peek(id); ok {
		return true, nil
	}
	now := a.clock.Now()
	known, err := a.store.Read().Merchant.Query().Where(merchant.ID(id)).Count(viewer.AsProgram(ctx))
	if err != nil {
		return false, fmt.Errorf("look up merchant %s: %w", id, err)
	}
	if known == 0 {
		return false, nil
	}
	a.merchants.Put(id, struct{}{}, now)
	return true, nil
}
