package auth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestAuthenticator_GuestTokens(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		expires := b.clock.Now().Add(24 * time.Hour)

		t.Run("OpensItsBill", func(t *testing.T) {
			bill := b.addBill(t)
			v, err := b.Authenticate(t.Context(), b.GuestToken(b.merchant, bill, 1, expires))
			require.NoError(t, err)
			require.Equal(t, viewer.Viewer{
				Role: pay.RoleGuest, Merchant: b.merchant, Bill: bill, Principal: "bill/" + bill.String(), Expires: expires,
			}, v)
		})

		t.Run("RaisedVersionRevokesWithinSeconds", func(t *testing.T) {
			bill := b.addBill(t)
			old, fresh := b.GuestToken(b.merchant, bill, 1, expires), b.GuestToken(b.merchant, bill, 2, expires)
			_, err := b.Authenticate(t.Context(), old)
			require.NoError(t, err)
			b.refused(t, fresh, "auth.revoked")
			b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
				return tx.Bill.UpdateOneID(bill).SetTokenVersion(2).Exec(ctx)
			})
			_, err = b.Authenticate(t.Context(), fresh)
			require.NoError(t, err, "what is remembered must not hold back a newer token")
			b.clock.Advance(3 * time.Second)
			b.refused(t, old, "auth.revoked")
		})

		t.Run("BillMustExist", func(t *testing.T) {
			b.refused(t, b.GuestToken(b.merchant, pay.NewBillID(b.clock.Now()), 1, expires), "auth.revoked")
		})

		t.Run("BillMustBeTheMerchants", func(t *testing.T) {
			b.refused(t, b.GuestToken(pay.NewMerchantID(b.clock.Now()), b.addBill(t), 1, expires), "auth.revoked")
		})

		t.Run("EndsToTheSecond", func(t *testing.T) {
			token := b.GuestToken(b.merchant, b.addBill(t), 1, b.clock.Now().Add(time.Minute))
			b.clock.Advance(time.Minute - time.Nanosecond)
			_, err := b.Authenticate(t.Context(), token)
			require.NoError(t, err)
			b.clock.Advance(time.Nanosecond)
			b.refused(t, token, "auth.expired")
		})
	})
}

func TestAuthenticator_RegistrationTokens(t *testing.T) {
	t.Parallel()

	storetest.Each(t, func(t *testing.T, url string) {
		b := setup(t, url)
		expires := b.clock.Now().Add(24 * time.Hour)

		t.Run("OpensItsRegistration", func(t *testing.T) {
			registration := b.addRegistration(t)
			token := b.RegistrationToken(b.merchant, registration, expires)
			want := viewer.Viewer{
				Role: pay.RoleGuest, Merchant: b.merchant, Registration: registration,
				Principal: "registration/" + registration.String(), Expires: expires,
			}
			for range 2 { // the second is remembered
				v, err := b.Authenticate(t.Context(), token)
				require.NoError(t, err)
				require.Equal(t, want, v)
			}
		})

		t.Run("ReplayReturnsItAgain", func(t *testing.T) {
			registration := b.addRegistration(t)
			token := b.RegistrationToken(b.merchant, registration, expires)
			require.Equal(t, token, b.RegistrationToken(b.merchant, registration, expires.Add(time.Millisecond)))
			require.NotEqual(t, token, b.RegistrationToken(b.merchant, b.addRegistration(t), expires))
		})

		t.Run("RegistrationMustExist", func(t *testing.T) {
			b.refused(t, b.RegistrationToken(b.merchant, pay.NewCardRegistrationID(b.clock.Now()), expires), "auth.revoked")
		})

		t.Run("RegistrationMustBeTheMerchants", func(t *testing.T) {
			registration := b.addRegistration(t)
			stranger := b.RegistrationToken(pay.NewMerchantID(b.clock.Now()), registration, expires)
			b.refused(t, stranger, "auth.revoked")
			_, err := b.Authenticate(t.Context(), b.RegistrationToken(b.merchant, registration, expires))
			require.NoError(t, err)
			b.refused(t, stranger, "auth.revoked") // what is remembered is compared
		})

		t.Run("EndsToTheSecond", func(t *testing.T) {
			token := b.RegistrationToken(b.merchant, b.addRegistration(t), b.clock.Now().Add(time.Minute))
			b.clock.Advance(time.Minute - time.Nanosecond)
			_, err := b.Authenticate(t.Context(), token)
			require.NoError(t, err)
			b.clock.Advance(time.Nanosecond)
			b.refused(t, token, "auth.expired")
		})

		// A bill and a registration that have the same bytes: only the prefix and
		// the domain tell their tokens apart.
		t.Run("IsNeverTakenForABills", func(t *testing.T) {
			bill, registration := b.addBill(t), pay.CardRegistrationID{}
			require.NoError(t, registration.Scan(bill.Bytes()))
			b.addRegistrationAs(t, registration)
			ofBill := b.GuestToken(b.merchant, bill, 1, expires)
			ofRegistration := b.RegistrationToken(b.merchant, registration, expires)
			for _, token := range []string{ofBill, ofRegistration} {
				_, err := b.Authenticate(t.Context(), token)
				require.NoError(t, err)
			}
			b.refused(t, "rt_"+ofBill[len("gt_"):], "auth.bad_signature")
			b.refused(t, "gt_"+ofRegistration[len("rt_"):], "auth.bad_signature")
		})

		t.Run("KeysRotate", func(t *testing.T) {
			token := b.RegistrationToken(b.merchant, b.addRegistration(t), expires)
			during, after := b.options, b.options
			during.GuestKeys = [][]byte{bytes.Repeat([]byte("n"), 32), b.options.GuestKeys[0]}
			after.GuestKeys = during.GuestKeys[:1]
			_, err := b.newAuthenticator(t, during).Authenticate(t.Context(), token)
			require.NoError(t, err)
			_, err = b.newAuthenticator(t, after).Authenticate(t.Context(), token)
			requireRefusal(t, err, "auth.bad_signature")
		})

		t.Run("AnyLengthChangedIsRefused", func(t *testing.T) {
			token := b.RegistrationToken(b.merchant, b.addRegistration(t), expires)
			b.refused(t, token[:len(token)-1], "auth.malformed")
			b.refused(t, token+"AAAA", "auth.malformed")
			b.refused(t, "rt_", "auth.malformed")
		})
	})
}

