package notify_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	netmail "net/mail"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

const password = "Canary4276838748917319"

func message() notify.Message {
	return notify.Message{
		ID: "mail_1@example.com", FromName: "Shop", From: "pay@example.com", To: payer, Locale: "en",
		Date: storetest.Epoch(), Subject: "Hello", Text: "Hello", HTML: "<p>Hello</p>",
	}
}

func TestServer_TLS(t *testing.T) {
	t.Parallel()

	own, trusted := certificate(t)
	sink := func(t *testing.T, o mailsink.Options, wrap func(net.Listener) net.Listener) (*mailsink.Sink, notify.SMTP) {
		t.Helper()
		o.Clock = &storetest.Clock{}
		s := mailsink.New(o)
		return s, notify.SMTP{Host: "127.0.0.1", Port: serve(t, s, wrap(listen(t))), TLS: notify.StartTLS, RootCAs: trusted, Timeout: patience}
	}
	plain := func(l net.Listener) net.Listener { return l }
	send := func(t *testing.T, o notify.SMTP) error {
		t.Helper()
		s, err := notify.NewServer(o)
		require.NoError(t, err)
		return s.Send(t.Context(), message())
	}

	t.Run("StartTLSKeepsItPrivate", func(t *testing.T) {
		t.Parallel()
		s, o := sink(t, mailsink.Options{TLS: own}, plain)
		require.NoError(t, send(t, o))
		require.True(t, s.Messages()[0].IsPrivate)
	})

	t.Run("ACertificateOfNobodyIsRefused", func(t *testing.T) {
		t.Parallel()
		s, o := sink(t, mailsink.Options{TLS: own}, plain)
		o.RootCAs = nil
		require.ErrorContains(t, send(t, o), "certificate")
		require.Empty(t, s.Messages())
	})

	t.Run("AServerWithoutTLSIsRefused", func(t *testing.T) {
		t.Parallel()
		s, o := sink(t, mailsink.Options{}, plain)
		require.ErrorContains(t, send(t, o), "STARTTLS")
		require.Empty(t, s.Messages())
	})

	t.Run("TLSFromTheFirstByte", func(t *testing.T) {
		t.Parallel()
		s, o := sink(t, mailsink.Options{User: "pay", Password: password}, func(l net.Listener) net.Listener { return tls.NewListener(l, own) })
		o.TLS, o.User, o.Password = notify.TLS, "pay", password
		require.NoError(t, send(t, o))
		require.True(t, s.Messages()[0].IsPrivate)
		o.RootCAs = nil
		require.ErrorContains(t, send(t, o), "certificate")
	})

	t.Run("ThePasswordIsGivenAfterTLSOnly", func(t *testing.T) {
		t.Parallel()
		s, o := sink(t, mailsink.Options{TLS: own, User: "pay", Password: password}, plain)
		require.ErrorContains(t, send(t, o), "530", "the server wants one")
		o.User, o.Password = "pay", password
		require.NoError(t, send(t, o))
		require.Len(t, s.Messages(), 1)

		o.Password += "x"
		err := send(t, o)
		require.ErrorContains(t, err, "535")
		require.NotContains(t, err.Error(), password)
		require.NotErrorAs(t, err, new(*notify.RefusedError), "the operator can mend it")
	})
}

func TestNewServer(t *testing.T) {
	t.Parallel()

	for name, o := range map[string]notify.SMTP{
		"no host":           {Port: 25},
		"no port":           {Host: "localhost"},
		"no such TLS":       {Host: "localhost", Port: 25, TLS: "ssl"},
		"plain to another":  {Host: "smtp.example.com", Port: 25, TLS: notify.NoTLS},
		"plain password":    {Host: "::1", Port: 25, TLS: notify.NoTLS, User: "pay", Password: password},
		"no password":       {Host: "smtp.example.com", Port: 587, User: "pay"},
		"password of whom?": {Host: "smtp.example.com", Port: 587, Password: password},
	} {
		_, err := notify.NewServer(o)
		require.Error(t, err, name)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %v", o, o, o, err), password, name)
	}
	_, err := notify.NewServer(notify.SMTP{Host: "smtp.example.com", Port: 587})
	require.NoError(t, err)
}

