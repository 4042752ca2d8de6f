package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestVendors(t *testing.T) {
	t.Parallel()

	seen := map[string]bool{}
	for _, v := range vendors() {
		name := string(v.Name)
		require.Equal(t, name, v.sandbox().Name(), "the simulation is at the vendor's own path")
		require.NotEmpty(t, v.Demo("http://127.0.0.1:1"), "%s has an account for the demo shop", name)
		for _, account := range v.Demo("http://127.0.0.1:1") {
			require.False(t, seen[account.Code], account.Code)
			seen[account.Code] = true
			require.Truef(t, account.Code == name || strings.HasPrefix(account.Code, name+"-"), "%s says whose account it is", account.Code)
			p, err := account.Open(providers.Deps{HTTP: &http.Client{}, Clock: systemClock(), Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			require.Equal(t, v.Name, p.Name())
			if account.Notifies != "" {
				require.Contains(t, v.sandbox().Accounts(), account.Notifies)
			}
		}
	}
}

func TestVendors_HaveAFolderAndAPage(t *testing.T) {
	t.Parallel()

	for _, v := range vendors() {
		require.DirExists(t, filepath.Join("../../providers", string(v.Name)))
		require.FileExists(t, filepath.Join("../../docs/providers", string(v.Name)+".md"))
	}
}

// mayImport are the files that import vendors, with the one that each may; "" is any of
// them. Nobody else knows one vendor from another.
func mayImport() map[string]string {
	return map[string]string{
		"../../cmd/paygraph/vendors.go":            "",        // the list
		"../../internal/billing/vendors/":          "",        // what is special about each, with the core; a fifth may have a file there
		"../../internal/billing/bundle_test.go":    "payture", // the core's tests have one vendor that can do everything
		"../../internal/billing/doubt_test.go":     "payture",
		"../../internal/billing/notified_test.go":  "payture",
		"../../internal/billing/scripted_test.go":  "payture",
		"../../internal/billing/strangers_test.go": "payture",
		"../../test/crash/sim/":                    "payture", // so has the simulation
	}
}

// A new provider is a folder and a line: no other file of the program or of its tests
// imports one, or has a list of them.
func TestVendors_AreNamedInOneFile(t *testing.T) {
	t.Parallel()

	names := map[string]bool{}
	for _, v := range vendors() {
		names[string(v.Name)] = true
	}
	for _, root := range []string{"../../cmd", "../../internal", "../../graph", "../../test", "../../docs"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			one, some := "", false
			for at, which := range mayImport() {
				if strings.HasPrefix(path, at) {
					one, some = which, true
				}
			}
			for name := range importedBy(t, file, names) {
				require.True(t, some && (one == "" || one == name), "%s imports %s: only cmd/paygraph/vendors.go may", path, name)
			}
			require.True(t, some || len(writtenIn(file, names)) < 3, "%s has a list of the providers: it must ask vendors(), or the server", path)
			return nil
		})
		require.NoError(t, err)
	}
}

// importedBy are the vendors whose packages a file imports.
func importedBy(t *testing.T, file *ast.File, names map[string]bool) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, imported := range file.Imports {
		of, err := strconv.Unquote(imported.Path.Value)
		require.NoError(t, err)
		rest, ours := strings.CutPrefix(of, "github.com/paygraph/paygraph/providers/")
		if name, _, _ := strings.Cut(rest, "/"); ours && names[name] {
			found[name] = true
		}
	}
	return found
}

// writtenIn are the vendors whose names a file has as texts.
func writtenIn(file *ast.File, names map[string]bool) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
			if name, err := strconv.Unquote(text.Value); err == nil && names[name] {
				found[name] = true
			}
		}
		return true
	})
	return found
}

// The accounts file that the documents print is one that serve takes, and it has an
// account of every provider.
func TestConfiguredAccounts_OfTheDocuments(t *testing.T) {
	t.Parallel()

	page, err := os.ReadFile("../../docs/accounts.md")
	require.NoError(t, err)
	printed := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)
	require.NotNil(t, printed)
	folder := t.TempDir()
	path := filepath.Join(folder, "accounts.json")
	require.NoError(t, os.WriteFile(path, printed[1], 0o600))
	for _, name := range regexp.MustCompile(`"\w+File": "([^"]+)"`).FindAllSubmatch(printed[1], -1) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, string(name[1])), []byte("a-secret-of-24-characters"), 0o600))
	}
	read, err := config.ReadAccounts(path, adapters(), func(string) string { return "another-secret" })
	require.NoError(t, err)

	shop := &ent.Merchant{ID: pay.NewMerchantID(systemClock().Now())}
	c, shops := &config.Serve{AccountsFile: read}, map[string]*ent.Merchant{"shop": shop}
	accounts, err := configuredAccounts(c, shops, systemClock(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var used []providers.Name
	for _, account := range accounts.Of(shop.ID) {
		used = append(used, account.Provider.Name())
	}
	for _, v := range adapters() {
		require.Contains(t, used, v.Name)
	}
	r := configuredRules(c, shops)
	require.NotEmpty(t, r.routesOf(shop.ID))
	require.NotEmpty(t, r.refundRulesOf(shop.ID).SupportLimit)
	require.NotEmpty(t, r.refundRulesOf(shop.ID).ApprovalAbove)
	require.Empty(t, r.routesOf(pay.NewMerchantID(systemClock().Now())))
}

// The demo shop's people give back within its limits.
func TestDev_LimitsOfRefunds(t *testing.T) {
	t.Parallel()

	data := t.TempDir()
	p := startDev(t, "--data", data)
	as := func(role string) string {
		token, stderr, code := execute(t, "token", "--data", data, "--role", role, "--subject", "someone")
		require.Equal(t, exitOK, code, stderr)
		return strings.TrimSpace(token)
	}
	var made bought
	p.ask(p.ready["secret_key"], buyDocument, map[string]any{"input": map[string]any{
		"idempotencyKey": uuid.NewString(),
		"lines":          []map[string]any{{"title": "A piano", "quantity": 1, "unit": map[string]any{"amount": 6_000_000, "currency": "RUB"}}},
	}}, &made)
	require.Empty(t, made.BillCreate.Errors)
	s := p.socket(p.ready["secret_key"])
	s.watch("1", map[string]any{"id": made.BillCreate.Bill.ID})
	s.next()
	p.pays(made.BillCreate.Bill.NextAction.URL)
	s.untilDone()

	refund := func(token string, amount int) (status, code string) {
		var answer struct {
			RefundCreate struct {
				Refund *struct{ Status string }
				Errors []struct{ Code string }
			}
		}
		p.ask(token, `mutation($input: RefundCreateInput!) { refundCreate(input: $input) { refund { status } errors { code } } }`, map[string]any{
			"input": map[string]any{
				"idempotencyKey": uuid.NewString(), "bill": made.BillCreate.Bill.ID, "reason": "It came broken.",
				"amount": map[string]any{"amount": amount, "currency": "RUB"},
			},
		}, &answer)
		for _, e := range answer.RefundCreate.Errors {
			code = e.Code
		}
		if answer.RefundCreate.Refund != nil {
			status = answer.RefundCreate.Refund.Status
		}
		return status, code
	}
	_, code := refund(as("SUPPORT"), 500_001)
	require.Equal(t, "LIMIT_EXCEEDED", code)
	status, code := refund(as("SUPPORT"), 500_000)
	require.Equal(t, "SUCCEEDED", status, code)
	status, _ = refund(as("FINANCE"), 5_000_000)
	require.Equal(t, "AWAITING_APPROVAL", status)
}
