package providertest

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// Serve starts a sandbox of the vendor as the case wants it, for Target.Open, and
// returns its origin. It ends with the test.
func (o Options) Serve(t *testing.T, vendor sandbox.Vendor) string {
	t.Helper()
	server, err := sandbox.New(sandbox.Options{Clock: o.Clock, NotifyClient: o.Notify})
	require.NoError(t, err)
	require.NoError(t, server.Register(vendor))
	web := httptest.NewServer(server.Handler())
	server.SetBaseURL(o.Through)
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, server.Close(context.WithoutCancel(t.Context())))
	})
	return web.URL
}
