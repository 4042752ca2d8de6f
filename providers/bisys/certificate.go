package bisys

import (
	"crypto/tls"
	"errors"
	"net/http"
)

var errCertificate = errors.New("client certificate: it and its key are not a pair in PEM")

// certificateOf reads the account's client certificate; nil when it has none. The
// cause of a failure is not told: it may quote the key.
func certificateOf(config Config) (*tls.Certificate, error) {
	if len(config.ClientCert) == 0 && config.ClientKey == "" {
		return nil, nil //nolint:nilnil // most accounts have none
	}
	pair, err := tls.X509KeyPair(config.ClientCert, []byte(config.ClientKey))
	if err != nil {
		return nil, errCertificate
	}
	return &pair, nil
}

// withCertificate returns a client that shows the account's certificate, on
// connections of its own: the one given, which other accounts use, is left alone.
func withCertificate(client *http.Client, config Config) (*http.Client, error) {
	certificate, err := certificateOf(config)
	if err != nil || certificate == nil {
		return client, err
	}
	base := client.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	shared, ok := base.(*http.Transport)
	if !ok {
		return nil, errors.New("client certificate: the HTTP client's transport cannot be given one")
	}
	transport := shared.Clone()
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	transport.TLSClientConfig.Certificates = append(transport.TLSClientConfig.Certificates, *certificate)
	own := *client
	own.Transport = transport
	return &own, nil
}
