package bisys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// newPair makes a certificate and its key, in PEM.
func newPair(t *testing.T) (certificate []byte, key Secret) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "shop"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}

func TestClient_ShowsItsCertificate(t *testing.T) {
	t.Parallel()

	shown := make(chan string, 1)
	v := vendortest.NewStopped(func(w http.ResponseWriter, r *http.Request) {
		shown <- r.TLS.PeerCertificates[0].Subject.CommonName
		says(success(r))(w, r)
	})
	v.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
	v.StartTLS()
	t.Cleanup(v.Close)
	config, deps := testConfig(v.URL), testDeps()
	deps.HTTP = v.Client()
	config.ClientCert, config.ClientKey = newPair(t)
	c, err := New(config, deps)
	require.NoError(t, err)
	_, err = c.Sync(t.Context(), syncRef())
	require.NoError(t, err)
	require.Equal(t, "shop", <-shown)
	shared, ok := deps.HTTP.Transport.(*http.Transport)
	require.True(t, ok)
	require.Empty(t, shared.TLSClientConfig.Certificates, "other accounts' connections do not show it")
}

func TestNew_Certificate(t *testing.T) {
	t.Parallel()

	certificate, key := newPair(t)
	_, otherKey := newPair(t)
	tests := []struct {
		name        string
		certificate []byte
		key         Secret
		want        string
	}{
		{"Pair", certificate, key, ""},
		{"KeyOfAnother", certificate, otherKey, "client certificate"},
		{"CertificateAlone", certificate, "", "client certificate"},
		{"KeyAlone", nil, key, "client certificate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config, deps := testConfig(liveBase), testDeps()
			deps.HTTP = &http.Client{} // the default transport
			config.ClientCert, config.ClientKey = tt.certificate, tt.key
			_, err := New(config, deps)
			require.Equal(t, tt.want != "", err != nil, "%v", err)
			if err != nil {
				require.ErrorContains(t, err, tt.want)
				require.NotContains(t, err.Error(), "PRIVATE")
			}
		})
	}
	t.Run("TransportThatTakesNone", func(t *testing.T) {
		t.Parallel()
		config, deps := testConfig(liveBase), testDeps()
		deps.HTTP.Transport = vendortest.TransportFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("x") })
		config.ClientCert, config.ClientKey = certificate, key
		_, err := New(config, deps)
		require.ErrorContains(t, err, "transport")
	})
	t.Run("VendorThatDemandsOneIsNotReachedWithout", func(t *testing.T) {
		t.Parallel()
		v := vendortest.NewStopped(says("{}"))
		v.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}
		v.Config.ErrorLog = nil
		v.StartTLS()
		t.Cleanup(v.Close)
		config, deps := testConfig(v.URL), testDeps()
		deps.HTTP = v.Client()
		c, err := New(config, deps)
		require.NoError(t, err)
		_, err = c.Sync(t.Context(), syncRef())
		require.Equal(t, providers.Unavailable, providers.KindOf(err))
		require.Empty(t, v.Seen())
	})
}
