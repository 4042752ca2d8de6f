package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
)

// How the way to the mail server is kept private.
const (
	MailStartTLS = "starttls" // plain, then TLS before anything is said, required
	MailTLS      = "tls"      // TLS from the first byte
	MailNoTLS    = "none"     // to this machine only
)

// Mail is the mail server that mails are given to. Without a host mail is off.
type Mail struct {
	Host     string
	Port     int
	User     string // "": the server asks for none
	Password Secret
	From     string // the sender's address, perhaps with a name: Pay <pay@example.com>
	TLS      string // starttls, tls or none
}

// Enabled reports whether mails are sent.
func (m Mail) Enabled() bool { return m.Host != "" }

// mailSource is where the settings of mail come from.
type mailSource struct {
	mail         Mail
	password     Secret
	passwordFile string
}

const (
	mailHost     = "--smtp-host (PAYGRAPH_SMTP_HOST)"
	mailFrom     = "--smtp-from (PAYGRAPH_SMTP_FROM)"
	mailTLS      = "--smtp-tls (PAYGRAPH_SMTP_TLS)"
	mailUser     = "--smtp-user (PAYGRAPH_SMTP_USER)"
	mailPassword = "PAYGRAPH_SMTP_PASSWORD or --smtp-password-file (PAYGRAPH_SMTP_PASSWORD_FILE)" //nolint:gosec // a name, no password
)

func (s *mailSource) add(f *flags) {
	f.text(&s.mail.Host, setting{
		Flag: "smtp-host", Env: "PAYGRAPH_SMTP_HOST", Placeholder: "HOST",
		Usage: "the mail server that receipts and the like are given to; without one no mail is sent",
	})
	f.take(setting{
		Flag: "smtp-port", Env: "PAYGRAPH_SMTP_PORT", Placeholder: "PORT",
		Usage: "its port; by default 587 with starttls, 465 with tls, 25 with none",
	}, func(text string) error {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return fmt.Errorf("port %q is not a number from 1 to 65535", text)
		}
		s.mail.Port = int(port)
		return nil
	})
	f.choice(&s.mail.TLS, setting{
		Flag: "smtp-tls", Env: "PAYGRAPH_SMTP_TLS", Default: MailStartTLS,
		Usage: "starttls and tls both refuse a server that does not speak TLS; none is for one on this machine",
	}, MailStartTLS, MailTLS, MailNoTLS)
	f.text(&s.mail.User, setting{Flag: "smtp-user", Env: "PAYGRAPH_SMTP_USER", Placeholder: "NAME", Usage: "whom the mail server lets in, if it asks"})
	f.take(setting{Env: "PAYGRAPH_SMTP_PASSWORD", Usage: "that user's password"}, func(text string) error {
		s.password = Secret(text)
		return nil
	})
	f.text(&s.passwordFile, setting{
		Flag: "smtp-password-file", Env: "PAYGRAPH_SMTP_PASSWORD_FILE", Placeholder: "FILE",
		Usage: "file with the same, instead of PAYGRAPH_SMTP_PASSWORD",
	})
	f.take(setting{
		Flag: "smtp-from", Env: "PAYGRAPH_SMTP_FROM", Placeholder: "ADDRESS",
		Usage: `whom mail is from: pay@example.com, or with a name "Pay <pay@example.com>"; without a name each merchant's stands there`,
	}, func(text string) error {
		if _, err := mail.ParseAddress(text); err != nil || strings.ContainsAny(text, "\r\n") {
			return errors.New("it is not an address such as pay@example.com")
		}
		s.mail.From = text
		return nil
	})
}

// read returns the settings, checked against each other.
func (s *mailSource) read(f *flags) Mail {
	m := s.mail
	if m.Host == "" {
		if m.Port != 0 || m.User != "" || m.From != "" || s.password != "" || s.passwordFile != "" {
			f.mistake("%s: it must be set, for other settings of mail are", mailHost)
		}
		return Mail{}
	}
	if strings.ContainsAny(m.Host, " :/@") && !isAddress(m.Host) {
		f.mistake("%s: it is not a host's name; its port has a setting of its own", mailHost)
	}
	if m.From == "" {
		f.mistake("%s: it must be set, for there is a mail server", mailFrom)
	}
	m.Password = s.readPassword(f)
	if m.User == "" && m.Password != "" {
		f.mistake("%s: it must be set, for there is a password", mailUser)
	}
	if m.User != "" && s.password == "" && s.passwordFile == "" {
		f.mistake("%s: it must be set, for there is a user", mailPassword)
	}
	if m.TLS == MailNoTLS && !isThisMachine(m.Host) {
		f.mistake("%s: none is for a server on this machine only: mails hold names, addresses and codes", mailTLS)
	}
	if m.TLS == MailNoTLS && m.User != "" {
		f.mistake("%s: none would send the password as it is", mailTLS)
	}
	if m.Port == 0 {
		m.Port = map[string]int{MailStartTLS: 587, MailTLS: 465, MailNoTLS: 25}[m.TLS]
	}
	return m
}

func (s *mailSource) readPassword(f *flags) Secret {
	switch {
	case s.passwordFile == "":
		return s.password
	case s.password != "":
		f.mistake("%s: set one of them, not both", mailPassword)
		return ""
	}
	content, err := readFile(s.passwordFile)
	if err != nil {
		f.mistake("--smtp-password-file (PAYGRAPH_SMTP_PASSWORD_FILE): %w", err)
		return ""
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" {
		f.mistake("--smtp-password-file (PAYGRAPH_SMTP_PASSWORD_FILE): the file is empty")
	}
	return Secret(password)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
