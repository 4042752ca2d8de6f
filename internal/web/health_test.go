package web_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHealth_AndReadiness(t *testing.T) {
	t.Parallel()

	e := setup(t, nil)
	ready := func() answer {
		e.clock.advance(time.Second) // what was seen before is forgotten
		return e.send(t, http.MethodGet, "/readyz", "")
	}
	a := ready()
	require.Equal(t, http.StatusOK, a.status)
	require.JSONEq(t, `{"ready":true}`, a.body)

	e.store.set(errors.New("dial tcp: password "+canary), true)
	a = ready()
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.JSONEq(t, `{"ready":false,"reasons":["database"]}`, a.body)
	require.NotContains(t, a.body, canary)
	require.Equal(t, http.StatusOK, e.send(t, http.MethodGet, "/healthz", "").status, "a server without its database must not be killed")

	e.store.set(nil, true)
	require.Equal(t, http.StatusOK, ready().status)
}

func TestReadiness_WaitsForMigrations(t *testing.T) {
	t.Parallel()

	e := setup(t, func(e *edge) { e.store.migrated = false })
	require.ErrorContains(t, e.server.Warm(t.Context()), "migrations")
	a := e.send(t, http.MethodGet, "/readyz", "")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.JSONEq(t, `{"ready":false,"reasons":["migrations"]}`, a.body)

	e.store.set(nil, true)
	e.clock.advance(time.Second)
	require.Equal(t, http.StatusOK, e.send(t, http.MethodGet, "/readyz", "").status)
	require.NoError(t, e.server.Warm(t.Context()))
}

func TestReadiness_AsksTheDatabaseSeldom(t *testing.T) {
	t.Parallel()

	e := setup(t, nil)
	for range 20 {
		require.Equal(t, http.StatusOK, e.send(t, http.MethodGet, "/readyz", "").status)
	}
	require.Equal(t, 1, e.store.pings)
}
