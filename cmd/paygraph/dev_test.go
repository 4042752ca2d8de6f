package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/store/storetest"
)

// A guest buys a page, watches and pays; the money is right afterwards.
func TestDev_GuestBuysAPageAndWatches(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		p := startDev(t, flags...)
		made := p.buy(uuid.NewString(), nil).BillCreate
		s := p.socket(made.AccessToken)
		s.watch("1", map[string]any{"id": made.Bill.ID})
		first := s.next()
		require.True(t, first.Snapshot)
		require.Equal(t, "PENDING", first.Bill.Status)

		p.pays(made.Bill.NextAction.URL)
		statuses, last := s.untilDone()
		require.Subset(t, []string{"PENDING", "PAID", "DONE"}, statuses)
		require.Equal(t, "page", last.Bill.Entitlements[0].Kind)
		require.Equal(t, "articles/42", last.Bill.Entitlements[0].Resource)

		again := p.socket(made.AccessToken)
		again.watch("2", map[string]any{"id": made.Bill.ID, "after": first.Cursor})
		missed := again.next()
		require.False(t, missed.Snapshot, "what came after the cursor is a change")
		require.Equal(t, "DONE", missed.Bill.Status)

		report, _, code := execute(t, append([]string{"check", "--sandbox", p.ready["sandbox"], "--strict"}, flags...)...)
		require.Equal(t, exitOK, code, report)
		require.Contains(t, report, "0 breaches")
		require.Equal(t, exitOK, p.end(), "%s", p.stderr)
	})
}

// The same, over server-sent events.
func TestDev_StreamOfEvents(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", t.TempDir())
	made := p.buy(uuid.NewString(), nil).BillCreate
	body, err := json.Marshal(map[string]any{"query": watchDocument, "variables": map[string]any{"id": made.Bill.ID}})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url(), bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+made.AccessToken)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	until := func(status string) {
		for !strings.Contains(lines.Text(), `"`+status+`"`) && lines.Scan() {
			continue
		}
	}
	until("PENDING")
	p.pays(made.Bill.NextAction.URL)
	until("DONE")
	require.Contains(t, lines.Text(), `"articles/42"`)
}

// A second start on the same data is the same shop.
func TestDev_SecondStartFindsTheFirst(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		first := startDev(t, flags...)
		made := first.buy(uuid.NewString(), nil).BillCreate
		page := first.pageAccess()
		require.Equal(t, exitOK, first.end(), "%s", first.stderr)

		second := startDev(t, flags...)
		for _, name := range []string{"publishable_key", "secret_key", "operator_token"} {
			require.Equal(t, first.ready[name], second.ready[name], name)
		}
		require.Equal(t, page, second.pageAccess())
		var answer struct{ Bill struct{ Status string } }
		second.ask(made.AccessToken, `query($id: ID!) { bill(id: $id) { status } }`, map[string]any{"id": made.Bill.ID}, &answer)
		require.Equal(t, "PENDING", answer.Bill.Status)
	})
}

// Two processes on one Postgres: what one settles, the other pushes.
func TestDev_TwoProcesses(t *testing.T) {
	t.Parallel()
	database := storetest.Postgres(t, nil)
	first := startDev(t, "--data", t.TempDir(), "--database", database)
	second := startDev(t, "--data", t.TempDir(), "--database", database, "--sandbox", first.ready["sandbox"])
	require.Equal(t, first.ready["secret_key"], second.ready["secret_key"])

	made := first.buy(uuid.NewString(), nil).BillCreate
	here, there := first.socket(made.AccessToken), second.socket(made.AccessToken)
	here.watch("1", map[string]any{"id": made.Bill.ID})
	there.watch("1", map[string]any{"id": made.Bill.ID})
	here.next()
	there.next()
	first.pays(made.Bill.NextAction.URL)
	_, atFirst := here.untilDone()
	_, atSecond := there.untilDone()
	require.Equal(t, atFirst.Bill.Version, atSecond.Bill.Version)
}

