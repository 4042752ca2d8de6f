// Package mailsink is a mail server that delivers nothing: it takes what it is
// sent by SMTP, keeps the newest mails in memory and shows them on an inbox page.
// It is where mail goes in development, and what tests of mail talk to.
//
// It speaks real SMTP, with STARTTLS and a password when it is told to, listens on
// this machine only, and shows its pages to this machine only. It knows nothing of
// what writes the mails. Start with New; then session.go for the protocol, read.go
// for how a mail is taken apart, inbox.go for the pages.
package mailsink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/paygraph/paygraph/internal/pay"
)

// Options are what a Sink is made of. Clock is required.
type Options struct {
	Clock    pay.Clock
	Keep     int         // how many mails are kept, the oldest go first; 0: 1,000
	TLS      *tls.Config // offers STARTTLS; nil: none
	User     string      // whom it lets in, with Password; "": everybody
	Password string

	// Judge may refuse a step of a mail, to see what its sender makes of it. It is
	// given the sender's address, a recipient's, or of the message the first
	// recipient's, and returns nil to go on. It is called by several connections
	// at once.
	Judge func(step Step, address string) *Refusal
}

// Step is how far the sending of a mail is.
type Step string

// The steps, in their order.
const (
	StepSender    Step = "MAIL"
	StepRecipient Step = "RCPT"
	StepMessage   Step = "DATA" // after the whole of it has come
)

// Refusal is the answer that stops a mail: 4xx for now, 5xx for good.
type Refusal struct {
	Code int
	Text string
}

// keep is how many mails a Sink keeps unless told otherwise.
const keep = 1000

// The bounds of one mail and one connection.
const (
	maxBytes      = 1 << 20
	maxRecipients = 100
	idle          = 2 * time.Minute
)

// Message is a mail as it came.
type Message struct {
	Number    int       `json:"number"` // counts from 1
	At        time.Time `json:"at"`
	Sender    string    `json:"sender"`    // of the envelope
	To        []string  `json:"to"`        // of the envelope
	IsPrivate bool      `json:"isPrivate"` // it came by TLS
	From      string    `json:"from"`      // the header, decoded
	Subject   string    `json:"subject"`
	ID        string    `json:"id"`   // the Message-ID, without its brackets
	Text      string    `json:"text"` // the plain part, "" for none
	HTML      string    `json:"html"` // the HTML part, "" for none
	Raw       []byte    `json:"-"`
}

// Sink keeps mails. It is safe for concurrent use.
type Sink struct {
	o Options

	mu    sync.Mutex
	count int       // of all that ever came
	list  []Message // the oldest first
}

// New returns an empty Sink.
func New(o Options) *Sink {
	if o.Keep <= 0 {
		o.Keep = keep
	}
	return &Sink{o: o}
}

// Serve takes mail on the listener, which it closes, until ctx ends. It refuses a
// listener that others than this machine can reach.
func (s *Sink) Serve(ctx context.Context, listener net.Listener) error {
	if address, ok := listener.Addr().(*net.TCPAddr); !ok || !address.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("take mail at %s: it is not an address of this machine alone", listener.Addr()), listener.Close())
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{sink: s, conn: c}, nil
	}))
	server.Domain = "localhost"
	server.TLSConfig = s.o.TLS
	server.MaxMessageBytes, server.MaxRecipients = maxBytes, maxRecipients
	server.ReadTimeout, server.WriteTimeout = idle, idle
	server.ErrorLog = log.New(io.Discard, "", 0) // who hangs up in the middle is no news
	stop := context.AfterFunc(ctx, func() {
		_ = server.Close()
		_ = listener.Close()
	})
	defer stop()
	if err := server.Serve(listener); err != nil && ctx.Err() == nil {
		return fmt.Errorf("take mail at %s: %w", listener.Addr(), err)
	}
	return nil
}

// Messages returns the mails that are kept, the oldest first.
func (s *Sink) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Message(nil), s.list...)
}

// Message returns the mail of a number.
func (s *Sink) Message(number int) (Message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.list {
		if m.Number == number {
			return m, true
		}
	}
	return Message{}, false
}

// add keeps a mail and drops the oldest that is too many.
func (s *Sink) add(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	m.Number = s.count
	s.list = append(s.list, m)
	if more := len(s.list) - s.o.Keep; more > 0 {
		s.list = append([]Message(nil), s.list[more:]...)
	}
}
