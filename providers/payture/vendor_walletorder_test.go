package payture

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// A charge whose answer is lost is asked about, and found.
func TestWalletAtTheSandbox_Doubt(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name  string
		fault sandbox.Kind
		times int // that the money is taken all the same
		found providers.Status
		kind  providers.Kind // of not finding it
	}{
		{"LostReply", sandbox.DropReply, 1, providers.Captured, ""},
		{"SenselessReply", sandbox.Garbage, 1, providers.Captured, ""},
		{"BrokenInside", sandbox.HTTP500, 0, "", providers.NotFound},
		{"CutBeforeTheWork", sandbox.RefuseConnect, 0, "", providers.NotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulate(t, payturesandbox.Options{}, "")
			c := s.client("MerchantPay")
			ref := s.saved(c, plainCard).Ref
			s.fails(sandbox.OpCharge, tt.fault)
			_, err := s.charge(c, order, ref)
			requireWalletError(t, err, providers.OpChargeSaved, providers.Unknown, "")
			found, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, OfCustomer: true})
			require.Equal(t, tt.kind, providers.KindOf(err))
			require.Equal(t, tt.found, found.Status)
			times, minor := s.taken()
			require.Equal(t, tt.times, times)
			require.Equal(t, int64(tt.times)*12480, minor)
		})
	}

	t.Run("SentTwiceItIsRefusedAndTakenOnce", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		ref := s.saved(c, plainCard).Ref
		_, err := s.charge(c, order, ref)
		require.NoError(t, err)
		_, err = s.charge(c, order, ref)
		requireWalletError(t, err, providers.OpChargeSaved, providers.Conflict, "DUPLICATE_ORDER_ID")
		times, minor := s.taken()
		require.Equal(t, 1, times)
		require.Equal(t, int64(12480), minor)
	})
	t.Run("AnOrderThatNeverWas", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		_, err := s.client("MerchantPay").Sync(t.Context(), providers.Ref{OrderNumber: order, OfCustomer: true})
		requireWalletError(t, err, providers.OpSync, providers.NotFound, "ORDER_NOT_FOUND")
	})
	t.Run("RegisteringThatBreaksOpensNothing", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		s.fails(sandbox.OpPayer, sandbox.DropReply)
		_, err := c.StartCard(t.Context(), cardRequest())
		requireWalletError(t, err, providers.OpSaveCard, providers.Unavailable, "")
		s.addPage(c)
	})
	t.Run("APageInDoubtIsOpenedAgain", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		s.fails(sandbox.OpStart, sandbox.DropReply)
		_, err := c.StartCard(t.Context(), cardRequest())
		requireWalletError(t, err, providers.OpSaveCard, providers.Unknown, "")
		require.Equal(t, "IsActive", s.visits(s.addPage(c).Redirect.URL, plainCard).State)
	})
}