// The console's feed tells every bill of the merchant, from where a list ended.
func TestDev_MerchantFeed(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, flags []string) {
		p := startDev(t, flags...)
		var page struct{ Bills struct{ FeedCursor string } }
		p.ask(p.ready["secret_key"], `{ bills { feedCursor } }`, nil, &page)
		made := p.buy(uuid.NewString(), nil).BillCreate
		s := p.socket(p.ready["secret_key"])
		s.send(map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{
			"query":     `subscription($after: Cursor) { merchantBillUpdated(after: $after) { cursor snapshot bill { id status version } } }`,
			"variables": map[string]any{"after": page.Bills.FeedCursor},
		}})
		p.pays(made.Bill.NextAction.URL)
		for status := ""; status != "DONE"; {
			var message struct {
				Data struct {
					MerchantBillUpdated struct {
						Snapshot bool
						Bill     struct{ ID, Status string }
					}
				}
			}
			require.NoError(t, json.Unmarshal(s.receive().Payload, &message))
			require.False(t, message.Data.MerchantBillUpdated.Snapshot)
			require.Equal(t, made.Bill.ID, message.Data.MerchantBillUpdated.Bill.ID)
			status = message.Data.MerchantBillUpdated.Bill.Status
		}
	})
}

// A thousand subscriptions that come and go leave nothing behind.
//
//nolint:paralleltest // it counts the process's goroutines
func TestDev_SubscribersLeaveNothing(t *testing.T) {
	p := startDev(t, "--data", t.TempDir())
	made := p.buy(uuid.NewString(), nil).BillCreate
	cycle := func(s *socket, times int) {
		for range times {
			id := uuid.NewString()
			s.watch(id, map[string]any{"id": made.Bill.ID})
			s.next()
			s.send(map[string]string{"id": id, "type": "complete"})
		}
	}
	warm := p.socket(made.AccessToken)
	cycle(warm, 5)
	base := runtime.NumGoroutine()
	for range 10 {
		cycle(warm, 100)
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= base+2 }, 10*time.Second, 10*time.Millisecond)
}

// No line of the log tells a secret.
func TestDev_LogsTellNoSecret(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", t.TempDir())
	made := p.buy(uuid.NewString(), map[string]any{"email": "canary@shop.example"}).BillCreate
	p.pays(made.Bill.NextAction.URL)
	s := p.socket(made.AccessToken)
	s.watch("1", map[string]any{"id": made.Bill.ID})
	s.untilDone()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url(), strings.NewReader("{canary-body"))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer canary-token")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	_ = response.Body.Close()
	p.end()
	_, log, _ := strings.Cut(p.stderr.String(), "Stop with Ctrl+C.") // the greeting tells the demo keys on purpose
	for _, secret := range []string{"canary", made.AccessToken, p.ready["secret_key"], p.ready["operator_token"], made.Bill.NextAction.URL} {
		require.NotContains(t, log, secret)
	}
}

// The explorer opens with the demo token in it, and only by this machine's own
// names.
func TestDev_Explorer(t *testing.T) {
	t.Parallel()
	p := startDev(t, "--data", t.TempDir())
	page := func(host string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.ready["addr"]+"/", nil)
		require.NoError(t, err)
		request.Host = host
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	status, text := page(p.ready["addr"])
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, p.ready["operator_token"])
	status, text = page("evil.example")
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, text, p.ready["operator_token"])
}

// A socket whose token runs out is closed with 4403, after which clients come
// back with a new one; its subscriptions do not complete.
func TestDev_TokenRunsOut(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := startDev(t, "--data", data)
	token, stderr, code := execute(t, "token", "--data", data, "--role", "ADMIN", "--subject", "bob", "--ttl", "2s")
	require.Equal(t, exitOK, code, stderr)
	made := p.buy(uuid.NewString(), nil).BillCreate
	s := p.socket(strings.TrimSpace(token))
	s.watch("1", map[string]any{"id": made.Bill.ID})
	s.next()
	_, message, err := s.conn.ReadMessage()
	require.True(t, websocket.IsCloseError(err, 4403), "%v %s", err, message)
}
