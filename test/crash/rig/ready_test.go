package rig

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseReady(t *testing.T) {
	t.Parallel()

	t.Run("ServerHasItsAddressAndKeys", func(t *testing.T) {
		t.Parallel()
		values, err := ParseReady("paygraph ready addr=127.0.0.1:8080 sandbox=http://127.0.0.1:8090 secret_key=sk_test_1=2\n")
		require.NoError(t, err)
		require.Equal(t, map[string]string{"addr": "127.0.0.1:8080", "sandbox": "http://127.0.0.1:8090", "secret_key": "sk_test_1=2"}, values)
	})

	t.Run("SandboxHasItsAddress", func(t *testing.T) {
		t.Parallel()
		values, err := ParseReady("paygraph sandbox ready addr=127.0.0.1:8090\n")
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1:8090", values["addr"])
	})

	for _, line := range []string{"", "\n", "panic: addr=1", "paygraph dev: listen addr=127.0.0.1:8080", "paygraph ready", "paygraph ready addr="} {
		t.Run("Refused "+line, func(t *testing.T) {
			t.Parallel()
			_, err := ParseReady(line)
			require.Error(t, err)
		})
	}
}
