// Package configtest opens an account of a vendor from its settings as a person
// writes them, the way the program does: from an accounts file, read by package
// config. The tests of vendors use it. It knows no vendor.
//
// Start with Open.
package configtest

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// Canary is what the file "secret" beside the accounts file holds, and every
// variable. Settings may have it as any other secret, too: it comes out of no
// mistake.
const Canary = "CANARY-OF-THE-SETTINGS"

// Open writes an accounts file with one account, whose settings stand in the second
// line, and returns what the vendor makes of it, which has to be a P. The error is
// that of reading the file, and then there is no P.
func Open[P providers.Provider](t testing.TB, vendor providers.Vendor, testMode bool, settings string) (P, error) {
	t.Helper()
	var none P
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret"), []byte(Canary+"\n"), 0o600))
	path := filepath.Join(folder, "accounts.json")
	text := fmt.Sprintf(`{"accounts": [{"code": "a", "provider": %q, "merchant": "shop", "title": "T", "testMode": %t,%s"settings": %s}]}`, vendor.Name, testMode, "\n", settings)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	read, err := config.ReadAccounts(path, []providers.Vendor{vendor}, func(string) string { return Canary })
	if err != nil {
		return none, err
	}
	opened, err := read.Accounts[0].Open(providers.Deps{
		HTTP: &http.Client{}, Clock: pay.ClockFunc(func() time.Time { return time.Unix(0, 0) }), Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	account, isOurs := opened.(P)
	require.True(t, isOurs, "it is %T", opened)
	return account, nil
}
