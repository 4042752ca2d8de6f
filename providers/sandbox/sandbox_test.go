package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

func TestServer_Healthz(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	require.JSONEq(t, `{"status":"ok"}`, b.must("GET", "/healthz", ""))
}

func TestServer_Captures(t *testing.T) {
	t.Parallel()

	t.Run("EmptyBookIsAnEmptyArray", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "[]", setup(t, sandbox.Options{}).must("GET", "/_control/captures", ""))
	})

	t.Run("EntryHasEveryDocumentedField", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		b.must("POST", "/acme/take?order=o1&amount=500", "")
		require.JSONEq(t, `[{"seq":1,"provider":"acme","orderRef":"o1","kind":"payment","amountMinor":500,"currency":"KZT","state":"Taken",
			"capturedMinor":500,"refundedMinor":0,"captures":1,"at":"2026-11-21T12:00:00Z"}]`, b.must("GET", "/_control/captures", ""))
	})

	t.Run("SecondCaptureOfOneOrderIsCounted", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		b.must("POST", "/acme/take?order=o1&amount=500", "")
		b.must("POST", "/acme/take?order=o1&amount=500", "")
		all := b.captures()
		require.Len(t, all, 1)
		require.Equal(t, 2, all[0].Captures)
		require.Equal(t, int64(1000), all[0].CapturedMinor)
	})

	t.Run("PagesBySeq", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		for _, order := range []string{"a", "b", "c"} {
			b.must("POST", "/acme/take?amount=500&order="+order, "")
		}
		var page []sandbox.Entry
		require.NoError(t, json.Unmarshal([]byte(b.must("GET", "/_control/captures?after=1&limit=1", "")), &page))
		require.Len(t, page, 1)
		require.Equal(t, int64(2), page[0].Seq)
		require.Equal(t, "b", page[0].OrderRef)
		require.Equal(t, "[]", b.must("GET", "/_control/captures?after=3", ""))
	})
}