// A server that says nothing holds a mail no longer than it may, nor longer than
// the process lives.
func TestServer_Silence(t *testing.T) {
	t.Parallel()

	silent := listen(t)
	t.Cleanup(func() { _ = silent.Close() })
	address, ok := silent.Addr().(*net.TCPAddr)
	require.True(t, ok)
	o := notify.SMTP{Host: "127.0.0.1", Port: address.Port, TLS: notify.NoTLS, Timeout: 50 * time.Millisecond}
	s, err := notify.NewServer(o)
	require.NoError(t, err)
	require.ErrorIs(t, s.Send(t.Context(), message()), context.DeadlineExceeded)

	o.Timeout = time.Hour
	s, err = notify.NewServer(o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	require.ErrorIs(t, s.Send(ctx, message()), context.Canceled)
}

// Names and titles are written by people. Whatever they write, a mail has the
// headers that we gave it and no other, and goes to nobody else.
func TestService_HeaderInjection(t *testing.T) {
	t.Parallel()

	const evil = "x\r\nBcc: thief@example.org\r\nX-Evil: 1\r\n\r\n<script>alert(1)</script>\x00\u2028\u202e\x1b[31m"
	b := setup(t, storetest.SQLite(t), nil)
	b.merchant = b.newMerchant(t, "Shop"+evil)
	for n, m := range evilMails(evil) {
		for _, locale := range notify.Locales() {
			m.Merchant, m.Key, m.To, m.Locale = b.merchant, fmt.Sprint(n, locale), payer, locale
			b.queue(t, m)
		}
	}
	b.runDue(t)
	got := b.sink.Messages()
	require.Len(t, got, len(notify.Kinds())*len(notify.Locales()))
	for _, m := range got {
		require.Equal(t, []string{payer}, m.To)
		parsed, err := netmail.ReadMessage(bytes.NewReader(m.Raw))
		require.NoError(t, err)
		names := map[string]int{}
		for name, values := range parsed.Header {
			names[name] = len(values)
		}
		require.Equal(t, map[string]int{
			"Auto-Submitted": 1, "Content-Language": 1, "Content-Type": 1, "Date": 1, "From": 1, "Message-Id": 1, "Mime-Version": 1, "Subject": 1, "To": 1,
		}, names)
		require.Equal(t, "<"+payer+">", parsed.Header.Get("To"))
		require.NotContains(t, m.Subject+m.From, "\n")
		require.NotContains(t, m.Subject+m.From, "\x1b")
		require.NotContains(t, m.Subject+m.From, "\u202e")
		from, err := netmail.ParseAddress(parsed.Header.Get("From"))
		require.NoError(t, err)
		require.Equal(t, "pay@example.com", from.Address)
		require.NotContains(t, m.HTML, "<script", "no tag of theirs is one of ours")
		require.NotContains(t, m.HTML, "javascript:")
	}
}

// evilMails is a mail of each kind with evil in all of its texts.
func evilMails(evil string) []notify.Mail {
	link := `javascript:alert("` + evil + `")`
	at := storetest.Epoch()
	return []notify.Mail{
		{Kind: notify.KindReceipt, Data: notify.Receipt{Reference: evil, Lines: []notify.Line{{Title: evil, Quantity: 1}}, PaidAt: at}},
		{Kind: notify.KindGiftForRecipient, Secret: evil, Data: notify.GiftForRecipient{Product: evil, From: evil, Message: evil, Occasion: evil, RedeemURL: link}},
		{Kind: notify.KindGiftForBuyer, Secret: evil, Data: notify.GiftForBuyer{Product: evil, Recipient: evil, RedeemURL: link}},
		{Kind: notify.KindRenewalComing, Data: notify.RenewalComing{Product: evil, Card: evil, At: at, PayURL: link, ManageURL: "//" + link}},
		{Kind: notify.KindRenewalFailed, Data: notify.RenewalFailed{Product: evil, Card: evil, PayURL: link}},
		{Kind: notify.KindCardExpiring, Data: notify.CardExpiring{Product: evil, Card: evil, UpdateURL: `https://x/"onclick="` + evil}},
		{Kind: notify.KindSubscriptionEnded, Data: notify.SubscriptionEnded{Product: evil, EndedAt: at, RenewURL: link}},
	}
}

// certificate returns one for this machine that it signed itself, and who trusts
// it.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}, pool
}
