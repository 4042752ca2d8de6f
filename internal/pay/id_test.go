package pay_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/pay"
)

// The vectors of the TypeID specification 0.3 (spec/valid.yml), with our prefix.
func TestBillID_TypeIDVectors(t *testing.T) {
	t.Parallel()

	tests := []struct{ name, suffix, uuid string }{
		{"One", "00000000000000000000000001", "00000000-0000-0000-0000-000000000001"},
		{"Ten", "0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"},
		{"Sixteen", "0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"},
		{"ThirtyTwo", "00000000000000000000000010", "00000000-0000-0000-0000-000000000020"},
		{"Alphabet", "0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"},
		{"UUIDv7", "01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"},
		{"Largest", "7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, err := pay.ParseBillID("bill_" + tt.suffix)
			require.NoError(t, err)
			require.Equal(t, tt.uuid, id.UUID())
			require.Equal(t, tt.suffix, id.Suffix())
			require.Equal(t, "bill_"+tt.suffix, id.String())

			var scanned pay.BillID
			require.NoError(t, scanned.Scan(tt.uuid))
			require.Equal(t, id, scanned)
		})
	}
}

// An id has one spelling: what the specification calls invalid, other kinds of
// ids and whatever a person may add are refused, all with the same cause.
func TestParseBillID_Malformed(t *testing.T) {
	t.Parallel()

	const good = "01h455vb4pex5vsknk084sn02q"
	tests := map[string]string{
		"Empty":             "",
		"PrefixOnly":        "bill_",
		"WithoutPrefix":     good,
		"EmptyPrefix":       "_" + good,
		"OtherKind":         "att_" + good,
		"PrefixOfPrefix":    "bil_" + good,
		"UpperCasePrefix":   "BILL_" + good,
		"UpperCaseSuffix":   "bill_01H455VB4PEX5VSKNK084SN02Q",
		"TooShort":          "bill_" + good[:25],
		"TooLong":           "bill_" + good + "0",
		"Zero":              "bill_00000000000000000000000000",
		"Overflow":          "bill_8zzzzzzzzzzzzzzzzzzzzzzzzz",
		"LettersOfNoDigit":  "bill_01h455vb4pex5vsknk084sn0il",
		"Hyphen":            "bill_01h455vb4pex5vsknk084sn02-",
		"BlankBefore":       " bill_" + good,
		"BlankAfter":        "bill_" + good + " ",
		"TwoUnderscores":    "bill__" + good,
		"NotASCII":          "bill_01h455vb4pex5vsknk084sn0é",
		"UUID":              "01890a5d-ac96-774b-bcce-b302099a8057",
		"NUL":               "bill_01h455vb4pex5vsknk084sn02\x00",
		"NotUTF8":           "bill_01h455vb4pex5vsknk084sn02\xff",
		"TenKilobytesOfOne": "bill_" + strings.Repeat("1", 10_000),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := pay.ParseBillID(text)
			require.ErrorIs(t, err, pay.ErrMalformedID)
			require.Less(t, len(err.Error()), 100, "the message does not repeat what was sent")
		})
	}
}

// Whatever is read is what was written.
func FuzzParseBillID(f *testing.F) {
	f.Add("bill_01h455vb4pex5vsknk084sn02q")
	f.Add("bill_7zzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("bill_8zzzzzzzzzzzzzzzzzzzzzzzzz")
	f.Add("att_01h455vb4pex5vsknk084sn02q")
	f.Add("bill_")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := pay.ParseBillID(text)
		if err != nil {
			require.ErrorIs(t, err, pay.ErrMalformedID)
			return
		}
		require.Equal(t, text, "bill_"+id.Suffix())
		var scanned pay.BillID
		require.NoError(t, scanned.Scan(id.UUID()))
		require.Equal(t, id, scanned)
	})
}