func TestServer_ControlRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})

	tests := []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"CapturesAfter", "GET", "/_control/captures?after=x", "", 400, "after: "},
		{"CapturesLimit", "GET", "/_control/captures?limit=0", "", 400, "limit: "},
		{"UnknownControl", "GET", "/_control/nothing", "", 404, "no such control"},
		{"NotJSON", "POST", "/_control/pay", "url=x", 400, "body: "},
		{"TwoObjects", "POST", "/_control/clock", `{"speed":1}{}`, 400, "body: one JSON object"},
		{"TooLong", "POST", "/_control/clock", `{"speed":` + strings.Repeat(" ", 70_000) + `1}`, 400, "body: "},
		{"UnknownField", "POST", "/_control/faults", `{"fault":"lose","rat":1}`, 400, `"rat"`},
		{"FieldOfWrongType", "POST", "/_control/faults", `{"fault":"lose","rate":"often"}`, 400, "rate: "},
		{"FaultProvider", "POST", "/_control/faults", `{"provider":"nobody","fault":"lose"}`, 400, "provider: "},
		{"FaultOp", "POST", "/_control/faults", `{"op":"capture","fault":"lose"}`, 400, "op: "},
		{"FaultKind", "POST", "/_control/faults", `{"fault":"explode"}`, 400, "fault: "},
		{"FaultMissing", "POST", "/_control/faults", `{}`, 400, "fault: "},
		{"FaultRate", "POST", "/_control/faults", `{"fault":"lose","rate":1.5}`, 400, "rate: "},
		{"FaultCount", "POST", "/_control/faults", `{"fault":"lose","count":-1}`, 400, "count: "},
		{"FaultDelayMissing", "POST", "/_control/faults", `{"fault":"delay"}`, 400, "delayMs: "},
		{"FaultDelay", "POST", "/_control/faults", `{"fault":"delay","delayMs":-1}`, 400, "delayMs: "},
		{"FaultOfWebhooksOnly", "POST", "/_control/faults", `{"op":"start","fault":"reorder"}`, 400, "fault: "},
		{"FaultOfCapturesOnly", "POST", "/_control/faults", `{"op":"sync","fault":"wrong_amount"}`, 400, "fault: "},
		{"ClockEmpty", "POST", "/_control/clock", `{}`, 400, "speed: "},
		{"ClockZero", "POST", "/_control/clock", `{"speed":0}`, 400, "speed: "},
		{"ClockNegative", "POST", "/_control/clock", `{"speed":-1}`, 400, "speed: "},
		{"ClockBackwards", "POST", "/_control/clock", `{"advanceMs":-1}`, 400, "advanceMs: "},
		{"NotifyProvider", "POST", "/_control/notify", `{"provider":"nobody","account":"shop","url":"http://127.0.0.1/"}`, 404, "provider: "},
		{"NotifyAccount", "POST", "/_control/notify", `{"provider":"acme","account":"nobody","url":"http://127.0.0.1/"}`, 404, "account: "},
		{"NotifyURL", "POST", "/_control/notify", `{"provider":"acme","account":"shop","url":"ftp://127.0.0.1/"}`, 400, "url: "},
		{"NotifyRetries", "POST", "/_control/notify", `{"provider":"acme","account":"shop","url":"http://127.0.0.1/","retries":-1}`, 400, "retries: "},
		{"PayWithoutURL", "POST", "/_control/pay", `{}`, 400, "url: "},
		{"PayURLOfNobody", "POST", "/_control/pay", `{"url":"http://127.0.0.1/nobody/page"}`, 404, "url: "},
		{"PayURLUnknownToVendor", "POST", "/_control/pay", `{"url":"http://127.0.0.1/acme/other"}`, 404, "url: "},
		{"PayURLMalformed", "POST", "/_control/pay", `{"url":"http://[::1"}`, 400, "url: "},
		{"PayOutcome", "POST", "/_control/pay", `{"url":"http://127.0.0.1/acme/page","outcome":"maybe"}`, 400, "outcome: "},
		{"PayCard", "POST", "/_control/pay", `{"url":"http://127.0.0.1/acme/page","card":"9999"}`, 400, "card: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, body := b.send(tt.method, tt.path, tt.body)
			require.Equal(t, tt.status, status, body)
			var failed struct {
				Error string `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(body), &failed))
			require.Contains(t, failed.Error, tt.says)
		})
	}
}

func TestServer_ControlRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.http.URL+"/_control/clock", strings.NewReader(`{"speed":2}`))
	require.NoError(t, err)
	r.Header.Set("Origin", "https://evil.example")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

func TestServer_Pay(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	require.JSONEq(t, `{"state":"Taken:41111112:approve","provider":"acme","orderRef":"1"}`,
		b.must("POST", "/_control/pay", `{"url":"http://any.host/acme/page?x=1","card":"4111-1112"}`))
}

func TestServer_Register(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	require.ErrorContains(t, b.server.Register(&acme{}), "registered already")
}

func TestNew_NeedsAClock(t *testing.T) {
	t.Parallel()
	_, err := sandbox.New(sandbox.Options{})
	require.ErrorContains(t, err, "Clock")
}

func TestServer_Faults(t *testing.T) {
	t.Parallel()
	fault := func(b *bench, rule string) { b.must("POST", "/_control/faults", rule) }

	t.Run("DropReplyDoesTheWork", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"provider":"acme","op":"charge","fault":"drop_reply","count":1}`)
		status, _ := b.send("POST", "/acme/take?order=o1&amount=500", "")
		require.Zero(t, status)
		require.Len(t, b.captures(), 1)
	})

	t.Run("RefuseConnectDoesNoWork", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"provider":"*","op":"*","fault":"refuse_connect"}`)
		status, _ := b.send("POST", "/acme/take?order=o1&amount=500", "")
		require.Zero(t, status)
		require.Empty(t, b.captures())
	})

	t.Run("HTTP500DoesNoWork", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"fault":"http_500"}`)
		status, _ := b.send("POST", "/acme/take?order=o1&amount=500", "")
		require.Equal(t, http.StatusInternalServerError, status)
		require.Empty(t, b.captures())
	})

	t.Run("GarbageDoesTheWork", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"fault":"garbage"}`)
		require.Contains(t, b.must("POST", "/acme/take?order=o1&amount=500", ""), "<html>")
		require.Len(t, b.captures(), 1)
	})

	t.Run("DelayedWorkOutlivesItsCaller", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"fault":"delay","delayMs":300,"op":"sync"}`)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.http.URL+"/acme/sync", nil)
		require.NoError(t, err)
		_, err = http.DefaultClient.Do(r) //nolint:bodyclose // there is no answer
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Eventually(t, func() bool { return b.acme.syncCalls() == 1 }, 5*time.Second, 5*time.Millisecond)
	})

	t.Run("WrongAmountTakesLess", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"op":"charge","fault":"wrong_amount","count":2}`)
		b.must("POST", "/acme/take?order=o1&amount=500", "")
		b.must("POST", "/acme/take?order=o2&amount=100", "")
		b.must("POST", "/acme/take?order=o3&amount=500", "")
		all := b.captures()
		require.Equal(t, []int64{400, 200, 500}, []int64{all[0].CapturedMinor, all[1].CapturedMinor, all[2].CapturedMinor})
		require.Equal(t, int64(500), all[0].AmountMinor)
	})

	t.Run("OtherOpsAreNotStruck", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"op":"charge","fault":"http_500"}`)
		require.Equal(t, "ok", b.must("GET", "/acme/sync", ""))
	})

	t.Run("PayersPageIsNotStruck", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"op":"*","fault":"http_500"}`)
		require.Equal(t, "taken", b.must("POST", "/acme/page?order=o1&amount=500", ""))
	})

	t.Run("CountLimitsHits", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"op":"sync","fault":"http_500","count":2}`)
		var got []int
		for range 4 {
			status, _ := b.send("GET", "/acme/sync", "")
			got = append(got, status)
		}
		require.Equal(t, []int{500, 500, 200, 200}, got)
		require.Contains(t, b.must("GET", "/_control/faults", ""), `"hits":2`)
	})

	t.Run("SameSeedSameHits", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		run := func(seed string) string {
			b.must("DELETE", "/_control/faults", "")
			fault(b, `{"op":"sync","fault":"http_500","rate":0.5,"seed":`+seed+`}`)
			var got bytes.Buffer
			for range 40 {
				status, _ := b.send("GET", "/acme/sync", "")
				got.WriteByte("ox"[status/500])
			}
			return got.String()
		}
		first := run("7")
		require.Contains(t, first, "o")
		require.Contains(t, first, "x")
		require.Equal(t, first, run("7"))
		require.NotEqual(t, first, run("8"))
	})

	t.Run("ClearedFaultsStrikeNoMore", func(t *testing.T) {
		t.Parallel()
		b := setup(t, sandbox.Options{})
		fault(b, `{"fault":"http_500"}`)
		require.JSONEq(t, `{"faults":[]}`, b.must("DELETE", "/_control/faults", ""))
		b.must("GET", "/acme/sync", "")
	})
}

