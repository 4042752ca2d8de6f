package wallets

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/paygraph/paygraph/internal/pay"
)

// Check reads the whole ledger and returns a sentence for each breach: a transfer
// that does not sum to zero in a currency, and a wallet whose balances are not
// the sums of its entries. It asks no viewer; it is for `paygraph check`. It
// shares nothing with Post but the tables.
func (s *Service) Check(ctx context.Context) (breaches []string, err error) {
	err = s.each(ctx, `SELECT transfer, currency, SUM(amount_minor) FROM ledger_entries
		GROUP BY transfer, currency HAVING SUM(amount_minor) <> 0 ORDER BY transfer, currency`,
		func(rows *sql.Rows) error {
			var transfer, currency string
			var over int64
			err := rows.Scan(&transfer, &currency, &over)
			breaches = append(breaches, fmt.Sprintf("transfer %s is %d %s over zero", transfer, over, currency))
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("check the transfers: %w", err)
	}
	err = s.each(ctx, `SELECT id, available_minor, held_minor, available, held FROM (
			SELECT w.id, w.available_minor, w.held_minor,
				COALESCE(SUM(CASE WHEN a.kind = ? THEN e.amount_minor END), 0) AS available,
				COALESCE(SUM(CASE WHEN a.kind = ? THEN e.amount_minor END), 0) AS held
			FROM wallets w LEFT JOIN ledger_entries e ON e.wallet_id = w.id LEFT JOIN ledger_accounts a ON a.id = e.account_id
			GROUP BY w.id, w.available_minor, w.held_minor) AS folded
		WHERE available_minor <> available OR held_minor <> held ORDER BY id`,
		func(rows *sql.Rows) error {
			var id pay.WalletID
			var available, held, wantAvailable, wantHeld int64
			err := rows.Scan(&id, &available, &held, &wantAvailable, &wantHeld)
			breaches = append(breaches, fmt.Sprintf("wallet %s stores %d available and %d held, its entries make %d and %d", id, available, held, wantAvailable, wantHeld))
			return err
		}, string(pay.AccountWalletAvailable), string(pay.AccountWalletHeld))
	if err != nil {
		return nil, fmt.Errorf("check the wallets: %w", err)
	}
	return breaches, nil
}

// each runs a raw query and hands over its rows.
func (s *Service) each(ctx context.Context, query string, f func(*sql.Rows) error, args ...any) (err error) {
	rows, err := s.store.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
