package idempotency_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/idempotency"
	"github.com/paygraph/paygraph/internal/pay"
)

func TestCheckKey(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		role pay.Role
		key  string
		want string // the error's key
	}{
		{name: "Word", role: pay.RoleServer, key: "order-17"},
		{name: "Longest", role: pay.RoleServer, key: strings.Repeat("ж", 255)},
		{name: "UUIDOfAPage", role: pay.RolePublic, key: "0d0c5a39-6d5c-4f0e-8b4e-3f1c2a7f9d10"},
		{name: "UUIDInCapitals", role: pay.RolePublic, key: "0D0C5A39-6D5C-4F0E-8B4E-3F1C2A7F9D10"},
		{name: "Empty", role: pay.RoleServer, key: "", want: "idempotency_key.empty"},
		{name: "Blank", role: pay.RoleServer, key: " ", want: "idempotency_key.empty"},
		{name: "TooLong", role: pay.RoleServer, key: strings.Repeat("k", 256), want: "idempotency_key.too_long"},
		{name: "LineBreak", role: pay.RoleServer, key: "a\nb", want: "idempotency_key.unprintable"},
		{name: "Nul", role: pay.RoleServer, key: "a\x00", want: "idempotency_key.unprintable"},
		{name: "NotUTF8", role: pay.RoleServer, key: "\xff", want: "idempotency_key.unprintable"},
		{name: "WordOfAPage", role: pay.RolePublic, key: "order-17", want: "idempotency_key.not_uuid"},
		{name: "UUIDInBraces", role: pay.RolePublic, key: "{0d0c5a39-6d5c-4f0e-8b4e-3f1c2a7f9d10}", want: "idempotency_key.not_uuid"},
		{name: "UUIDOfAPageWithMore", role: pay.RolePublic, key: "0d0c5a39-6d5c-4f0e-8b4e-3f1c2a7f9d10 ", want: "idempotency_key.not_uuid"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, errorKey(idempotency.CheckKey(tt.role, tt.key)))
		})
	}
}

// errorKey returns the translation key of a typed error that blames the key, and
// "" for nil.
func errorKey(err error) string {
	typed, ok := err.(*pay.Error) //nolint:errorlint // the very type is what is tested
	if !ok || typed.Code != pay.CodeInvalid || typed.Path[0] != "idempotencyKey" {
		return ""
	}
	return typed.Key
}

func TestHashOf(t *testing.T) {
	t.Parallel()

	type input struct {
		IdempotencyKey string          `json:"idempotencyKey"`
		Product        string          `json:"product"`
		Metadata       json.RawMessage `json:"metadata,omitempty"`
		Page           *string         `json:"page"`
	}
	base := input{IdempotencyKey: "k", Product: "p", Metadata: json.RawMessage(`{"a":1,"b":2}`)}

	same := map[string]any{
		"OtherKey":   input{IdempotencyKey: "other", Product: "p", Metadata: base.Metadata},
		"OtherOrder": input{Product: "p", Metadata: json.RawMessage(`{ "b": 2, "a": 1 }`)},
		"AsAMap":     map[string]any{"page": nil, "product": "p", "metadata": map[string]int{"b": 2, "a": 1}},
	}
	for name, in := range same {
		t.Run(name, func(t *testing.T) { require.Equal(t, hash(t, base), hash(t, in)) })
	}

	page := "x"
	other := map[string]input{
		"OtherProduct":       {Product: "q", Metadata: base.Metadata},
		"OtherNumber":        {Product: "p", Metadata: json.RawMessage(`{"a":1,"b":3}`)},
		"NumberWithFraction": {Product: "p", Metadata: json.RawMessage(`{"a":1,"b":2.0}`)},
		"WithAPage":          {Product: "p", Metadata: base.Metadata, Page: &page},
	}
	for name, in := range other {
		t.Run(name, func(t *testing.T) { require.NotEqual(t, hash(t, base), hash(t, in)) })
	}

	t.Run("DigitsBeyondAFloatCount", func(t *testing.T) {
		one := input{Metadata: json.RawMessage(`{"n":9007199254740993}`)}
		next := input{Metadata: json.RawMessage(`{"n":9007199254740992}`)}
		require.NotEqual(t, hash(t, one), hash(t, next))
	})
	t.Run("OnlyTheTopKeyIsLeftOut", func(t *testing.T) {
		one := input{Metadata: json.RawMessage(`{"idempotencyKey":1}`)}
		next := input{Metadata: json.RawMessage(`{"idempotencyKey":2}`)}
		require.NotEqual(t, hash(t, one), hash(t, next))
	})
	t.Run("WhatIsNotJSONIsAnError", func(t *testing.T) {
		_, err := idempotency.HashOf(func() {})
		require.Error(t, err)
	})
}

func hash(t *testing.T, input any) idempotency.Hash {
	t.Helper()
	h, err := idempotency.HashOf(input)
	require.NoError(t, err)
	return h
}
