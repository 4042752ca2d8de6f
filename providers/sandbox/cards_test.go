package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

// keeper is a vendor that keeps one card, and has one path that is a page and
// a command.
type keeper struct {
	acme
	match  sandbox.CardMatch
	change sandbox.CardChange
}

func (k *keeper) Name() string { return "keeper" }

func (k *keeper) Mount(*sandbox.Host) ([]sandbox.Route, error) {
	return []sandbox.Route{{
		Path: "/both",
		OpOf: func(r *http.Request) sandbox.Op {
			if r.FormValue("page") != "" {
				return sandbox.OpNone
			}
			return sandbox.OpCharge
		},
		Handler: func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("said " + r.FormValue("say"))) },
	}}, nil
}

func (k *keeper) KeptCards(m sandbox.CardMatch) []sandbox.KeptCard {
	k.match = m
	return []sandbox.KeptCard{{Provider: "keeper", Customer: "ann", ID: "1", Name: "4111", Expiry: "12/29", Status: "ok"}}
}

func (k *keeper) ChangeCards(m sandbox.CardMatch, c sandbox.CardChange) ([]sandbox.KeptCard, error) {
	k.match, k.change = m, c
	if m.Customer == "nobody" {
		return nil, sandbox.ErrNoCard
	}
	return k.KeptCards(m), nil
}

func setupKeeper(t *testing.T) (*keeper, http.Handler) {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock)})
	require.NoError(t, err)
	k := &keeper{}
	require.NoError(t, s.Register(k))
	require.NoError(t, s.Register(&acme{}))
	t.Cleanup(func() { require.NoError(t, s.Close(context.Background())) })
	return k, s.Handler()
}

func send(t *testing.T, h http.Handler, method, path, kind, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestControl_Cards(t *testing.T) {
	t.Parallel()
	const card = `[{"provider":"keeper","customer":"ann","id":"1","name":"4111","expiry":"12/29","status":"ok","expired":false}]`

	t.Run("ListsWhatMatches", func(t *testing.T) {
		t.Parallel()
		k, h := setupKeeper(t)
		require.JSONEq(t, card, send(t, h, "GET", "/_control/cards?provider=keeper&customer=ann&card=4111+11", "", "").Body.String())
		require.Equal(t, sandbox.CardMatch{Customer: "ann", Card: "411111"}, k.match)
	})

	t.Run("ChangesWhatMatches", func(t *testing.T) {
		t.Parallel()
		k, h := setupKeeper(t)
		w := send(t, h, "POST", "/_control/cards", "application/json", `{"provider":"keeper","card":"4111 11","action":"refuse","code":"NO"}`)
		require.JSONEq(t, card, w.Body.String())
		require.Equal(t, sandbox.CardMatch{Card: "411111"}, k.match)
		require.Equal(t, sandbox.CardChange{Action: sandbox.CardRefuse, Code: "NO"}, k.change)
	})

	tests := []struct {
		name, body string
		status     int
		says       string
	}{
		{"NoMatch", `{"provider":"keeper","customer":"nobody","action":"remove"}`, http.StatusNotFound, "card: no saved card matches"},
		{"AVendorWithoutCards", `{"provider":"acme","card":"1","action":"remove"}`, http.StatusNotFound, "keeps no cards"},
		{"NothingNamed", `{"provider":"keeper","action":"remove"}`, http.StatusBadRequest, "card: name"},
		{"UnknownAction", `{"provider":"keeper","card":"1","action":"lose"}`, http.StatusBadRequest, "action: "},
		{"CodeWithoutRefuse", `{"provider":"keeper","card":"1","action":"expire","code":"NO"}`, http.StatusBadRequest, "code: "},
	}
	for _, tt := range tests {
		t.Run("Refuses"+tt.name, func(t *testing.T) {
			t.Parallel()
			_, h := setupKeeper(t)
			w := send(t, h, "POST", "/_control/cards", "application/json", tt.body)
			require.Equal(t, tt.status, w.Code)
			require.Contains(t, w.Body.String(), tt.says)
		})
	}
}

func TestRoute_OpOfTellsPageFromCommand(t *testing.T) {
	t.Parallel()
	_, h := setupKeeper(t)
	const form = "application/x-www-form-urlencoded"
	send(t, h, "POST", "/_control/faults", "application/json", `{"provider":"keeper","op":"charge","fault":"http_500"}`)
	require.Equal(t, http.StatusInternalServerError, send(t, h, "POST", "/keeper/both", form, "say=hello").Code)
	require.Equal(t, "said hello", send(t, h, "POST", "/keeper/both", form, "page=1&say=hello").Body.String(), "the body is there again")
}
