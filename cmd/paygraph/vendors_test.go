package main

import (
	"encoding/json"
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
		require.DirExists(t, filepath.Join("../../providers", name))
		require.FileExists(t, filepath.Join("../../docs/providers", name+".md"))
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

// A new provider is a folder and a line: no other file of the program names one.
func TestVendors_AreNamedInOneFile(t *testing.T) {
	t.Parallel()

	const folder = "github.com/paygraph/paygraph/providers/"
	shared := map[string]bool{folder + "sandbox": true, folder + "wire": true, folder + "providertest": true}
	found := map[string]bool{}
	for _, root := range []string{"../../cmd", "../../internal", "../../graph"} {
		err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, imported := range file.Imports {
				of, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					return err
				}
				if strings.HasPrefix(of, folder) && !shared[of] {
					found[path] = true
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.Equal(t, map[string]bool{"../../cmd/paygraph/vendors.go": true}, found)
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

// A guest of the demo shop pays through every provider of the program.
func TestDev_EveryVendorTakesMoney(t *testing.T) {
	t.Parallel()

	databases(t, func(t *testing.T, flags []string) {
		box := start(t, "sandbox", "--addr", "127.0.0.1:0")
		p := startDev(t, append([]string{"--sandbox", "http://" + box.ready["addr"]}, flags...)...)
		for _, one := range []struct{ account, currency string }{{"payture", "RUB"}, {"ktpay", "KZT"}, {"bisys", "KZT"}, {"payelata", "USD"}} {
			made := p.buy(uuid.NewString(), map[string]any{"currency": one.currency, "payWith": map[string]any{"provider": one.account}}).BillCreate
			s := p.socket(made.AccessToken)
			s.watch("1", map[string]any{"id": made.Bill.ID})
			s.next()
			p.paysAt(made.Bill.NextAction.URL)
			_, last := s.untilDone()
			require.Equal(t, "page", last.Bill.Entitlements[0].Kind, one.account)
			require.NoError(t, s.conn.Close())
		}
		require.Equal(t, exitOK, p.end(), "%s", p.stderr) // at rest, nothing is left undone
		report, _, code := execute(t, append([]string{"check", "--sandbox", p.ready["sandbox"], "--strict"}, flags...)...)
		require.Equal(t, exitOK, code, report)
		require.Contains(t, report, "0 breaches")
	})
}

// paysAt plays the payer at any provider's sandbox.
func (p *program) paysAt(redirectURL string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"url": redirectURL, "outcome": "approve"})
	require.NoError(p.t, err)
	var paid struct{ State string }
	p.post(p.ready["sandbox"]+"/_control/pay", "", body, &paid)
	require.NotEmpty(p.t, paid.State)
}

// Without a wish, the first account that takes the currency is opened; and the
// providers query tells which there are.
func TestDev_ProvidersOfTheDemoShop(t *testing.T) {
	t.Parallel()

	p := startDev(t, "--data", t.TempDir())
	type provider struct {
		Code       string
		Sandbox    bool
		Currencies []string
	}
	var answer struct{ Providers []provider }
	p.ask(p.ready["publishable_key"], `{ providers { code sandbox currencies } }`, nil, &answer)
	require.Equal(t, []provider{
		{"payture", true, []string{"RUB"}},
		{"payture-two-stage", true, []string{"RUB"}},
		{"ktpay", true, []string{"KZT"}},
		{"bisys", true, []string{"KZT"}},
		{"payelata", true, []string{"EUR", "UAH", "USD"}},
	}, answer.Providers)

	document := strings.Replace(buyDocument, "bill { id", "bill { attempts { provider { code } } id", 1)
	for currency, want := range map[string]string{"RUB": "payture", "KZT": "ktpay", "USD": "payelata"} {
		input := map[string]any{"idempotencyKey": uuid.NewString(), "product": p.pageAccess(), "currency": currency, "pageId": "articles/42"}
		var made struct {
			BillCreate struct {
				Bill struct {
					Attempts []struct{ Provider struct{ Code string } }
				}
			}
		}
		p.ask(p.ready["secret_key"], document, map[string]any{"input": input}, &made)
		require.Len(t, made.BillCreate.Bill.Attempts, 1)
		require.Equal(t, want, made.BillCreate.Bill.Attempts[0].Provider.Code)
	}
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
