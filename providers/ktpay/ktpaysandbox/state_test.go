package ktpaysandbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
)

func TestState(t *testing.T) {
	t.Parallel()

	t.Run("RestartKeepsEveryMerchantsTransactionAndItsNumber", func(t *testing.T) {
		t.Parallel()
		accounts := ktpaysandbox.DefaultAccounts()
		other := accounts[0]
		other.AppID = strings.Repeat("a", 32)
		o := options{stateFile: filepath.Join(t.TempDir(), "state"), ktpay: ktpaysandbox.Options{Accounts: append(accounts, other)}}
		b := setup(t, o)
		a := b.Ask(http.MethodPost, paymentPath, b.seal(ecom("o1")), "Auth-Identifier", other.AppID)
		hashes := []string{a.Body[strings.Index(a.Body, `"transaction_hash":"`)+20:][:40], b.open(ecom("o1"))}
		b.Close()
		b = setup(t, o)
		hashes = append(hashes, b.open(ecom("o2")))
		for i, hash := range hashes {
			require.Equal(t, "completed", b.pay(hash, "", "approve").State)
			receipt := b.Get(paymentPath + "/" + hash + "/pdf")
			require.Contains(t, receipt.Header.Get("Content-Disposition"), fmt.Sprintf("payment%d-", i+1))
		}
		require.Len(t, b.Book(), 3)
	})

	t.Run("PaidStaysPaid", func(t *testing.T) {
		t.Parallel()
		o := options{stateFile: filepath.Join(t.TempDir(), "state")}
		b := setup(t, o)
		hash := b.open(ecom("o1"))
		b.pay(hash, "", "approve")
		b.Close()
		b = setup(t, o)
		require.Equal(t, "completed", b.pay(hash, "", "approve").State)
		require.Equal(t, 1, b.Book()[0].Captures)
	})

	t.Run("NoCardNumberIsKept", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "state")
		b := setup(t, options{stateFile: file})
		b.submit(b.open(ecom("o1")), card3DS)
		b.submit(b.open(ecom("o2")), cardGood)
		text := read(t, file)
		require.NotContains(t, text, card3DS)
		require.NotContains(t, text, cardGood)
		require.Contains(t, text, "411111******1111")
		require.NotContains(t, text, "AIGERIM")
	})
}
