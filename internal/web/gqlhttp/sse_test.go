package gqlhttp

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// events is an open event stream.
type events struct {
	t      *testing.T
	header http.Header
	lines  *bufio.Reader
	cancel context.CancelFunc
}

func (e *edge) stream(t *testing.T, query string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(`{"query":"`+query+`"}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaJSON)
	r.Header.Set("Accept", mediaEventStream)
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, 200, response.StatusCode)
	s := &events{t: t, header: response.Header, lines: bufio.NewReaderSize(response.Body, 4096), cancel: cancel}
	s.expect(":")
	return s
}

// expect reads one block of the stream: the lines up to an empty one.
func (s *events) expect(lines ...string) {
	s.t.Helper()
	for _, want := range append(lines, "") {
		got, err := s.lines.ReadString('\n')
		require.NoError(s.t, err)
		require.Equal(s.t, want+"\n", got)
	}
}

func (s *events) expectEnd() {
	s.t.Helper()
	rest, err := io.ReadAll(s.lines)
	require.NoError(s.t, err)
	require.Empty(s.t, string(rest))
}

func TestStream_RunsOneOperation(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	tests := []struct {
		name, query string
		want        []string
	}{
		{"Subscription", "subscription { count(to: 2) }", []string{`{"data":{"count":1}}`, `{"data":{"count":2}}`}},
		{"Query", "{ echo(n: 9007199254740993) }", []string{`{"data":{"echo":9007199254740993}}`}},
		{"Invalid", "{ nosuch }", []string{`{"errors":[{"message":"Cannot query field \"nosuch\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED","requestId":"req-1"}}]}`}},
		{"Denied", "subscription { denied }", []string{`{"errors":[{"message":"not for you","extensions":{"requestId":"req-1"}}]}`}},
		{"Panic", "subscription { panic }", []string{`{"errors":[{"message":"Internal error.","extensions":{"code":"INTERNAL","requestId":"req-1"}}]}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := e.stream(t, tt.query)
			require.Equal(t, "text/event-stream; charset=utf-8", s.header.Get("Content-Type"))
			require.Equal(t, "no", s.header.Get("X-Accel-Buffering"))
			require.Contains(t, s.header.Get("Cache-Control"), "no-cache")
			for _, want := range tt.want {
				s.expect("event: next", "data: "+want)
			}
			s.expect("event: complete", "data:")
			s.expectEnd()
		})
	}
}

func TestStream_RefusesLikePost(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	got := e.do(t, http.MethodPost, canary, http.Header{"Content-Type": {mediaJSON}, "Accept": {mediaEventStream}})
	require.Equal(t, 400, got.status)
	require.Equal(t, []string{mediaJSON}, got.header["Content-Type"])
	require.NotContains(t, got.body, canary)
	require.Equal(t, 405, e.do(t, http.MethodGet, "", http.Header{"Accept": {mediaEventStream}}).status)
}

func TestStream_DataIsOneLine(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	s := e.stream(t, "subscription { forever }")
	wait(t, e.schema.started)
	e.schema.feed <- "{\r\n\"a\":\n1}"
	s.expect("event: next", `data: {"data":{"forever":{  "a": 1}}}`)
}

func TestStream_Time(t *testing.T) {
	t.Parallel()

	t.Run("CommentsKeepItAlive", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		s := e.stream(t, "subscription { forever }")
		wait(t, e.schema.started)
		e.pass(t, 15*time.Second)
		s.expect(":")
		e.schema.feed <- "1"
		s.expect("event: next", `data: {"data":{"forever":1}}`)
	})
	t.Run("TokenEndsIt", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(o *Options) {
			expiry := o.Clock.Now().Add(time.Minute)
			o.ExpiresAt = func(context.Context) time.Time { return expiry }
		})
		s := e.stream(t, "subscription { forever }")
		wait(t, e.schema.started)
		e.pass(t, time.Minute)
		s.expect("event: next", `data: {"errors":[{"message":"The token has expired.","extensions":{"code":"TOKEN_EXPIRED","requestId":"req-1"}}]}`)
		s.expect("event: complete", "data:")
		s.expectEnd()
		wait(t, e.schema.canceled)
		e.untilEmpty(t)
	})
	t.Run("ClientThatLeavesEndsIt", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		s := e.stream(t, "subscription { forever }")
		wait(t, e.schema.started)
		require.Equal(t, 1, e.sockets.Len())
		s.cancel()
		wait(t, e.schema.canceled)
		e.untilEmpty(t)
	})
	t.Run("ShutdownEndsItWithoutComplete", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		s := e.stream(t, "subscription { forever }")
		wait(t, e.schema.started)
		require.NoError(t, e.sockets.Shutdown(t.Context()))
		s.expectEnd()
		got := e.do(t, http.MethodPost, `{"query":"{ boom }"}`, http.Header{"Content-Type": {mediaJSON}, "Accept": {mediaEventStream}})
		require.Equal(t, 503, got.status)
	})
	t.Run("ClientThatDoesNotReadIsCut", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		e.stream(t, "subscription { forever }")
		wait(t, e.schema.started)
		e.flood(t)
		e.untilCut(t, 0)
	})
}
