package pay_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

// Numbers that the schemes, Stripe and Payture publish for tests.
func publishedCards() map[string]string {
	return map[string]string{
		"Visa":            "4111111111111111",
		"VisaOfPayture":   "4111111111100023",
		"VisaOf13":        "4222222222222",
		"Mastercard":      "5555555555554444",
		"MastercardTwo":   "2223003122003222",
		"Mir":             "2200000000000004",
		"MirOfPayture":    "2202208311110010",
		"AmericanExpress": "378282246310005",
		"Discover":        "6011111111111117",
		"Diners":          "36227206271667",
		"JCB":             "3566002020360505",
		"UnionPay":        "6200000000000005",
		"UnionPayOf19":    "6205500000000000004",
		"Maestro":         "6759649826438453",
	}
}

func TestHoldsCardNumber_PublishedCards(t *testing.T) {
	t.Parallel()

	for name, number := range publishedCards() {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{
				number,
				"my card is " + number + ", thanks",
				"card:" + number + ";",
				"Карта " + number + "!",
				`{"note":"` + number + `"}`,
				inFours(number, " "),
				inFours(number, "-"),
				inFours(number, "."),
				inFours(number, "/"),
				inFours(number, "_"),
				inFours(number, "\u00a0"), // no-break space
				inFours(number, "\u202f"), // and a narrow one
				inFours(number, "\u2011"), // no-break hyphen
				inFours(number, "–"),
				"pay with\n" + inFours(number, " ") + "\nplease",
				number + " 12/29",
				number + " 12/29 123",
				number + " 123",
				"2 " + number,
				"order 17-" + number,
			} {
				require.True(t, pay.HoldsCardNumber(text), "%q", text)
			}
		})
	}
}

func TestHoldsCardNumber_OtherText(t *testing.T) {
	t.Parallel()

	for name, text := range map[string]string{
		"Empty":                 "",
		"Words":                 "A page about whales",
		"WrongCheckDigit":       "4111111111111112",
		"TwelveDigits":          "411111111111",
		"TwentyDigits":          "41111111111111111111",
		"OfNoScheme":            "9111111111111111",
		"PhoneNumber":           "+7 495 123-45-67",
		"OrderNumber":           "INV-2026-000417",
		"OrderOfDigits":         "1700000000000017",
		"DateAndTime":           "2026-11-22 02:39:19",
		"DateAndTimeOfDigits":   "20261122023919",
		"Milliseconds":          "1795315159000",
		"Microseconds":          "1795315159000000",
		"Nanoseconds":           "1795315159000000000",
		"TypeID":                "bill_01h455vb4pex5vsknk084sn02q",
		"UUID":                  "01890a5d-ac96-774b-bcce-b302099a8057",
		"IBAN":                  "DE89 3704 0044 0532 0130 00",
		"AccountOfTwentyDigits": "40702810900000000001",
		"TwoBlanksPart":         "4111  1111  1111  1111",
		"SumsOfMoney":           "124.80 + 99.99 = 224.79",
		"NumbersOfAList":        "41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58",
		"TwoPhoneNumbers":       "+7 495 123-45-67 +7 495 765-43-21",
		"PhoneNumberInDots":     "+7.495.123.45.67",
		"TwoPhonesInDots":       "495.123.4567/495.765.4321",
		"DatesInDots":           "22.11.2026–31.12.2026",
		"DatesInSlashes":        "22/11/2026-31/12/2026",
		"Path":                  "/2026/11/22/4111/page/000417",
		"Thousands":             "1.000.000.000.000,00",
		"ThousandsThatSumUp":    "4.222.222.222.222", // as 4222222222222 it is a card of the table above
		"ThousandsWithNoBreaks": "4\u00a0222\u00a0222\u00a0222\u00a0222",
		"AddressOfAHost":        "255.255.255.255",
		"Coordinates":           "55.755826,37.617300",
		"Version":               "4.111.111-2026.1111",
		"Decimals":              "411111.111111",
		"TwoDotsPart":           "4111..1111..1111..1111",
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, pay.HoldsCardNumber(text), "%q", text)
		})
	}
}

