// Package users owns the payers that a merchant knows by an id of its own.
//
// What it keeps of them is personal: no e-mail address, phone number or name
// stands in an error or a log line. It knows no token and no bill. Start with
// Service and Upsert.
package users

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Service finds and changes users.
type Service struct{ store *store.Store }

// New returns the users of a database.
func New(s *store.Store) *Service { return &Service{store: s} }

// Page is a page of users.
type Page struct {
	Users []*ent.User
	Info  page.Info
}

// User returns one user that the viewer may see, else CodeNotFound.
func (s *Service) User(ctx context.Context, id pay.UserID) (*ent.User, error) {
	return s.one(ctx, user.ID(id))
}

// ByExternalID returns the user whom the merchant knows by this id, if the
// viewer may see them, else CodeNotFound.
func (s *Service) ByExternalID(ctx context.Context, merchant pay.MerchantID, externalID string) (*ent.User, error) {
	return s.one(ctx, user.MerchantID(merchant), user.ExternalID(externalID))
}

// Find returns one user of the merchant by our id as it was sent, or by the
// merchant's own. It returns CodeNotFound also for a malformed id, and when
// neither or both are given.
func (s *Service) Find(ctx context.Context, merchant pay.MerchantID, id, externalID *string) (*ent.User, error) {
	switch {
	case id != nil && externalID == nil:
		parsed, err := pay.ParseUserID(*id)
		if err != nil {
			return nil, pay.NotFound("user", "id").Because(err)
		}
		return s.one(ctx, user.MerchantID(merchant), user.ID(parsed))
	case externalID != nil && id == nil:
		return s.ByExternalID(ctx, merchant, *externalID)
	}
	return nil, pay.NotFound("user")
}

// listed names the list in its cursors; its order is newest first, which is the
// order of the ids.
const (
	listed   = "users"
	pageSize = 20
)

// Users returns a page of the users that the viewer may see and that match
// search ("": all), newest first. It returns CodeInvalid for a bad search or
// page size; a bad cursor begins anew.
func (s *Service) Users(ctx context.Context, search string, want page.Request) (Page, error) {
	size, err := want.Size(pageSize)
	if err != nil {
		return Page{}, err
	}
	matching, err := matches(search)
	if err != nil {
		return Page{}, err
	}
	query := s.store.Read().User.Query().Where(matching...)
	after, continued := page.Find(listed, want.After, pay.ParseUserID)
	if continued {
		query.Where(user.IDLT(after.ID))
	}
	rows, err := query.Order(ent.Desc(user.FieldID)).Limit(size + 1).All(ctx)
	if err != nil {
		return Page{}, fmt.Errorf("list the users: %w", err)
	}
	rows, more := page.Cut(rows, size)
	return Page{Users: rows, Info: page.InfoOf(rows, more, continued, Cursor)}, nil
}

// Cursor returns a user's place in the list.
func Cursor(u *ent.User) string { return page.At(listed, 0, u.ID.String()) }

// Count returns how many users the whole list of Users has.
func (s *Service) Count(ctx context.Context, search string) (int, error) {
	matching, err := matches(search)
	if err != nil {
		return 0, err
	}
	n, err := s.store.Read().User.Query().Where(matching...).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count the users: %w", err)
	}
	return n, nil
}

func (s *Service) one(ctx context.Context, where ...predicate.User) (*ent.User, error) {
	found, err := s.store.Read().User.Query().Where(where...).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("user")
	}
	if err != nil {
		return nil, fmt.Errorf("read a user: %w", err)
	}
	return found, nil
}