func TestWalletAtTheSandbox_TwoStage(t *testing.T) {
	t.Parallel()
	held := providers.Result{Status: providers.Authorized, Authorized: pay.Of(12480, pay.RUB), Captured: pay.Of(0, pay.RUB)}
	ref := providers.Ref{OrderNumber: order, OfCustomer: true}
	hold := func(t *testing.T, number string) (*simulated, *Client) {
		t.Helper()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantBlock")
		result, err := s.charge(c, order, s.saved(c, number).Ref)
		require.NoError(t, err)
		require.Equal(t, held, result)
		times, _ := s.taken()
		require.Zero(t, times)
		found := s.synced(c)
		require.Equal(t, "Authorized", found.RawStatus)
		require.Equal(t, held.Authorized, found.Authorized)
		return s, c
	}

	t.Run("Captured", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, plainCard)
		_, err := c.Capture(t.Context(), ref, "h", pay.Of(12481, pay.RUB))
		requireWalletError(t, err, providers.OpCapture, providers.Rejected, "AMOUNT_ERROR")
		result, err := c.Capture(t.Context(), ref, "h", pay.Of(12000, pay.RUB))
		require.NoError(t, err)
		require.Equal(t, pay.Of(12000, pay.RUB), result.Captured)
		_, err = c.Capture(t.Context(), ref, "h", pay.Of(12000, pay.RUB))
		requireWalletError(t, err, providers.OpCapture, providers.Conflict, "ILLEGAL_ORDER_STATE")
		require.Equal(t, pay.Of(12000, pay.RUB), s.synced(c).Captured)
		times, minor := s.taken()
		require.Equal(t, 1, times)
		require.Equal(t, int64(12000), minor)
	})
	t.Run("Released", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, plainCard)
		result, err := c.Void(t.Context(), ref, "h")
		require.NoError(t, err)
		require.Equal(t, providers.Voided, result.Status)
		_, err = c.Void(t.Context(), ref, "h")
		requireWalletError(t, err, providers.OpVoid, providers.Conflict, "ILLEGAL_ORDER_STATE")
		require.Equal(t, providers.Voided, s.synced(c).Status)
		times, _ := s.taken()
		require.Zero(t, times)
	})
	t.Run("Lapsed", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, plainCard)
		var ignored any
		s.control("clock", map[string]int64{"advanceMs": (7 * 24 * time.Hour).Milliseconds()}, &ignored)
		require.Equal(t, providers.Expired, s.synced(c).Status)
	})
	t.Run("LostCapture", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, plainCard)
		s.fails(sandbox.OpCharge, sandbox.DropReply)
		_, err := c.Capture(t.Context(), ref, "h", pay.Of(12480, pay.RUB))
		requireWalletError(t, err, providers.OpCapture, providers.Unknown, "")
		require.Equal(t, providers.Captured, s.synced(c).Status)
	})
	t.Run("CaptureBreaksInside", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, "4111111111100221")
		_, err := c.Capture(t.Context(), ref, "h", pay.Of(12480, pay.RUB))
		requireWalletError(t, err, providers.OpCapture, providers.Unknown, "PROCESSING_ERROR")
		require.NotEqual(t, providers.Captured, s.synced(c).Status)
	})
	t.Run("ReleaseBreaksInside", func(t *testing.T) {
		t.Parallel()
		s, c := hold(t, "4111111111100627")
		_, err := c.Void(t.Context(), ref, "h")
		requireWalletError(t, err, providers.OpVoid, providers.Unknown, "PROCESSING_ERROR")
		require.NotEqual(t, providers.Voided, s.synced(c).Status)
	})
}

// A payer pays on the wallet's page, and the card is kept.
func TestWalletAtTheSandbox_PageThatSaves(t *testing.T) {
	t.Parallel()

	tests := []struct {
		terminal Secret
		want     providers.Status
	}{
		{"MerchantPay", providers.Captured},
		{"MerchantBlock", providers.Authorized},
	}
	for _, tt := range tests {
		t.Run(string(tt.terminal), func(t *testing.T) {
			t.Parallel()
			s := simulate(t, payturesandbox.Options{}, "")
			c := s.client(tt.terminal)
			started, err := c.Start(t.Context(), savingRequest())
			require.NoError(t, err)
			ref := providers.Ref{OrderNumber: order, ProviderRef: started.ProviderRef, OfCustomer: true}
			found, err := c.Sync(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, providers.ActionRequired, found.Status)
			_, err = c.Start(t.Context(), savingRequest())
			requireWalletError(t, err, providers.OpStart, providers.Conflict, "DUPLICATE_ORDER_ID")

			require.Equal(t, "AMOUNT_EXCEED", s.visits(started.Redirect.URL, "3300000000000001").ErrCode)
			found, err = c.Sync(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, providers.Declined, found.Status)
			require.False(t, found.SessionOver, "the page takes another card")
			s.visits(started.Redirect.URL, shyCard)
			found, err = c.Sync(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, tt.want, found.Status)
			require.Equal(t, "548673xxxxxx4471", s.list(c)[0].Card.Mask)
		})
	}
	t.Run("NobodyCame", func(t *testing.T) {
		t.Parallel()
		s := simulate(t, payturesandbox.Options{}, "")
		c := s.client("MerchantPay")
		started, err := c.Start(t.Context(), savingRequest())
		require.NoError(t, err)
		var ignored any
		s.control("clock", map[string]int64{"advanceMs": time.Hour.Milliseconds()}, &ignored)
		found, err := c.Sync(t.Context(), providers.Ref{OrderNumber: order, ProviderRef: started.ProviderRef, OfCustomer: true})
		require.NoError(t, err)
		require.Equal(t, providers.Expired, found.Status)
	})
}
