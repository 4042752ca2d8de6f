package web_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web"
)

func TestRequestID(t *testing.T) {
	t.Parallel()

	e := setup(t, nil)
	tests := []struct {
		fact, sent string
		kept       bool
	}{
		{"UUID", "01890a5d-ac96-774b-bcce-b302099a8057", true},
		{"Trace", "4bf92f3577b34da6a3ce929d0e0e4736", true},
		{"None", "", false},
		{"Short", "abc", false},
		{"Long", strings.Repeat("a", 65), false},
		{"Odd", "abcdefgh ijkl", false},
		{"AKey", "sk_live_0123456789abcdef", false},
		{"AToken", "eyJhbGciOi.eyJzdWIi.c2ln", false},
		{"ACard", "4276-8387-4891-7319", false},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			a := e.send(t, http.MethodGet, "/healthz", "", "X-Request-Id", tt.sent)
			given := a.header.Get("X-Request-Id")
			require.GreaterOrEqual(t, len(given), 8)
			require.Equal(t, tt.kept, given == tt.sent)
			logged := e.lines(t, "request")
			require.Equal(t, given, logged[len(logged)-1]["requestId"])
		})
	}
	twice := e.send(t, http.MethodGet, "/healthz", "", "X-Request-Id", "aaaaaaaa", "X-Request-Id", "bbbbbbbb")
	require.NotContains(t, []string{"aaaaaaaa", "bbbbbbbb"}, twice.header.Get("X-Request-Id"))
}

func TestLogHandler_AddsTheIDOnce(t *testing.T) {
	t.Parallel()

	var own *slog.Logger
	e := setup(t, func(e *edge) {
		own = e.options.Logger
		e.options.Explorer = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			own.With("room", "test").InfoContext(r.Context(), "inside")
			own.InfoContext(r.Context(), "inside", "requestId", web.RequestID(r.Context()))
		})
	})
	a := e.send(t, http.MethodGet, "/", "")
	for _, line := range e.lines(t, "inside") {
		require.Equal(t, a.header.Get("X-Request-Id"), line["requestId"])
	}
	require.Equal(t, 3, strings.Count(e.log.String(), `"requestId"`), "two lines inside and that of the request")
	own.InfoContext(t.Context(), "outside")
	require.NotContains(t, e.lines(t, "outside")[0], "requestId")
}

func TestHeaders_OnEveryAnswer(t *testing.T) {
	t.Parallel()

	e := setup(t, func(e *edge) { e.options.PublicURL = "https://pay.example.com" })
	for _, path := range []string{"/healthz", "/graphql", "/nowhere", "/"} {
		a := e.send(t, http.MethodGet, path, "")
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"), path)
		require.Contains(t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.NotEmpty(t, a.header.Get("Strict-Transport-Security"), path)
	}
	plain := setup(t, nil)
	require.Empty(t, plain.send(t, http.MethodGet, "/healthz", "").header.Get("Strict-Transport-Security"))
	require.Equal(t, http.StatusNotFound, plain.send(t, http.MethodGet, "/", "").status, "no explorer in production")
}

func TestClientIP(t *testing.T) {
	t.Parallel()

	t.Run("NobodyIsBelievedByDefault", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		require.JSONEq(t, `{"data":{"from":"127.0.0.1"}}`, e.query(t, "{from}", "X-Forwarded-For", "203.0.113.9").body)
	})

	e := setup(t, func(e *edge) { e.options.TrustedProxies = prefixes("127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48") })
	tests := []struct {
		fact string
		sent []string
		want string
	}{
		{"NoHeader", nil, "127.0.0.1"},
		{"OneHop", []string{"203.0.113.9"}, "203.0.113.9"},
		{"OurOwnHopsArePassedOver", []string{"203.0.113.9, 10.1.2.3, 10.4.5.6"}, "203.0.113.9"},
		{"WhatAStrangerWroteIsNotRead", []string{"198.51.100.1, 203.0.113.9, 10.1.2.3"}, "203.0.113.9"},
		{"HeadersAreOneList", []string{"198.51.100.1", "203.0.113.9,10.1.2.3"}, "203.0.113.9"},
		{"WithAPort", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", []string{"2001:db8::7, 2001:db8:ffff::1"}, "2001:db8::7"},
		{"IPv6WithAPort", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"IPv4InIPv6", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"NonsenseEndsTheList", []string{"203.0.113.9, unknown, 10.1.2.3"}, "10.1.2.3"},
		{"OnlyProxies", []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
		{"Empty", []string{""}, "127.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.fact, func(t *testing.T) {
			var headers []string
			for _, value := range tt.sent {
				headers = append(headers, "X-Forwarded-For", value)
			}
			require.JSONEq(t, `{"data":{"from":"`+tt.want+`"}}`, e.query(t, "{from}", headers...).body)
		})
	}
}
