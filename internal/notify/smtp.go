package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/textproto"
	"time"

	"github.com/wneessen/go-mail"
)

// TLSMode says how the way to the mail server is kept private.
type TLSMode string

// The modes of TLS.
const (
	StartTLS TLSMode = "starttls" // plain, then TLS before anything is said; a server without it is refused
	TLS      TLSMode = "tls"      // TLS from the first byte
	NoTLS    TLSMode = "none"     // to this machine only
)

// Password is a secret that no verb shows.
type Password string

// Format writes ***.
func (Password) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// SMTP is a mail server and how to speak with it. Host and Port are required.
type SMTP struct {
	Host     string
	Port     int
	User     string // "": the server asks for none
	Password Password
	TLS      TLSMode        // "": StartTLS
	RootCAs  *x509.CertPool // who may have signed the server's certificate; nil: who the machine trusts
	Timeout  time.Duration  // of one mail, from the connection to the server's yes; 0: a minute
}

var _ Sender = (*Server)(nil)

// Server is a Sender that gives mails to a mail server, each on a connection of
// its own: a shop's mails are few, and a connection that was kept is one that may
// have died. It is safe for concurrent use.
type Server struct{ o SMTP }

// NewServer checks the settings. It does not connect.
func NewServer(o SMTP) (*Server, error) {
	if o.TLS == "" {
		o.TLS = StartTLS
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	switch {
	case o.Host == "" || o.Port < 1 || o.Port > 65535:
		return nil, errors.New("the mail server needs a host and a port")
	case o.TLS != StartTLS && o.TLS != TLS && o.TLS != NoTLS:
		return nil, fmt.Errorf("the mail server's TLS is %q; want starttls, tls or none", o.TLS)
	case o.TLS == NoTLS && !isThisMachine(o.Host):
		return nil, errors.New("mail goes without TLS to this machine only")
	case o.TLS == NoTLS && o.User != "":
		return nil, errors.New("a mail server's password goes nowhere without TLS")
	case (o.User == "") != (o.Password == ""):
		return nil, errors.New("the mail server needs a user and a password, or neither")
	}
	return &Server{o: o}, nil
}

func isThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Send is part of Sender.
func (s *Server) Send(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	// The library heeds its own clock once it is connected; a process that ends
	// must not wait for it.
	var unwatch func() bool
	defer func() {
		if unwatch != nil {
			unwatch()
		}
	}()
	client, err := mail.NewClient(s.o.Host, append(s.options(),
		mail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := s.dial(dialing, network, address)
			if err == nil {
				unwatch = context.AfterFunc(ctx, func() { _ = conn.Close() })
			}
			return conn, err
		}))...)
	if err != nil {
		return fmt.Errorf("prepare to speak with the mail server: %w", err)
	}
	message := s.message(m)
	if err := client.DialAndSendWithContext(ctx, message); err != nil && !message.IsDelivered() {
		return explain(ctx, err)
	}
	return nil // also when only the goodbye went wrong
}

func (s *Server) options() []mail.Option {
	const grace = time.Second // the context ends it first, and says why
	options := []mail.Option{
		mail.WithPort(s.o.Port), mail.WithTimeout(s.o.Timeout + grace), mail.WithoutNoop(), mail.WithTLSConfig(s.tls()),
	}
	switch s.o.TLS {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	case TLS:
		options = append(options, mail.WithSSL())
	case NoTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.o.User != "" {
		options = append(options, mail.WithUsername(s.o.User), mail.WithPassword(string(s.o.Password)),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	return options
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{ServerName: s.o.Host, RootCAs: s.o.RootCAs, MinVersion: tls.VersionTLS12}
}

func (s *Server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.o.TLS == TLS {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// message builds the mail. Names and the subject are encoded by the library, and
// no text becomes a header's name.
func (s *Server) message(m Message) *mail.Msg {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	message.FromMailAddress(&netmail.Address{Name: m.FromName, Address: m.From})
	message.ToMailAddress(&netmail.Address{Address: m.To})
	message.Subject(m.Subject)
	message.SetMessageIDWithValue(m.ID)
	message.SetDateWithValue(m.Date)
	message.SetGenHeader(mail.HeaderContentLang, m.Locale)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetBodyString(mail.TypeTextPlain, m.Text)
	message.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	return message
}

// explain turns the library's error into one that holds no address and nothing
// that the server said but its code.
func explain(ctx context.Context, err error) error {
	if failed, ok := errors.AsType[*mail.SendError](err); ok {
		return explainSending(ctx, failed)
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("reach the mail server: it answered %d", answer.Code)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("reach the mail server: %w", ctx.Err())
	}
	return fmt.Errorf("reach the mail server: %w", err)
}

func explainSending(ctx context.Context, failed *mail.SendError) error {
	code := failed.ErrorCode()
	switch {
	case code >= 500 && failed.Reason == mail.ErrSMTPRcptTo && !isOurFault(code):
		return &RefusedError{Code: code, At: "the recipient"}
	case code >= 500 && failed.Reason == mail.ErrSMTPDataClose && !isOurFault(code):
		return &RefusedError{Code: code, At: "the message"}
	case code != 0:
		return fmt.Errorf("%s: the mail server answered %d", failed.Reason, code)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", failed.Reason, ctx.Err())
	}
	return fmt.Errorf("%s: the connection to the mail server broke", failed.Reason)
}

// isOurFault reports whether the server refuses us and not the mail: it wants a
// password, another one, or another order of commands. The operator can mend that
// while the mail waits.
func isOurFault(code int) bool { return code == 503 || code == 530 || code == 535 || code == 538 }
