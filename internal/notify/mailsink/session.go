package mailsink

import (
	"crypto/subtle"
	"fmt"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/paygraph/paygraph/internal/pay"
)

// session is one connection's mails, one after the other.
type session struct {
	sink    *Sink
	conn    *smtp.Conn
	isKnown bool // it has given the password

	sender string
	to     []string
}

var _ smtp.AuthSession = (*session)(nil)

// AuthMechanisms is part of smtp.AuthSession. The server asks for it after
// STARTTLS only.
func (s *session) AuthMechanisms() []string {
	if s.sink.o.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth is part of smtp.AuthSession.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		o := s.sink.o
		if subtle.ConstantTimeCompare([]byte(user+"\x00"+password), []byte(o.User+"\x00"+o.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.isKnown = true
		return nil
	}), nil
}

// Mail is part of smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.o.User != "" && !s.isKnown {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	if err := s.judge(StepSender, from); err != nil {
		return err
	}
	s.sender = from
	return nil
}

// Rcpt is part of smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.judge(StepRecipient, to); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data is part of smtp.Session.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.judge(StepMessage, s.to[0]); err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: fmt.Sprintf("This is no mail: %v", err)}
	}
	m.At = pay.Instant(s.sink.o.Clock.Now())
	m.Sender, m.To = s.sender, append([]string(nil), s.to...)
	_, m.IsPrivate = s.conn.TLSConnectionState()
	s.sink.add(m)
	return nil
}

// Reset is part of smtp.Session.
func (s *session) Reset() { s.sender, s.to = "", nil }

// Logout is part of smtp.Session.
func (s *session) Logout() error { return nil }

func (s *session) judge(step Step, address string) error {
	if s.sink.o.Judge == nil {
		return nil
	}
	refusal := s.sink.o.Judge(step, address)
	if refusal == nil {
		return nil
	}
	return &smtp.SMTPError{Code: refusal.Code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: refusal.Text}
}
