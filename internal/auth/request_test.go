package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestAuthenticator_FromHeader(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	key, _ := b.addKey(t, pay.RolePublic)

	for _, header := range []string{"Bearer " + key.Text, "bearer " + key.Text, "BEARER " + key.Text} {
		t.Run("Good/"+header[:6], func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Header.Set("Authorization", header)
			v, err := b.FromHeader(r)
			require.NoError(t, err)
			require.Equal(t, pay.RolePublic, v.Role)
		})
	}

	tests := []struct {
		name    string
		headers []string
		want    string
	}{
		{"None", nil, "auth.missing"},
		{"Empty", []string{""}, "auth.missing"},
		{"SchemeOnly", []string{"Bearer"}, "auth.missing"},
		{"SchemeAndSpace", []string{"Bearer "}, "auth.missing"},
		{"NoScheme", []string{key.Text}, "auth.malformed"},
		{"Basic", []string{"Basic " + key.Text}, "auth.malformed"},
		{"TwoSpaces", []string{"Bearer  " + key.Text}, "auth.malformed"},
		{"Tab", []string{"Bearer\t" + key.Text}, "auth.malformed"},
		{"Quoted", []string{`Bearer "` + key.Text + `"`}, "auth.malformed"},
		{"TwoTokens", []string{"Bearer " + key.Text + ", Bearer " + key.Text}, "auth.malformed"},
		{"TwoHeaders", []string{"Bearer " + key.Text, "Bearer " + key.Text}, "auth.malformed"},
		{"TooLong", []string{"Bearer " + strings.Repeat("a", 8<<10+1)}, "auth.malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
			r.Header["Authorization"] = tt.headers
			_, err := b.FromHeader(r)
			requireRefusal(t, err, tt.want)
			require.NotContains(t, err.Error(), key.Text)
		})
	}

	t.Run("QueryAndCookieMeanNothing", func(t *testing.T) {
		r := httptest.NewRequest(http.MethodPost, "/graphql?access_token="+key.Text, nil)
		r.Header.Set("Cookie", "authorization=Bearer "+key.Text)
		_, err := b.FromHeader(r)
		requireRefusal(t, err, "auth.missing")
	})
}

func TestAuthenticator_FromInit(t *testing.T) {
	t.Parallel()
	b := setup(t, storetest.SQLite(t))
	key, _ := b.addKey(t, pay.RoleServer)
	bearer := "Bearer " + key.Text

	for _, name := range []string{"Authorization", "authorization", "AUTHORIZATION"} {
		t.Run("Good/"+name, func(t *testing.T) {
			v, err := b.FromInit(t.Context(), map[string]any{name: bearer, "locale": "ru"})
			require.NoError(t, err)
			require.Equal(t, pay.RoleServer, v.Role)
		})
	}

	tests := []struct {
		name    string
		payload map[string]any
		want    string
	}{
		{"Nil", nil, "auth.missing"},
		{"OtherMembers", map[string]any{"token": key.Text, "headers": map[string]any{"Authorization": bearer}}, "auth.missing"},
		{"Empty", map[string]any{"Authorization": ""}, "auth.missing"},
		{"NoScheme", map[string]any{"Authorization": key.Text}, "auth.malformed"},
		{"Number", map[string]any{"Authorization": 1.0}, "auth.malformed"},
		{"Null", map[string]any{"Authorization": nil}, "auth.malformed"},
		{"List", map[string]any{"Authorization": []any{bearer}}, "auth.malformed"},
		{"TwoSpellings", map[string]any{"Authorization": bearer, "authorization": bearer}, "auth.malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.FromInit(t.Context(), tt.payload)
			requireRefusal(t, err, tt.want)
		})
	}
}