func TestNewBillID(t *testing.T) {
	t.Parallel()

	at := time.Date(2026, time.March, 2, 9, 0, 0, 123_456_000, time.UTC)

	t.Run("IsAUUIDv7OfItsInstant", func(t *testing.T) {
		t.Parallel()
		uuid := pay.NewBillID(at).UUID()
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, uuid)
		require.Equal(t, fmt.Sprintf("%012x", at.UnixMilli()), strings.ReplaceAll(uuid[:13], "-", ""))
	})
	t.Run("OneInstantKeepsTheOrderOfMaking", func(t *testing.T) {
		t.Parallel()
		before := pay.NewBillID(at)
		for range 10_000 {
			next := pay.NewBillID(at)
			require.Less(t, before.String(), next.String())
			require.Less(t, before.UUID(), next.UUID(), "the database orders them alike")
			before = next
		}
	})
	t.Run("FollowsTheClock", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			first := time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "first"))
			later := first.Add(time.Duration(rapid.Int64Range(1, 1<<40).Draw(t, "µs later")) * time.Microsecond)
			younger := pay.NewBillID(later) // made before the older one: the instant decides
			require.Less(t, pay.NewBillID(first).String(), younger.String())
		})
	})
}

func TestID_Scan(t *testing.T) {
	t.Parallel()

	id := pay.NewUserID(time.UnixMilli(1_770_000_000_000))

	t.Run("ReadsWhatEitherDatabaseGives", func(t *testing.T) {
		t.Parallel()
		stored, err := id.Value()
		require.NoError(t, err)
		for _, column := range []any{stored, []byte(id.UUID()), id.Bytes(), strings.ToUpper(id.UUID())} {
			var scanned pay.UserID
			require.NoError(t, scanned.Scan(column))
			require.Equal(t, id, scanned)
		}
	})
	t.Run("RefusesTheRest", func(t *testing.T) {
		t.Parallel()
		for _, column := range []any{nil, 7, "", "user_" + id.Suffix(), id.UUID()[:35], "x" + id.UUID()[1:], []byte{1, 2, 3}} {
			var scanned pay.UserID
			require.ErrorIs(t, scanned.Scan(column), pay.ErrMalformedID)
			require.True(t, scanned.IsZero())
		}
	})
	t.Run("ZeroIsNeverStored", func(t *testing.T) {
		t.Parallel()
		_, err := pay.UserID{}.Value()
		require.ErrorIs(t, err, pay.ErrMalformedID)
	})
}

func TestID_Text(t *testing.T) {
	t.Parallel()

	type row struct {
		Bill pay.BillID
		User *pay.UserID
	}
	user := pay.NewUserID(time.UnixMilli(1_770_000_000_000))
	whole := row{Bill: pay.NewBillID(time.UnixMilli(1_770_000_000_000)), User: &user}

	t.Run("JSONRoundTrip", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(whole)
		require.NoError(t, err)
		require.JSONEq(t, fmt.Sprintf(`{"Bill":%q,"User":%q}`, whole.Bill, user), string(text))
		var read row
		require.NoError(t, json.Unmarshal(text, &read))
		require.Equal(t, whole, read)
	})
	t.Run("ZeroIsEmpty", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(row{})
		require.NoError(t, err)
		require.JSONEq(t, `{"Bill":"","User":null}`, string(text))
		read := whole
		require.NoError(t, json.Unmarshal([]byte(`{"Bill":"","User":null}`), &read))
		require.Equal(t, row{}, read)
	})
	t.Run("OtherKindIsRefused", func(t *testing.T) {
		t.Parallel()
		var read row
		require.ErrorIs(t, json.Unmarshal(fmt.Appendf(nil, `{"Bill":%q}`, user), &read), pay.ErrMalformedID)
	})
	t.Run("GraphQLRoundTrip", func(t *testing.T) {
		t.Parallel()
		var quoted strings.Builder
		whole.Bill.MarshalGQL(&quoted)
		require.Equal(t, `"`+whole.Bill.String()+`"`, quoted.String())
		var read pay.BillID
		require.NoError(t, read.UnmarshalGQL(whole.Bill.String()))
		require.Equal(t, whole.Bill, read)
		require.ErrorIs(t, read.UnmarshalGQL(7), pay.ErrMalformedID)
	})
}

