package check

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// envBenchBills names the variable that says how many bills BenchmarkCheck checks.
const envBenchBills = "PAYGRAPH_BENCH_BILLS"

// BenchmarkCheck checks a shop's database, 10,000 bills or as many as
// PAYGRAPH_BENCH_BILLS says, and the book that agrees with it: All is what
// `paygraph check` does. When the variable is set, each invariant is measured alone
// beside it.
func BenchmarkCheck(b *testing.B) {
	bills := 10_000
	if wanted := os.Getenv(envBenchBills); wanted != "" {
		var err error
		bills, err = strconv.Atoi(wanted)
		require.NoError(b, err)
	}
	for name, open := range map[string]func(testing.TB) string{"SQLite": storetest.SQLite, "Postgres": patientPostgres} {
		b.Run(name, func(b *testing.B) {
			s := storetest.Open(b, open(b), &storetest.Clock{})
			fillShop(b, s, bills)
			o := Options{Store: s, Clock: s.Clock(), Sandbox: serveBook(b, bills), HTTP: http.DefaultClient}
			b.Run("All", func(b *testing.B) {
				for b.Loop() {
					report, err := Run(b.Context(), o)
					require.NoError(b, err)
					require.Empty(b, report.Breaches)
					require.Empty(b, report.Pending)
				}
				b.ReportMetric(float64(bills)*float64(b.N)/b.Elapsed().Seconds(), "bills/s")
			})
			if os.Getenv(envBenchBills) == "" {
				return
			}
			for _, i := range invariants() {
				b.Run(i.name, func(b *testing.B) {
					for b.Loop() {
						require.NoError(b, i.check(&checker{Options: o, report: &Report{}}, b.Context(), i.name))
					}
				})
			}
		})
	}
}

// patientPostgres is a Postgres database that lets a statement take its time, as
// `paygraph check` opens one.
func patientPostgres(t testing.TB) string {
	t.Helper()
	url := storetest.MigratedPostgres(t)
	if strings.Contains(url, "?") {
		return url + "&statement_timeout=0"
	}
	return url + "?statement_timeout=0"
}

// shopIDs are the fixed rows of the shop.
type shopIDs struct {
	merchant pay.MerchantID
	user     pay.UserID
	product  pay.ProductID
	clearing pay.LedgerAccountID
	sales    pay.LedgerAccountID
	suspense pay.LedgerAccountID
}

// fillShop makes a shop with that many bills: 74 % DONE, 19 % EXPIRED, 5 % CANCELED,
// 1 % paid late and in review, 1 % open; of every twenty one was declined at first.
// Each bill has its history, messages, attempts with their operations, ledger
// entries, entitlements, key and one provider's event. The rows are made by the
// database itself, table by table: their ids are numbers, which SQL can write both
// as UUIDs and as TypeIDs.
func fillShop(b *testing.B, s *store.Store, bills int) {
	b.Helper()
	var ids shopIDs
	require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		ids = shopIDs{merchant: pay.NewMerchantID(tx.Now), user: pay.NewUserID(tx.Now), product: pay.NewProductID(tx.Now)}
		ids.clearing = pay.LedgerAccountIDOf(ids.merchant, pay.AccountClearing, "RUB", "payture-main")
		ids.sales = pay.LedgerAccountIDOf(ids.merchant, pay.AccountSales, "RUB", "")
		ids.suspense = pay.LedgerAccountIDOf(ids.merchant, pay.AccountSuspense, "RUB", "")
		for _, err := range []error{
			tx.Merchant.Create().SetID(ids.merchant).SetCode("shop").SetName("Shop").SetTestMode(true).SetCreatedAt(tx.Now).Exec(ctx),
			tx.User.Create().SetID(ids.user).SetMerchantID(ids.merchant).SetExternalID("alice").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
			tx.Product.Create().SetID(ids.product).SetMerchantID(ids.merchant).SetCode("pages").SetKind(pay.ProductDirect).SetTitle("Pages").
				SetGrantResources([]string{"news"}).SetGrantPages("*").SetCreatedAt(tx.Now).SetUpdatedAt(tx.Now).Exec(ctx),
			tx.LedgerAccount.Create().SetID(ids.clearing).SetMerchantID(ids.merchant).SetKind(pay.AccountClearing).SetCurrency("RUB").SetOwner("payture-main").SetCreatedAt(tx.Now).Exec(ctx),
			tx.LedgerAccount.Create().SetID(ids.sales).SetMerchantID(ids.merchant).SetKind(pay.AccountSales).SetCurrency("RUB").SetCreatedAt(tx.Now).Exec(ctx),
			tx.LedgerAccount.Create().SetID(ids.suspense).SetMerchantID(ids.merchant).SetKind(pay.AccountSuspense).SetCurrency("RUB").SetCreatedAt(tx.Now).Exec(ctx),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
	for _, statement := range fillings(s, ids, bills) {
		require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw(ctx, statement)
			if err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
			return nil
		}))
	}
	if s.IsPostgres() { // as autovacuum does in life
		require.NoError(b, s.InTx(b.Context(), func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Raw(ctx, `ANALYZE`)
			return err
		}))
	}
}

