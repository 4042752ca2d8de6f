package cards

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/card"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
	"github.com/paygraph/paygraph/providers"
)

// Some vendors know a customer by the phone, so two of our users with one phone, or a
// phone that was given to somebody else, are one customer there and have one list of
// cards. A card that one of them has had here is never another's, removed or not:
// what the vendor lists is no proof of whose it is.

// others are the hashes of those of the cards that another user has, or had, at the
// account or at any other that its merchant has, or had, with the provider: these may be
// of one shop there.
func (s *Service) others(ctx context.Context, client *ent.Client, account providers.Account, user pay.UserID, list []listed) (map[string]bool, error) {
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // of no cards none is another's
	}
	hashes := make([][]byte, len(list))
	for at, c := range list {
		hashes[at] = s.refHash(c.Ref)
	}
	rows, err := client.Card.Query().Where(card.MerchantID(account.Merchant), card.Provider(string(account.Provider.Name())), card.RefHashIn(hashes...), card.UserIDNEQ(user)).All(viewer.AsProgram(ctx))
	if err != nil {
		return nil, fmt.Errorf("look whose the cards of user %s are: %w", user, err)
	}
	foreign := make(map[string]bool, len(rows))
	for _, c := range rows {
		foreign[hex.EncodeToString(c.RefHash)] = true
		s.Logger.WarnContext(ctx, "a provider lists a card of another user: the two are one customer there", "account", account.Code, "user", user, "card", c.ID)
	}
	return foreign, nil
}

// withoutOthers returns the list without the cards of other users.
func (s *Service) withoutOthers(ctx context.Context, tx *store.Tx, account providers.Account, user pay.UserID, list []listed) ([]listed, error) {
	foreign, err := s.others(ctx, tx.Client(), account, user, list)
	if err != nil {
		return nil, err
	}
	return without(list, foreign), nil
}

// holdCards makes the transactions that keep a new card of a merchant's user wait for
// each other, so that of two users who save one card at once the second sees the
// first's. It comes after holdStill.
func holdCards(ctx context.Context, tx *store.Tx, merchant pay.MerchantID) error {
	if _, err := tx.Raw(ctx, `UPDATE merchants SET name = name WHERE id = ?`, merchant); err != nil {
		return fmt.Errorf("hold the cards of merchant %s still: %w", merchant, err)
	}
	return nil
}