// A token that was handed out before there were any of registrations is good
// until it expires: its construction never changes.
func TestAuthenticator_GuestTokenStaysAsItWas(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	var bill pay.BillID
	var merchant pay.MerchantID
	require.NoError(t, bill.Scan(bytes.Repeat([]byte{1}, 16)))
	require.NoError(t, merchant.Scan(bytes.Repeat([]byte{2}, 16)))
	token := b.GuestToken(merchant, bill, 3, time.Unix(1_800_000_000, 0))
	require.Equal(t, "gt_AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgICAgIAAAADa0nSAOklWxh91matWdMCNGG4ho_geJv9NY5wQxNITVLiS4NB", token)
}

func TestAuthenticator_GuestToken(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	bill, expires := b.addBill(t), b.clock.Now().Add(time.Hour)
	token := b.GuestToken(b.merchant, bill, 1, expires)

	t.Run("ReplayReturnsItAgain", func(t *testing.T) {
		require.Equal(t, token, b.GuestToken(b.merchant, bill, 1, expires.Add(time.Millisecond)))
		require.NotEqual(t, token, b.GuestToken(b.merchant, bill, 1, expires.Add(time.Second)))
		require.NotEqual(t, token, b.GuestToken(b.merchant, b.addBill(t), 1, expires))
	})

	t.Run("AnyCharacterChangedIsRefused", func(t *testing.T) {
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for at := len("gt_"); at < len(token); at++ {
			value := strings.IndexByte(alphabet, token[at])
			for bit := range 6 {
				mutant := []byte(token)
				mutant[at] = alphabet[value^1<<bit]
				b.refused(t, string(mutant), "auth.bad_signature")
			}
		}
	})

	t.Run("AnyLengthChangedIsRefused", func(t *testing.T) {
		for cut := range len(token) - len("gt_") {
			b.refused(t, token[:len("gt_")+cut], "auth.malformed")
		}
		b.refused(t, token+"A", "auth.malformed")
		b.refused(t, token+"AAAA", "auth.malformed")
		b.refused(t, token+"=", "auth.malformed")
		b.refused(t, token[:20]+"\n"+token[20:], "auth.malformed")
	})

	t.Run("AnotherBillUnderTheSameSignatureIsRefused", func(t *testing.T) {
		other, err := base64.RawURLEncoding.DecodeString(b.GuestToken(b.merchant, b.addBill(t), 1, expires)[len("gt_"):])
		require.NoError(t, err)
		mine, err := base64.RawURLEncoding.DecodeString(token[len("gt_"):])
		require.NoError(t, err)
		grafted := append(append([]byte(nil), other[:40]...), mine[40:]...)
		b.refused(t, "gt_"+base64.RawURLEncoding.EncodeToString(grafted), "auth.bad_signature")
	})

	t.Run("AllZerosIsRefused", func(t *testing.T) {
		b.refused(t, "gt_"+strings.Repeat("A", 96), "auth.bad_signature")
	})

	t.Run("KeysRotate", func(t *testing.T) {
		old, fresh := b.options.GuestKeys[0], bytes.Repeat([]byte("n"), 32)
		rotated, done := b.options, b.options
		rotated.GuestKeys, done.GuestKeys = [][]byte{fresh, old}, [][]byte{fresh}
		during, after := b.newAuthenticator(t, rotated), b.newAuthenticator(t, done)

		_, err := during.Authenticate(t.Context(), token)
		require.NoError(t, err)
		signedByNew := during.GuestToken(b.merchant, bill, 1, expires)
		_, err = after.Authenticate(t.Context(), signedByNew)
		require.NoError(t, err)
		_, err = after.Authenticate(t.Context(), token)
		requireRefusal(t, err, "auth.bad_signature")
		b.refused(t, signedByNew, "auth.bad_signature")
	})

	t.Run("EndsOfTimeDoNotWrap", func(t *testing.T) {
		b.refused(t, b.GuestToken(b.merchant, bill, 1, time.Time{}), "auth.expired")
		v, err := b.Authenticate(t.Context(), b.GuestToken(b.merchant, bill, 1, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)))
		require.NoError(t, err)
		require.Equal(t, 2106, v.Expires.Year())
		b.refused(t, b.GuestToken(b.merchant, bill, -1, expires), "auth.revoked")
	})
}
