package providertest

import (
	"encoding/json"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// templateFolder is compiled as if it were the folder of a fifth provider. Go itself
// passes over folders that begin with an underscore.
const (
	templateFolder = "../_template"
	templateAs     = "../template"
	templatePath   = "github.com/paygraph/paygraph/providers/template"
)

// buildTemplate compiles the template's test with some of its files changed, and
// returns the program.
func buildTemplate(t *testing.T, changed map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	err := filepath.WalkDir(templateFolder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(templateFolder, path)
		require.NoError(t, err)
		from, err := filepath.Abs(path)
		require.NoError(t, err)
		if text, ok := changed[name]; ok {
			from = filepath.Join(dir, filepath.Base(name))
			require.NoError(t, os.WriteFile(from, []byte(text), 0o600))
		}
		to, err := filepath.Abs(filepath.Join(templateAs, name))
		require.NoError(t, err)
		replace[to] = from
		return nil
	})
	require.NoError(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	list, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "template.test")
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	out, err := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-c", "-overlay", list, "-o", program, templatePath).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// runTemplate runs cases of the suite and returns what was printed.
func runTemplate(t *testing.T, program, cases string) (string, error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), program, "-test.run", "^TestConformanceSuite$/"+cases)
	run.Dir = t.TempDir()
	run.Env = append(os.Environ(), updateVariable+"=1")
	out, err := run.CombinedOutput()
	return string(out), err
}

// The template passes the suite: it is what a newcomer begins with.
func TestTemplate_Passes(t *testing.T) {
	t.Parallel()
	out, err := runTemplate(t, buildTemplate(t, nil), "")
	require.NoError(t, err, out)
}

func TestTemplate_IsFormatted(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(templateFolder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		formatted, err := format.Source(text)
		require.NoError(t, err, path)
		require.Equal(t, string(formatted), string(text), path)
		return nil
	})
	require.NoError(t, err)
}

// The suite finds the mistakes that adapters make.
func TestRun_FindsMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, old, new string
		found                string // the case that fails
	}{
		{
			"AStatusAloneIsBelieved", "transport.go", "case got.Status != http.StatusOK:\n",
			"case got.Status == http.StatusNotFound:\n\t\treturn answer{code: \"not_found\"}, nil\n\tcase got.Status != http.StatusOK:\n", "answer/4xx",
		},
		{"ALostReplyIsNotDone", "refund.go", "failed.OfWrite()", "providers.Unavailable", "doubt/refund-lost"},
		{"TheSignatureIsNotCompared", "webhook.go", "err != nil || !hmac.Equal(told, code.Sum(nil))", "err != nil || len(told) == 0", "notice/forged"},
		{"TheOrderIsNotCompared", "states.go", "p.Order != orderNumber || ", "", "mismatch/order"},
		{"TheCurrencyIsNotCompared", "states.go", " || p.Currency != string(c.config.Currency)", "", "mismatch/currency"},
		{"AmountsAreFloats", "start.go", "return amount.Decimal()", "return fmt.Sprintf(\"%.2f\", float32(amount.Amount)/100)", "money/million"},
		{"WhatWasGivenBackIsForgotten", "states.go", "providers.Captured, left", "providers.Captured, amount", "refund/told"},
		{"ASecretInTheAddress", "transport.go", "c.config.BaseURL + path", "c.config.BaseURL + path + \"?key=\" + string(c.config.APIKey)", "secret/not-in-addresses"},
		{"AnAnswerInTheError", "transport.go", "not of the documented form\")", "not of the documented form: \" + string(got.Body))", "secret/not-in-errors"},
		{"AFlagWithoutMethod", "template.go", "providers.OpWebhook, providers.OpRefund}", "providers.OpWebhook, providers.OpRefund, providers.OpVoid}", "contract/flags-have-methods"},
		{"RedirectsAreFollowed", "template.go", "wire.Careful(deps.HTTP)", "func() *http.Client { wire.Careful(deps.HTTP); return deps.HTTP }()", "answer/redirect"},
		{"TheContextIsNotHeeded", "transport.go", "wire.Do(ctx,", "wire.Do(context.WithoutCancel(ctx),", "answer/canceled-before"},
		{"EventsHaveNoKey", "webhook.go", "Key: hex.EncodeToString(key[:])", "Key: hex.EncodeToString(key[:0])", "notice/proof-or-hint"},
		{"TheVendorHearsAnotherWord", "webhook.go", "providers.Reply{Status: http.StatusOK,", "providers.Reply{Status: http.StatusAccepted,", "notice/acknowledged"},
		{"TheModeIsNotTold", "states.go", "TestMode: p.Test, ", "", "mismatch/test-mode"},
		{"RefundsHaveOneNumber", "refund.go", "\"number\": r.Handle", "\"number\": number", "refund/in-parts"},
		{"ARefusalIsAPayment", "states.go", "result.Status, result.Decline = providers.Declined", "result.Status, result.Decline = providers.Captured", "payment/declined"},
		{"TheAmountIsNotChecked", "template.go", "amount.Amount <= 0 || ", "", "contract/senseless-amount"},
		{"AGapOfTheSandboxHasNoReason", "suite_test.go", "\"payment/charged-back\": \"the vendor's documents know no charge-back\",\n", "", "payment/charged-back"},
		{"WhatIsPlayedIsSaidToBeNot", "suite_test.go", "\"refund/refused\": ", "\"payment/poor-card\": noProof, \"refund/refused\": ", "payment/poor-card"},
		{"TheAccountIsPrinted", "template.go", "_, _ = io.WriteString(f, c.config.String()) }\n\n// Name", "_, _ = io.WriteString(f, string(c.config.APIKey)) }\n\n// Name", "secret/not-printed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(templateFolder, tt.file))
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(text), tt.old), "the mistake can be made once in %s", tt.file)
			program := buildTemplate(t, map[string]string{tt.file: strings.Replace(string(text), tt.old, tt.new, 1)})
			out, err := runTemplate(t, program, strings.ReplaceAll("^"+tt.found+"$", "/", "$/^"))
			require.Error(t, err, "the suite did not find it")
			require.Contains(t, out, "--- FAIL: TestConformanceSuite/"+tt.found, out)
		})
	}
}
