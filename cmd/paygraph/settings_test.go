package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// asked are settings with nothing in them that remember what was asked for.
type asked struct{ names *[]string }

func (a asked) note(name string) { *a.names = append(*a.names, name) }

func (asked) TestMode() bool       { return true }
func (asked) Wrong(string, string) {}

func (a asked) Text(name string, _ providers.Need) string {
	a.note(name)
	return ""
}

func (a asked) Texts(name string) []string {
	a.note(name)
	return nil
}

func (a asked) Flag(name string) bool {
	a.note(name)
	return false
}

func (a asked) Number(name string, _, _ int64) int64 {
	a.note(name)
	return 0
}

func (a asked) Duration(name string) time.Duration {
	a.note(name)
	return 0
}

func (a asked) URL(name string, _ providers.Need) string {
	a.note(name)
	return ""
}

func (a asked) Currency(name string) pay.Currency {
	a.note(name)
	return ""
}

func (a asked) Secret(name string, _ providers.Need) providers.Secret {
	a.note(name)
	return ""
}

func (a asked) File(name string, _ providers.Need) []byte {
	a.note(name)
	return nil
}

func (a asked) Map(name string, _ providers.Need) map[string]string {
	a.note(name)
	return nil
}

// Group has every group, so that its members are asked for, too.
func (a asked) Group(name string, _ providers.Need) (providers.Settings, bool) {
	a.note(name)
	return a, true
}

// Every setting that a provider reads is on the page of the accounts file and on the
// provider's own.
func TestVendors_SettingsAreDocumented(t *testing.T) {
	t.Parallel()

	all, err := os.ReadFile("../../docs/accounts.md")
	require.NoError(t, err)
	for _, vendor := range adapters() {
		own, err := os.ReadFile(filepath.Join("../../docs/providers", string(vendor.Name)+".md"))
		require.NoError(t, err)
		var names []string
		_, err = vendor.Read(asked{&names})
		require.Error(t, err, "nothing was set")
		require.NotEmpty(t, names)
		for _, name := range names {
			require.Contains(t, string(all), fmt.Sprintf("`%s`", name), vendor.Name)
			require.Regexp(t, "`([a-z]+\\.)?"+name+"`", string(own), vendor.Name)
		}
	}
}
