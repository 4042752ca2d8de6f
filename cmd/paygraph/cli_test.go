package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Every command explains itself, and a wrong line says what is wrong.
func TestRun_Help(t *testing.T) {
	t.Parallel()
	_, list, code := execute(t, "help")
	require.Equal(t, exitOK, code)
	for _, c := range commands() {
		require.Contains(t, list, c.name)
		stdout, stderr, code := execute(t, append(strings.Fields(c.name), "--help")...)
		require.Equal(t, exitOK, code, c.name)
		require.Contains(t, stdout+stderr, "paygraph "+c.name)
	}
}

func TestRun_Misuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"NoCommand", nil, "Start here"},
		{"UnknownCommand", []string{"pay"}, `no command "pay"`},
		{"HalfACommand", []string{"merchant"}, `no command "merchant"`},
		{"UnknownFlag", []string{"dev", "--colour"}, "colour"},
		{"TooManyArguments", []string{"dev", "now"}, "want 0 arguments, got 1"},
		{"TokenWithoutSubject", []string{"token", "--role", "USER"}, "--subject"},
		{"TokenOfAServer", []string{"token", "--role", "SERVER", "--subject", "x"}, "--role"},
		{"ServeWithoutSettings", []string{"serve"}, "PAYGRAPH_DATABASE_URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, stderr, code := execute(t, tt.args...)
			require.Equal(t, exitMisused, code)
			require.Contains(t, stderr, tt.says)
		})
	}
}

// What a person does before a production server's first request, and the server.
func TestServe_FromAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		with := func(name string, args ...string) []string {
			return append(append(strings.Fields(name), flags...), args...)
		}
		must := func(args []string) string {
			stdout, stderr, code := execute(t, args...)
			require.Equal(t, exitOK, code, "%v: %s", args, stderr)
			return stdout
		}
		_, stderr, code := execute(t, with("merchant list")...)
		require.Equal(t, exitFailed, code)
		require.Regexp(t, "paygraph migrate up|no database", stderr)
		require.Contains(t, must(with("migrate status")), "pending")
		require.Regexp(t, `^applied [1-9]\d* versions`, must(with("migrate up")))
		require.Contains(t, must(with("migrate up")), "applied 0 versions")
		must(with("merchant create", "--name", "The shop", "--test", "shop"))
		require.Contains(t, must(with("merchant list")), "\tshop\ttest\tThe shop")
		require.Equal(t, "https://shop.example\n", must(with("origin add", "--merchant", "shop", "https://Shop.example")))
		keys := strings.Fields(must(with("key create", "--merchant", "shop")))
		require.Len(t, keys, 6)
		publishable, secret := keys[2], keys[5]

		box := start(t, "sandbox", "--addr", "127.0.0.1:0")
		accounts := filepath.Join(t.TempDir(), "accounts.json")
		require.NoError(t, os.WriteFile(accounts, []byte(`{"accounts": [
			{"code": "ktpay", "provider": "ktpay", "merchant": "shop", "title": "KTPay", "testMode": true,
				"settings": {"appId": "e2d3d70d53c67bcd377266f74e98587c", "appKey": "SjgH0GTQdxgcwHCYnnaJHSDcpVWVSNwsd8GlAnOIKzg="}},
			{"code": "payture", "provider": "payture", "merchant": "shop", "title": "Payture", "testMode": true,
				"settings": {"baseUrl": "http://`+box.ready["addr"]+`/payture", "key": "Nobody"}},
			{"code": "payture-pages", "provider": "payture", "merchant": "shop", "title": "Payture", "testMode": true,
				"settings": {"baseUrl": "http://`+box.ready["addr"]+`/payture", "key": "Merchant", "password": "123"}}],
			"merchants": [{"code": "shop", "routes": [{"products": ["page-access"], "kinds": ["DIRECT"], "accounts": ["ktpay", "payture-pages"]}]}]}`), 0o600))
		p := start(t, "serve", "--addr", "127.0.0.1:0", "--mode", "test", "--public-url", "http://127.0.0.1:8080",
			"--accounts", accounts, "--database", databaseOf(t, flags), "--log-level", "error")
		p.ready["sandbox"] = "http://" + box.ready["addr"]
		p.ready["publishable_key"] = publishable

		var made struct {
			ProductUpsert struct{ Product struct{ ID string } }
		}
		p.ask(secret, `mutation { productUpsert(input: {idempotencyKey: "1", code: "page-access", kind: DIRECT, title: "A page",
			prices: [{amount: {amount: 100, currency: "RUB"}}], grants: {pages: "articles/*"}}) { product { id } } }`, nil, &made)
		require.NotEmpty(t, made.ProductUpsert.Product.ID)
		bill := p.buy(uuid.NewString(), nil).BillCreate
		p.pays(bill.Bill.NextAction.URL)
		s := p.socket(bill.AccessToken) // no notification comes: the poll settles
		s.watch("1", map[string]any{"id": bill.Bill.ID})
		s.untilDone()
		var paid struct {
			Bill struct {
				Attempts []struct{ Provider struct{ Code string } }
			}
		}
		p.ask(secret, `query($id: ID!) { bill(id: $id) { attempts { provider { code } } } }`, map[string]any{"id": bill.Bill.ID}, &paid)
		require.Equal(t, "payture-pages", paid.Bill.Attempts[0].Provider.Code, "by the rule of the accounts file")

		must(with("key revoke", "--merchant", "shop", keys[0]))
		require.Equal(t, exitOK, p.end(), "%s", p.stderr)
		report := must(with("check", "--sandbox", p.ready["sandbox"], "--strict"))
		require.Contains(t, report, "0 breaches")
	})
}

// databaseOf is the database URL that a command's flags mean.
func databaseOf(t *testing.T, flags []string) string {
	t.Helper()
	data, url := flags[1], ""
	if len(flags) > 2 {
		url = flags[3]
	}
	resolved, err := databaseFlags{data: &data, url: &url}.resolve(environment{Getenv: func(string) string { return "" }})
	require.NoError(t, err)
	return resolved
}

// A token for development opens the dev server as the user it names.
func TestToken(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startDev(t, "--data", data)
	token, stderr, code := execute(t, "token", "--data", data, "--role", "USER", "--subject", "alice")
	require.Equal(t, exitOK, code, stderr)
	require.Len(t, strings.Fields(token), 1)
	var answer struct {
		Viewer struct {
			Role string
			User struct{ ExternalID string }
		}
	}
	p.ask(strings.TrimSpace(token), `{ viewer { role user { externalId } } }`, nil, &answer)
	require.Equal(t, "USER", answer.Viewer.Role)
	require.Equal(t, "alice", answer.Viewer.User.ExternalID)
}