// No two tables share a prefix: node finds the table by it. Each kind reads its
// own ids and nobody else's.
func TestID_EachKindHasItsPrefix(t *testing.T) {
	t.Parallel()

	at := time.UnixMilli(1_770_000_000_000)
	made := map[string]string{
		"mer": pay.NewMerchantID(at).String(), "key": pay.NewAPIKeyID(at).String(), "user": pay.NewUserID(at).String(),
		"wal": pay.NewWalletID(at).String(), "le": pay.NewLedgerEntryID(at).String(), "prod": pay.NewProductID(at).String(),
		"price": pay.NewPriceID(at).String(), "bill": pay.NewBillID(at).String(), "line": pay.NewBillLineID(at).String(),
		"att": pay.NewAttemptID(at).String(), "op": pay.NewOperationID(at).String(), "rev": pay.NewReviewCaseID(at).String(), "ref": pay.NewRefundID(at).String(),
		"ent": pay.NewEntitlementID(at).String(), "pev": pay.NewProviderEventID(at).String(), "idem": pay.NewIdempotencyRecordID(at).String(),
		"msg": pay.NewOutboxMessageID(at).String(), "job": pay.NewJobID(at).String(),
		"acc": pay.LedgerAccountIDOf(pay.NewMerchantID(at), pay.AccountSales, pay.RUB, "").String(),
	}
	readers := map[string]func(string) error{
		"mer": parses(pay.ParseMerchantID), "user": parses(pay.ParseUserID), "wal": parses(pay.ParseWalletID),
		"le": parses(pay.ParseLedgerEntryID), "prod": parses(pay.ParseProductID), "price": parses(pay.ParsePriceID),
		"bill": parses(pay.ParseBillID), "att": parses(pay.ParseAttemptID), "rev": parses(pay.ParseReviewCaseID), "ref": parses(pay.ParseRefundID),
		"ent": parses(pay.ParseEntitlementID),
	}
	for prefix, text := range made {
		require.Equal(t, prefix, pay.Prefix(text))
		require.Len(t, text, len(prefix)+1+26)
	}
	for of, read := range readers {
		require.NoError(t, read(made[of]))
		for prefix, text := range made {
			require.Equal(t, prefix == of, read(text) == nil, "a reader of %s and the id %s", of, text)
		}
	}
	require.Empty(t, pay.Prefix("01h455vb4pex5vsknk084sn02q"))
}

func parses[ID any](parse func(string) (ID, error)) func(string) error {
	return func(text string) error {
		_, err := parse(text)
		return err
	}
}

// Two processes that first need an account agree on its id, and no other words
// give the same.
func TestLedgerAccountIDOf(t *testing.T) {
	t.Parallel()

	merchant := pay.NewMerchantID(time.UnixMilli(1_770_000_000_000))
	clearing := pay.LedgerAccountIDOf(merchant, pay.AccountClearing, pay.RUB, "payture-main")
	require.Equal(t, clearing, pay.LedgerAccountIDOf(merchant, pay.AccountClearing, pay.RUB, "payture-main"))
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, clearing.UUID(), "marked as a UUIDv8")

	other := pay.NewMerchantID(time.UnixMilli(1_770_000_000_000))
	for _, id := range []pay.LedgerAccountID{
		pay.LedgerAccountIDOf(other, pay.AccountClearing, pay.RUB, "payture-main"),
		pay.LedgerAccountIDOf(merchant, pay.AccountFees, pay.RUB, "payture-main"),
		pay.LedgerAccountIDOf(merchant, pay.AccountClearing, pay.KZT, "payture-main"),
		pay.LedgerAccountIDOf(merchant, pay.AccountClearing, pay.RUB, "payture-other"),
		pay.LedgerAccountIDOf(merchant, pay.AccountClearing, pay.RUB, ""),
	} {
		require.NotEqual(t, clearing, id)
	}
}
