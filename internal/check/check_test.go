package check_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/check"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		report := w.run(t, check.Options{Strict: true})
		require.Empty(t, report.Breaches)
		require.Empty(t, report.Pending)
		require.Empty(t, report.Skipped)
		require.True(t, report.OK())

		counts := map[string]int64{}
		for _, c := range report.Checked {
			counts[c.What] = c.N
		}
		require.Equal(t, map[string]int64{
			"bills": 11, "versions of bills": 39, "outbox messages": 39, "ledger entries": 40, "wallets": 1, "entitlements": 4,
			"attempts": 13, "operations": 18, "refunds": 5, "review cases": 6, "jobs": 2, "idempotency records": 3, "provider events": 3,
			"cards": 0, "card registrations": 0, "subscriptions": 0, "periods": 0, "versions of objects": 0, "gifts": 0, "mails": 0,
			"orders in the book": 12, "verifications in the book": 1,
		}, counts)
		require.Equal(t, 6, w.book.pages, "five pages of thirteen lines, and an empty one")
	})
}

// A shop with cards, subscriptions, gifts and mails keeps every promise too, before
// and after it has given money back.
func TestRun_Objects(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newShop(t, url)
		report := w.run(t, check.Options{Strict: true})
		require.Empty(t, report.Breaches)
		require.Empty(t, report.Pending)

		w.giveBack(t)
		report = w.run(t, check.Options{Strict: true})
		require.Empty(t, report.Breaches)
		require.Empty(t, report.Pending)
	})
}

func TestRun_EmptyDatabase(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url, &storetest.Clock{})
		report, err := check.Run(t.Context(), check.Options{Store: s})
		require.NoError(t, err)
		require.True(t, report.OK())
		require.Equal(t, []string{"book.matched: no sandbox was named"}, report.Skipped)
	})
}

// Money that the book has and no attempt took yet is a breach, pending, or known
// to a person.
func TestRun_MoneyOnItsWay(t *testing.T) {
	t.Parallel()
	const unheard = "payture took 10.00 RUB, and the attempt is still "
	tests := []struct {
		name  string
		want  string // "" nothing is reported
		spoil func(s *spoiler)
	}{
		{
			name: "JustTaken", want: unheard + "ACTION_REQUIRED",
			spoil: func(s *spoiler) { s.book.of(s.pending.attempt).At = s.tx.Now.Add(-59 * time.Second) },
		},
		{
			name: "JustAsked", want: unheard + "ACTION_REQUIRED",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE attempts SET asked_at = ? WHERE id = ?`, s.tx.Now.Add(-59*time.Second), s.pending.attempt)
			},
		},
		{
			name: "JustMoved", want: unheard + "AUTHORIZED",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE bills SET status = 'AUTHORIZED' WHERE id = ?`, s.pending.bill)
				s.sql(`UPDATE bill_events SET "to" = 'AUTHORIZED' WHERE bill_id = ? AND version = 2`, s.pending.bill)
				s.sql(`UPDATE attempts SET status = 'AUTHORIZED', updated_at = ? WHERE id = ?`, s.tx.Now.Add(-59*time.Second), s.pending.attempt)
			},
		},
		{
			name: "OperationUnderWay", want: unheard + "ACTION_REQUIRED",
			spoil: func(s *spoiler) {
				s.sql(`UPDATE operations SET resolved_at = NULL, created_at = ? WHERE attempt_id = ?`, s.tx.Now.Add(-59*time.Second), s.pending.attempt)
			},
		},
		{
			name: "ExpiredAndWatched", want: unheard + "EXPIRED",
			spoil: func(s *spoiler) {
				s.book.of(s.pending.attempt).At = s.tx.Now
				s.sql(`UPDATE attempts SET status = 'EXPIRED', current = FALSE, watch_until = ? WHERE id = ?`, s.tx.Now.Add(time.Second), s.pending.attempt)
			},
		},
		{
			name: "InDoubt", want: unheard + "UNKNOWN",
			spoil: func(s *spoiler) { s.sql(`UPDATE attempts SET status = 'UNKNOWN' WHERE id = ?`, s.pending.attempt) },
		},
		{
			name: "NewerThanTheBook", want: "it took 10.00 RUB since the book was read",
			spoil: func(s *spoiler) {
				s.book.of(s.pending.attempt).Captures, s.book.of(s.pending.attempt).CapturedMinor = 0, 0
				s.book.drop(s.done.attempt)
				s.sql(`UPDATE attempts SET updated_at = ? WHERE id = ?`, s.tx.Now, s.done.attempt)
			},
		},
		{
			name:  "KnownToAPerson",
			spoil: func(s *spoiler) { s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB")) },
		},
		{
			name: "DisagreementKnownToAPerson",
			spoil: func(s *spoiler) {
				s.book.of(s.pending.attempt).Captures, s.book.of(s.pending.attempt).CapturedMinor = 0, 0
				s.book.of(s.done.attempt).CapturedMinor = 900
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewProviderDisagrees, s.done, "RUB"))
			},
		},
		{
			name: "OrderOfNobodyKnownToAPerson",
			spoil: func(s *spoiler) {
				s.book.of(s.pending.attempt).Captures, s.book.of(s.pending.attempt).CapturedMinor = 0, 0
				s.do(s.seedStranger(s.ctx, s.tx))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, url string) {
				w := newWorld(t, url)
				w.book.take(w.pending.attempt)
				w.spoil(t, tt.spoil)

				lenient := w.run(t, check.Options{})
				require.Empty(t, lenient.Breaches)
				require.Equal(t, tt.want, detail(of("book.matched", lenient.Pending)))

				strict := w.run(t, check.Options{Strict: true})
				require.Empty(t, strict.Pending)
				require.Equal(t, of("book.matched", lenient.Pending), of("book.matched", strict.Breaches))
			})
		})
	}
}