// Ids that a merchant may well write into a reference or metadata are refused
// less than once in a thousand.
func TestHoldsCardNumber_RefusesFewIDs(t *testing.T) {
	t.Parallel()

	const many = 100_000
	random := rand.New(rand.NewPCG(2026, 3))
	clock := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	randomUUID := func(version byte) uuid.UUID {
		var u uuid.UUID
		for at := range u {
			u[at] = byte(random.Uint32())
		}
		u[6], u[8] = u[6]&0x0f|version<<4, u[8]&0x3f|0x80
		return u
	}
	makers := map[string]func() string{
		"TypeID": func() string {
			clock = clock.Add(time.Duration(random.IntN(1_000_000)) * time.Microsecond)
			return pay.NewAttemptID(clock).String()
		},
		"UUIDv4": func() string { return randomUUID(4).String() },
		"UUIDv7": func() string {
			clock = clock.Add(time.Duration(random.IntN(1_000_000)) * time.Millisecond)
			u := randomUUID(7)
			for at := range 6 {
				u[at] = byte(clock.UnixMilli() >> (8 * (5 - at)))
			}
			return u.String()
		},
	}
	for name, makeID := range makers {
		t.Run(name, func(t *testing.T) {
			refused := 0
			for range many {
				if pay.HoldsCardNumber(makeID()) {
					refused++
				}
			}
			t.Logf("%d of %d are refused", refused, many)
			require.Less(t, refused, many/1000)
		})
	}
}

// Its owner writes more than the number: what stands beside it hides nothing.
func TestHoldsCardNumber_BesideOtherNumbers(t *testing.T) {
	t.Parallel()

	for _, text := range []string{
		"4111 1111 1111 1111 12/29",
		"4111-1111 1111.1111",
		"4111.1111.1111.1111.12.29.123",
		"4111\u00a01111\u00a01111\u00a01111\u00a012/29",
		"22.11.2026/4111/1111/1111/1111",
		"3782.822463.10005_12.29",
		"41111111.11111111",
		"41 11 11 11 11 11 11 11.",
		"4111 1111 1111 1111 12 29 123",
		"4111-1111-1111-1111 1229",
		"5555 5555 5555 4444 exp 12 26",
		"3782 822463 10005 12/29",
		"12 29 4111 1111 1111 1111",
		"order 2026 4111 1111 1111 1111",
		"+7 495 123-45-67 4111 1111 1111 1111",
	} {
		t.Run(text, func(t *testing.T) {
			require.True(t, pay.HoldsCardNumber(text))
		})
	}
}

func FuzzHoldsCardNumber(f *testing.F) {
	between := []string{" ", "-", ".", "/", "_", "\u00a0", "\u2007", "\u2009", "\u202f", "\u2010", "\u2011", "\u2012", "–", "—", "\u2212", "·"}
	for _, number := range publishedCards() {
		f.Add("before "+number, " after", uint(0))
	}
	for at, separator := range between {
		f.Add("before "+inFours("5555555555554444", separator), "22.11.2026–31.12.2026", uint(at))
	}
	f.Add("1.000.000.000.000,00", "4111-1111 1111.1111", uint(1234))
	f.Fuzz(func(t *testing.T, before, after string, mix uint) {
		n := uint(len(between))
		card := "4111" + between[mix%n] + "1111" + between[mix/n%n] + "1111" + between[mix/n/n%n] + "1111"
		require.True(t, pay.HoldsCardNumber(before+"|"+card+"|"+after), "%q", card)
		if pay.HoldsCardNumber(before) {
			require.True(t, pay.HoldsCardNumber(before+"|"+after))
		}
	})
}

// inFours writes a number as it stands on a card.
func inFours(number, between string) string {
	var groups []string
	for len(number) > 4 {
		groups, number = append(groups, number[:4]), number[4:]
	}
	return strings.Join(append(groups, number), between)
}
