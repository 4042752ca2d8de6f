package payelatasandbox_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPublicAPI(t *testing.T) {
	t.Parallel()

	create := func(b *bench, more attrs) answer {
		b.Helper()
		a := order("o1", attrs{"public_key": "pk_test_sandbox"})
		for name, value := range more {
			a[name] = value
		}
		return b.request("POST", "/public-api/payment-invoices", "", b.encode(a))
	}

	t.Run("Case27_FlatCreationAndItsStatus", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := create(b, nil)
		i := b.decode(a, http.StatusCreated)
		require.Regexp(t, `^cpi_[A-Za-z0-9]{16}$`, i.ID)
		require.Equal(t, "*", a.Header.Get("Access-Control-Allow-Origin"))
		path := "/public-api/payment-invoices/" + i.ID
		require.Equal(t, "process_pending", b.decode(b.request("GET", path, "", ""), http.StatusOK).Attributes.Status)
		b.submit(i, plainCard, "12/30")
		got := b.request("GET", path+"?public_key=pk_test_sandbox", "", "")
		require.Equal(t, "processed", b.decode(got, http.StatusOK).Attributes.Status)
		require.NotContains(t, got.Body, "551928", "the card is the merchant's business")
		require.Equal(t, "o1", b.get(i.ID).Attributes.ReferenceID, "the private API has it too")
		b.problems(b.request("GET", path+"?public_key=pk_test_other", "", ""), http.StatusNotFound)
		b.problems(b.request("GET", path+"?public_key=pk_nobody", "", ""), http.StatusUnauthorized)
	})

	t.Run("Case27_RefusalHasErrors", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		_, pointers := b.problems(create(b, attrs{"amount": 0}), http.StatusUnprocessableEntity)
		require.Equal(t, []string{"/amount"}, pointers)
		b.problems(create(b, attrs{"public_key": "sk_test_sandbox"}), http.StatusUnauthorized)
		b.problems(create(b, attrs{"public_key": ""}), http.StatusUnauthorized)
		b.problems(create(b, attrs{"token": "x"}), http.StatusForbidden)
		b.problems(create(b, attrs{"gateway_options": cardGate("instant")}), http.StatusForbidden)
		b.problems(b.request("GET", "/public-api/payment-invoices/cpi_none", "", ""), http.StatusNotFound)
		require.Zero(t, b.count())
	})

	t.Run("PrerequestListsTheServicesOfACurrency", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.request("POST", "/public-api/payment-prerequest", "", `{"public_key":"pk_test_sandbox","currency":"UAH"}`)
		require.Equal(t, http.StatusOK, a.Status)
		require.Contains(t, a.Body, "payment_card_uah_hpp")
		require.NotContains(t, a.Body, "payment_card_usd_hpp")
		b.problems(b.request("POST", "/public-api/payment-prerequest", "", `{"public_key":"x","currency":"UAH"}`), http.StatusUnauthorized)
	})

	t.Run("BrowsersMayAskFirst", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		a := b.request("OPTIONS", "/public-api/payment-invoices", "", "")
		require.Equal(t, http.StatusNoContent, a.Status)
		require.Equal(t, "POST", a.Header.Get("Access-Control-Allow-Methods"))
		b.problems(b.request("GET", "/public-api/payment-invoices", "", ""), http.StatusMethodNotAllowed)
	})
}