func TestRun_MoneyForgotten(t *testing.T) {
	t.Parallel()
	const unheard = ", without an open review case"
	tests := []struct {
		name  string
		want  string
		spoil func(s *spoiler)
	}{
		{
			name: "AMinuteWithoutNews", want: "ACTION_REQUIRED",
			spoil: func(s *spoiler) {
				news := s.tx.Now.Add(-time.Minute)
				s.book.of(s.pending.attempt).At = news
				s.sql(`UPDATE attempts SET asked_at = ?, updated_at = ? WHERE id = ?`, news, news, s.pending.attempt)
			},
		},
		{
			name: "WatchOver", want: "EXPIRED",
			spoil: func(s *spoiler) {
				s.book.of(s.pending.attempt).At = s.tx.Now
				s.sql(`UPDATE attempts SET status = 'EXPIRED', current = FALSE, watch_until = ? WHERE id = ?`, s.tx.Now, s.pending.attempt)
			},
		},
		{
			name: "CaseResolved", want: "ACTION_REQUIRED",
			spoil: func(s *spoiler) {
				s.do(s.seedCase(s.ctx, s.tx, pay.ReviewInDoubt, s.pending, "RUB"))
				s.do(resolveCase(s.ctx, s.tx, "DISMISS", s.pending))
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.SQLite(t))
			w.book.take(w.pending.attempt)
			w.spoil(t, tt.spoil)
			report := w.run(t, check.Options{})
			require.Equal(t, "payture took 10.00 RUB, and the attempt is "+tt.want+unheard, detail(report.Breaches))
			require.Equal(t, []string{w.pending.attempt.String(), w.pending.bill.String(), w.pending.attempt.Suffix()}, report.Breaches[0].Objects)
		})
	}
}

// What a product granted before it was edited is not known any more, but the
// page that a bill names is.
func TestRun_ProductEditedSince(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.spoil(t, func(s *spoiler) {
			s.sql(`UPDATE products SET grant_resources = '["news","films"]', updated_at = ?`, s.tx.Now)
		})
		require.True(t, w.run(t, check.Options{}).OK())

		w.spoil(t, func(s *spoiler) { s.sql(`UPDATE products SET grant_resources = 'null'`) })
		require.True(t, w.run(t, check.Options{}).OK(), "no list of resources")
		w.spoil(t, func(s *spoiler) { s.sql(`UPDATE products SET grant_resources = NULL`) })
		require.True(t, w.run(t, check.Options{}).OK(), "no list of resources")

		w.spoil(t, func(s *spoiler) { s.sql(`DELETE FROM entitlements WHERE kind = 'page'`) })
		require.Equal(t, `it is DONE and did not give page "p1"`, detail(w.run(t, check.Options{}).Breaches))
	})
}

