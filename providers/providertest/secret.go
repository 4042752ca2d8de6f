package providertest

import (
	"fmt"
	"io"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func secretCases() []testCase {
	return []testCase{
		{name: "not-in-errors", fact: "a server that repeats our request puts no secret into an error or a log", run: secretsNotInErrors},
		{name: "not-in-results", fact: "nor into a result", run: secretsNotInResults},
		{name: "not-in-addresses", fact: "no address that is called holds a secret", run: secretsNotInAddresses},
		{name: "not-printed", fact: "printing the adapter shows none", run: secretsNotPrinted},
	}
}

// echoing answers with the request itself, in a form that many decoders take.
func echoing(status int) fault {
	return func(w http.ResponseWriter, x exchange) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "%s %s\n", x.sent.method, x.sent.target)
		for name, values := range x.sent.header {
			_, _ = fmt.Fprintf(w, "%s: %s\n", name, values)
		}
		_, _ = w.Write(x.sent.body)
	}
}

func secretsNotInErrors(b *bench) string {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError} {
		b.eachAct(func(b *bench, a act) {
			call := a.ready(b)
			b.line.spoil(echoing(status))
			_, err := call(b.context())
			b.line.spoil(nil)
			require.Error(b.t, b.note(err), a.name)
			b.keepsSecrets()
		})
	}
	return ""
}

func secretsNotInResults(b *bench) string {
	secrets := ""
	for _, s := range b.world.Account.Secrets {
		secrets += " " + s
	}
	b.eachAct(func(b *bench, a act) {
		call := a.ready(b)
		b.line.spoil(func(w http.ResponseWriter, x exchange) {
			answer := x.forward()
			w.WriteHeader(answer.status)
			_, _ = io.WriteString(w, secrets)
			_, _ = w.Write(answer.body)
		})
		result, err := call(b.context())
		b.line.spoil(nil)
		_ = b.note(err)
		b.requireNoSecret("a result of "+a.name, shown(result))
	})
	return ""
}

func secretsNotInAddresses(b *bench) string {
	b.eachAct(func(b *bench, a act) {
		call := a.ready(b)
		b.line.spoil(nil)
		_, err := call(b.context())
		require.NoError(b.t, b.note(err))
		for _, call := range b.line.all() {
			b.requireNoSecret("the address of "+a.name, call.target)
		}
	})
	return ""
}

func secretsNotPrinted(b *bench) string {
	require.NotEmpty(b.t, b.world.Account.Secrets, "Account.Secrets")
	config, ok := b.main.(fmt.Stringer)
	if ok {
		b.requireNoSecret("String", config.String())
	}
	b.requireNoSecret("%v of the capabilities", fmt.Sprintf("%v %+v %#v", b.caps, b.caps, b.caps))
	for _, a := range b.accounts() {
		b.requireNoSecret("%+v of the adapter", fmt.Sprintf("%v %+v", a.Provider, a.Provider))
	}
	return ""
}

// shown is everything of a result that is kept or shown. The vendor's id of a saved
// card is a secret of its own, and the page's address is the payer's.
func shown(r providers.Result) string {
	return fmt.Sprintf("%+v %+v %+v", r, r.Decline, r.Card)
}