func TestServer_TooLongRequestIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, sandbox.Options{})
	status, _ := b.send("POST", "/acme/take", strings.Repeat("x", 1<<20+1))
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Empty(t, b.captures())
}

func TestServer_State(t *testing.T) {
	t.Parallel()

	t.Run("KilledServerForgetsNothingItAnswered", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "state.json")
		first := setup(t, sandbox.Options{StateFile: file})
		var wait sync.WaitGroup
		for i := range 50 {
			wait.Go(func() {
				status, _ := first.send("POST", "/acme/take?amount=500&order="+strconv.Itoa(i), "")
				require.Equal(t, http.StatusOK, status)
			})
		}
		wait.Wait()
		first.must("POST", "/_control/clock", `{"speed":60,"advanceMs":3600000}`)

		// Not closed: a killed process does not get to.
		second := setup(t, sandbox.Options{StateFile: file})
		require.Equal(t, first.captures(), second.captures())
		require.Len(t, second.captures(), 50)
		require.Len(t, second.acme.taken, 50)
		require.Contains(t, second.must("POST", "/_control/clock", `{"speed":60}`), "2026-11-21T13:00:00Z")
		second.must("POST", "/acme/take?order=new&amount=500", "")
		require.Equal(t, int64(51), second.captures()[50].Seq)
	})

	t.Run("UnreadableFileIsAnError", func(t *testing.T) {
		t.Parallel()
		_, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock), StateFile: t.TempDir()})
		require.ErrorContains(t, err, "state")
	})

	t.Run("UnwritableFileIsAnError", func(t *testing.T) {
		t.Parallel()
		_, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock), StateFile: filepath.Join(t.TempDir(), "no", "such", "state.json")})
		require.ErrorContains(t, err, "write the sandbox's state")
	})

	t.Run("FileOfAnotherKindIsAnErrorAndIsLeftAlone", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "notes.txt")
		require.NoError(t, os.WriteFile(file, []byte("my notes\n"), 0o600))
		_, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock), StateFile: file})
		require.ErrorContains(t, err, "not a state file")
		kept, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, "my notes\n", string(kept))
	})

	t.Run("ChangeCutShortIsLeftOut", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "state.json")
		first := setup(t, sandbox.Options{StateFile: file})
		first.must("POST", "/acme/take?order=o1&amount=500", "")
		first.must("POST", "/acme/take?order=o2&amount=500", "")
		whole, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, whole[:len(whole)-10], 0o600))

		second := setup(t, sandbox.Options{StateFile: file})
		require.Len(t, second.captures(), 1)
		require.Len(t, second.acme.taken, 1, "the vendor's record and the book's go together")
		second.must("POST", "/acme/take?order=o3&amount=500", "")
		require.Len(t, setup(t, sandbox.Options{StateFile: file}).captures(), 2)
	})

	t.Run("ClosedServerAcknowledgesNothing", func(t *testing.T) {
		t.Parallel()
		s, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock), StateFile: filepath.Join(t.TempDir(), "state.json")})
		require.NoError(t, err)
		require.NoError(t, s.Register(&acme{}))
		require.NoError(t, s.Close(context.Background()))
		for _, path := range []string{"/acme/take?order=o1&amount=500", "/_control/clock"} {
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(`{"speed":2}`)))
			require.Equal(t, http.StatusInternalServerError, w.Code, path)
		}
	})
}
