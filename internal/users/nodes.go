package users

import (
	"context"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/user"
	"github.com/paygraph/paygraph/internal/pay"
)

// UsersByID returns those of the users that the viewer may see, in no order.
func (s *Service) UsersByID(ctx context.Context, ids []pay.UserID) ([]*ent.User, error) {
	found, err := s.store.Read().User.Query().Where(user.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %d users: %w", len(ids), err)
	}
	return found, nil
}