// The check of a database that cannot be done is an error and never a pass.
func TestRun_BookUnreadable(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{name: "ServerError", status: http.StatusInternalServerError, body: `[]`, want: "500"},
		{name: "NoControl", status: http.StatusNotFound, body: `[]`, want: "404"},
		{name: "NotJSON", status: http.StatusOK, body: `<html>`, want: "makes no sense"},
		{name: "HalfABody", status: http.StatusOK, body: `[{"seq":1`, want: "makes no sense"},
		{name: "NotAList", status: http.StatusOK, body: `{"seq":1}`, want: "makes no sense"},
		{name: "SameEntryForEver", status: http.StatusOK, body: `[{"seq":1}]`, want: "entry 1 comes after entry 1"},
	}
	s := storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			_, err := check.Run(t.Context(), check.Options{Store: s, Sandbox: server.URL})
			require.ErrorContains(t, err, "check book.matched: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRun_NoDatabase(t *testing.T) {
	t.Parallel()
	_, err := check.Run(t.Context(), check.Options{})
	require.ErrorContains(t, err, "no database")
	s := storetest.Open(t, storetest.SQLite(t), &storetest.Clock{})
	require.NoError(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return exec(ctx, tx, `DROP TABLE entitlements`) }))
	_, err = check.Run(t.Context(), check.Options{Store: s})
	require.Error(t, err)
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := &check.Report{
		Checked:  []check.Count{{What: "bills", N: 2}, {What: "attempts", N: 3}},
		Breaches: []check.Breach{{Invariant: "bills.paid", Objects: []string{"bill_1"}, Detail: "it is PAID by nothing"}},
		Pending:  []check.Breach{{Invariant: "book.matched", Objects: []string{"att_1", "bill_2"}, Detail: "it is still SENT"}},
		Skipped:  []string{"something: nobody asked"},
	}

	t.Run("Text", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		require.NoError(t, report.WriteText(&text))
		require.Equal(t, `breach bills.paid bill_1: it is PAID by nothing
pending book.matched att_1 bill_2: it is still SENT
skipped something: nobody asked
checked 73 invariants: 2 bills, 3 attempts
1 breaches, 1 pending
`, text.String())
	})
	t.Run("TextOfARightDatabase", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		require.NoError(t, (&check.Report{Checked: []check.Count{{What: "bills", N: 2}}}).WriteText(&text))
		require.Equal(t, `checked 74 invariants: 2 bills
0 breaches, 0 pending
ok: all 74 invariants hold
`, text.String())
	})
	t.Run("TextOfWhatIsPending", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		require.NoError(t, (&check.Report{Pending: report.Pending}).WriteText(&text))
		require.True(t, strings.HasSuffix(text.String(), "0 breaches, 1 pending\n"))
	})
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		require.NoError(t, report.WriteJSON(&text))
		require.JSONEq(t, `{
			"ok": false,
			"checked": [{"what": "bills", "n": 2}, {"what": "attempts", "n": 3}],
			"breaches": [{"invariant": "bills.paid", "objects": ["bill_1"], "detail": "it is PAID by nothing"}],
			"pending": [{"invariant": "book.matched", "objects": ["att_1", "bill_2"], "detail": "it is still SENT"}],
			"skipped": ["something: nobody asked"]
		}`, text.String())
	})
	t.Run("ListsAreNeverNull", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		require.NoError(t, (&check.Report{}).WriteJSON(&text))
		require.JSONEq(t, `{"ok": true, "checked": [], "breaches": [], "pending": [], "skipped": []}`, text.String())
		require.True(t, json.Valid(text.Bytes()))
	})
}

// of is the findings of one invariant.
func of(invariant string, list []check.Breach) []check.Breach {
	return slices.DeleteFunc(slices.Clone(list), func(found check.Breach) bool { return found.Invariant != invariant })
}

// detail is the sentence of the only finding, "" when there is none.
func detail(list []check.Breach) string {
	var all string
	for _, found := range list {
		all += found.Detail
	}
	return all
}