// idAt is the id of table's row 0, and of row n as SQL, as a UUID and as the
// suffix of a TypeID. The number of the row is the last 40 bits.
func idAt(table int) (hex, suffix string) {
	var id pay.BillID
	first := fmt.Sprintf("01936b2c-8e00-7%03d-8000-000000000000", table)
	_ = id.Scan(first)
	return "'" + first[:26] + "' || n.hex", "'" + id.Suffix()[:18] + "' || n.b32"
}

// suffixOf is the order number of the row's attempt.
func suffixOf(table, n int) string {
	var id pay.AttemptID
	_ = id.Scan(fmt.Sprintf("01936b2c-8e00-7%03d-8000-00%010x", table, n))
	return id.Suffix()
}

// The tables of idAt.
const (
	ofBills = iota + 1
	ofAttempts
	ofDeclined
	ofOther
)

// fillings are the statements that fill the shop.
func fillings(s *store.Store, ids shopIDs, bills int) []string {
	var b32 []string
	for shift := 35; shift >= 0; shift -= 5 {
		b32 = append(b32, fmt.Sprintf("SUBSTR('0123456789abcdefghjkmnpqrstvwxyz', CAST((n >> %d) & 31 AS integer) + 1, 1)", shift))
	}
	instant := ``
	hex, series, uuid := `PRINTF('%010x', n)`, fmt.Sprintf(`WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d)`, bills), `text`
	if s.IsPostgres() {
		instant = `::timestamptz`
		hex, series, uuid = `LPAD(TO_HEX(n), 10, '0')`, fmt.Sprintf(`WITH s(n) AS (SELECT GENERATE_SERIES(1, %d)::bigint)`, bills), `uuid`
	}
	at := func(t time.Time) string {
		return "'" + t.UTC().Format("2006-01-02 15:04:05.999999999-07:00") + "'" + instant
	}
	now := s.Clock().Now()
	old, then, later := at(now.Add(-100*time.Hour)), at(now.Add(-99*time.Hour)), at(now.Add(time.Hour))
	billID, billSuffix := idAt(ofBills)
	attemptID, attemptSuffix := idAt(ofAttempts)
	declinedID, declinedSuffix := idAt(ofDeclined)
	otherID, _ := idAt(ofOther)
	version := func(n string) string { // other ids of one row
		return strings.Replace(otherID, "-8000-", "-8'||"+n+"||'00-", 1)
	}
	cast := func(text string) string { return `CAST(` + text + ` AS ` + uuid + `)` }
	merchant, user := cast(`'`+ids.merchant.UUID()+`'`), cast(`'`+ids.user.UUID()+`'`)
	const captured = ` n.class IN ('done', 'late') `

	entry := func(key string, leg int, account, amount, where string) string {
		return `INSERT INTO ledger_entries (id, merchant_id, transfer, leg, account_id, kind, amount_minor, currency, bill_id, created_at)
			SELECT ` + cast(version(strconv.Itoa(leg))) + `, ` + merchant + `, '` + key + `att_' || ` + attemptSuffix + `, ` + strconv.Itoa(leg) + `, ` + cast(`'`+account+`'`) + `,
			'PURCHASE', ` + amount + `, 'RUB', ` + cast(billID) + `, ` + then + ` FROM bench_numbers n WHERE ` + where + ` ORDER BY n.n`
	}
	attempt := func(id, suffix, status, current, captured, where string) []string {
		return []string{
			`INSERT INTO attempts (id, merchant_id, bill_id, provider, account, order_number, status, current, test_mode, currency, amount_minor, captured_minor, watch_until, created_at, updated_at, resolved_at)
			SELECT ` + cast(id) + `, ` + merchant + `, ` + cast(billID) + `, 'payture', 'payture-main', ` + suffix + `, ` + status + `, ` + current + `, TRUE, 'RUB', 1000, ` + captured + `,
			CASE n.class WHEN 'open' THEN ` + later + ` ELSE ` + then + ` END, ` + old + `, ` + then + `, CASE n.class WHEN 'open' THEN NULL ELSE ` + then + ` END FROM bench_numbers n WHERE ` + where + ` ORDER BY n.n`,
			`INSERT INTO operations (id, attempt_id, kind, status, amount_minor, currency, created_at, resolved_at)
			SELECT ` + cast(id) + `, ` + cast(id) + `, 'START', 'SUCCEEDED', 1000, 'RUB', ` + old + `, ` + then + ` FROM bench_numbers n WHERE ` + where + ` ORDER BY n.n`,
		}
	}
	list := []string{
		`CREATE TABLE bench_numbers (n bigint PRIMARY KEY, hex text NOT NULL, b32 text NOT NULL, class text NOT NULL)`,
		`INSERT INTO bench_numbers ` + series + ` SELECT n, ` + hex + `, ` + strings.Join(b32, " || ") + `,
			CASE WHEN n % 100 < 74 THEN 'done' WHEN n % 100 < 93 THEN 'expired' WHEN n % 100 < 98 THEN 'canceled' WHEN n % 100 < 99 THEN 'late' ELSE 'open' END FROM s`,
		`CREATE TABLE bench_paths (class text NOT NULL, version int NOT NULL, "from" text, "to" text NOT NULL)`,
		`INSERT INTO bench_paths VALUES
			('done', 1, NULL, 'PENDING'), ('done', 2, 'PENDING', 'PENDING'), ('done', 3, 'PENDING', 'PAID'), ('done', 4, 'PAID', 'DONE'),
			('expired', 1, NULL, 'PENDING'), ('expired', 2, 'PENDING', 'PENDING'), ('expired', 3, 'PENDING', 'EXPIRED'),
			('canceled', 1, NULL, 'PENDING'), ('canceled', 2, 'PENDING', 'PENDING'), ('canceled', 3, 'PENDING', 'CANCELED'),
			('late', 1, NULL, 'PENDING'), ('late', 2, 'PENDING', 'EXPIRED'), ('late', 3, 'EXPIRED', 'EXPIRED'),
			('open', 1, NULL, 'PENDING'), ('open', 2, 'PENDING', 'PENDING')`,
		`INSERT INTO bills (id, merchant_id, user_id, product_id, page_id, status, currency, total_minor, paid_minor, version, expires_at, created_at, updated_at)
			SELECT ` + cast(billID) + `, ` + merchant + `, ` + user + `, ` + cast(`'`+ids.product.UUID()+`'`) + `, 'p1',
			CASE n.class WHEN 'done' THEN 'DONE' WHEN 'canceled' THEN 'CANCELED' WHEN 'open' THEN 'PENDING' ELSE 'EXPIRED' END, 'RUB', 1000,
			CASE WHEN ` + captured + ` THEN 1000 ELSE 0 END, CASE n.class WHEN 'done' THEN 4 WHEN 'open' THEN 2 ELSE 3 END,
			CASE n.class WHEN 'open' THEN ` + later + ` ELSE ` + then + ` END, ` + old + `, ` + then + ` FROM bench_numbers n ORDER BY n.n`,
		`INSERT INTO bill_events (bill_id, merchant_id, version, "from", "to", reason, at, txid)
			SELECT ` + cast(billID) + `, ` + merchant + `, p.version, p."from", p."to", 'test', ` + then + `, 0
			FROM bench_numbers n JOIN bench_paths p ON p.class = n.class ORDER BY n.n, p.version`,
		`INSERT INTO outbox_messages (id, merchant_id, topic, object_id, version, created_at)
			SELECT ` + cast(version("p.version")) + `, ` + merchant + `, 'bill.updated', 'bill_' || ` + billSuffix + `, p.version, ` + then + `
			FROM bench_numbers n JOIN bench_paths p ON p.class = n.class ORDER BY n.n, p.version`,
		entry(capturePrefix, 0, ids.clearing.UUID(), `-1000`, captured),
		entry(capturePrefix, 1, ids.sales.UUID(), `1000`, `n.class = 'done'`),
		entry(capturePrefix, 1, ids.suspense.UUID(), `1000`, `n.class = 'late'`),
		`INSERT INTO entitlements (id, merchant_id, bill_id, user_id, kind, resource, granted_at)
			SELECT ` + cast(version("k.n")) + `, ` + merchant + `, ` + cast(billID) + `, ` + user + `, k.kind, k.resource, ` + then + `
			FROM bench_numbers n JOIN (SELECT 1 AS n, 'resource' AS kind, 'news' AS resource UNION ALL SELECT 2, 'page', 'p1') k ON TRUE WHERE n.class = 'done' ORDER BY n.n`,
		`INSERT INTO idempotency_records (id, merchant_id, principal, mutation, "key", input_hash, object_id, finished_at, created_at)
			SELECT ` + cast(otherID) + `, ` + merchant + `, 'key_1', 'billCreate', n.hex, '1', 'bill_' || ` + billSuffix + `, ` + then + `, ` + old + ` FROM bench_numbers n ORDER BY n.n`,
		`INSERT INTO provider_events (id, merchant_id, account, event_key, order_number, hint, body, result, received_at, processed_at)
			SELECT ` + cast(otherID) + `, ` + merchant + `, 'payture-main', n.hex, ` + attemptSuffix + `, n.n % 2 = 0, '{}',
			CASE WHEN n.n % 2 = 0 THEN NULL WHEN ` + captured + ` THEN CAST('{"Status":"CAPTURED"}' AS json) ELSE CAST('{"Status":"EXPIRED"}' AS json) END, ` + then + `, ` + then + ` FROM bench_numbers n ORDER BY n.n`,
		`INSERT INTO review_cases (id, merchant_id, "key", reason, bill_id, attempt_id, currency, amount_minor, details, opened_at)
			SELECT ` + cast(otherID) + `, ` + merchant + `, 'LATE_PAYMENT/att_' || ` + attemptSuffix + `, 'LATE_PAYMENT', ` + cast(billID) + `, ` + cast(attemptID) + `, 'RUB', 1000, 'test', ` + then + `
			FROM bench_numbers n WHERE n.class = 'late'`,
		`INSERT INTO jobs (id, kind, "key", run_at, created_at)
			SELECT ` + cast(otherID) + `, 'bill.expire', 'bill_' || ` + billSuffix + `, ` + later + `, ` + old + ` FROM bench_numbers n WHERE n.class = 'open'`,
	}
	if !s.IsPostgres() {
		for at, statement := range list { // SQLite's cast to json makes a number of a text
			list[at] = strings.NewReplacer(`CAST('{"Status":"CAPTURED"}' AS json)`, `'{"Status":"CAPTURED"}'`, `CAST('{"Status":"EXPIRED"}' AS json)`, `'{"Status":"EXPIRED"}'`).Replace(statement)
		}
	}
	own := attempt(attemptID, attemptSuffix, `CASE n.class WHEN 'done' THEN 'CAPTURED' WHEN 'late' THEN 'CAPTURED' WHEN 'open' THEN 'ACTION_REQUIRED' ELSE 'EXPIRED' END`,
		`n.class IN ('done', 'open')`, `CASE WHEN `+captured+` THEN 1000 ELSE 0 END`, `TRUE`)
	earlier := attempt(declinedID, declinedSuffix, `'DECLINED'`, `FALSE`, `0`, `n.n % 20 = 0 AND n.class <> 'open'`)
	const afterBills = 5 // and before the review cases
	return append(append(append(list[:afterBills:afterBills], own...), earlier...), list[afterBills:]...)
}

// serveBook serves the book of fillShop's orders and returns its URL.
func serveBook(b *testing.B, bills int) string {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		page := make([]bookEntry, 0, limit)
		for n := after + 1; n <= min(after+limit, bills); n++ {
			e := bookEntry{Seq: int64(n), Provider: "payture", OrderRef: suffixOf(ofAttempts, n), Kind: "payment", Currency: "RUB"}
			if n%100 < 74 || n%100 == 98 {
				e.CapturedMinor, e.Captures = 1000, 1
			}
			page = append(page, e)
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	b.Cleanup(server.Close)
	return server.URL
}
