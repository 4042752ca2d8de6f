// Package notify mails people what they should know: receipts, gifts and their
// codes, renewals, cards that are gone or have expired. It owns the table mails,
// the templates under templates/, and the job that sends.
//
// A mail is queued in the transaction of what it tells, so it is sent when that
// is true and never when it was undone. It knows no bill, gift or subscription
// beyond the data it is given, moves no status but a mail's own, and no address
// or code appears in its errors or logs.
//
// A mail is sent at least once: of a crash between the mail server's yes and our
// note of it comes a second one, with the same Message-ID, by which mail programs
// know it as the same.
//
// Start with Service.Queue and kinds.go for what can be told, then send.go for
// the job, smtp.go for the server, render.go for the words.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	entmail "github.com/paygraph/paygraph/ent/mail"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Vault keeps the secrets of mails: what is sealed under an identity opens under
// the same one only.
type Vault interface {
	Seal(plain []byte, identity string) ([]byte, error)
	Open(sealed []byte, identity string) ([]byte, error)
}

// Config is what a Service is made of.
type Config struct {
	Store     *store.Store // required
	Runner    *jobs.Runner // required; New adds the handler of mail.send
	Vault     Vault        // required for mails with a secret
	Sender    Sender       // nil: mail is off
	From      string       // the address that mail comes from, perhaps with a name: "Pay <pay@example.com>"; without one the merchant's name stands there
	PublicURL string       // our own origin: what links that begin with / are below
	Logger    *slog.Logger // of mails refused for good, and of mail that is off; nil: none
}

// Service queues and sends mails. It is safe for concurrent use.
type Service struct {
	c      Config
	from   mail.Address
	render *renderer
}

// Mail is one mail to queue. Kind, Merchant, Key and Data are required.
type Mail struct {
	Merchant  pay.MerchantID
	Kind      Kind
	Key       string    // what it tells, as "receipt/bill_…": the merchant's same key is mailed once, ever
	To        string    // an address alone; "": nobody to tell, nothing is queued
	Locale    string    // BCP 47; see LocaleOf
	Data      any       // the type that belongs to Kind
	Secret    string    // a gift's code, kept sealed; "" for none
	NotBefore time.Time // zero: at once
}

// JobSend is the kind of the job that sends one mail. Its key is the mail's id.
const JobSend jobs.Kind = "mail.send"

// prioritySend is of all jobs' nearly the last: nobody's money waits for a mail.
const prioritySend = 65

// The statuses of a mail.
const (
	statusQueued  = "QUEUED"  // its job sends it
	statusSent    = "SENT"    // the mail server has taken it; final
	statusRefused = "REFUSED" // the mail server will never take it; final
)

// New returns a Service and gives the runner its handler. Without a Sender mail is
// off: Queue checks and writes nothing, and mails that were queued before wait
// until it is on again.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Runner == nil {
		return nil, errors.New("mail needs a store and a runner")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{c: c}
	if c.Sender == nil {
		c.Logger.Info("mail is off: no mail server is set")
		return s, nil
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil || !isAddress(from.Address) {
		return nil, errors.New("the sender of mail is not an address such as pay@example.com")
	}
	s.from = *from
	if s.render, err = newRenderer(c.PublicURL); err != nil {
		return nil, err
	}
	// Three days of tries; one that holds on longer than a mail server may is cut.
	policy := jobs.Patient()
	policy.Timeout = 2 * time.Minute
	c.Runner.Handle(JobSend, policy, s.send)
	return s, nil
}

// Enabled reports whether mail is on.
func (s *Service) Enabled() bool { return s.c.Sender != nil }

// Queue writes the mail within tx, to be sent after its commit, not before
// NotBefore. A mail whose key the merchant has used is not written again, whatever
// else it says. When mail is off, nothing is.
//
// It returns CodeInvalid for a To that is not one address, and another error for a
// mail that is wrong in itself: a mistake of the caller's code.
func (s *Service) Queue(ctx context.Context, tx *store.Tx, m Mail) error {
	if m.To == "" {
		return nil
	}
	if !isAddress(m.To) {
		return pay.Invalid("email.malformed", "This is not an e-mail address.", "email")
	}
	if m.Merchant.IsZero() || m.Key == "" {
		return fmt.Errorf("queue mail of kind %s: it needs a merchant and a key", m.Kind)
	}
	data, err := encode(m.Kind, m.Data)
	if err != nil {
		return fmt.Errorf("queue mail %s: %w", m.Key, err)
	}
	if !s.Enabled() {
		return nil
	}
	id := pay.NewMailID(tx.Now)
	var sealed any // null for none
	if m.Secret != "" {
		if sealed, err = s.seal(id, m.Secret); err != nil {
			return fmt.Errorf("queue mail %s: %w", m.Key, err)
		}
	}
	n, err := tx.Raw(ctx, `INSERT INTO mails (id, merchant_id, kind, "key", recipient, locale, data, secret, status, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (merchant_id, "key") DO NOTHING`,
		id, m.Merchant, string(m.Kind), m.Key, m.To, LocaleOf(&m.Locale), string(data), sealed, statusQueued, tx.Now)
	if err != nil {
		return fmt.Errorf("queue mail %s: %w", m.Key, err)
	}
	if n == 0 {
		return nil // told before
	}
	runAt := tx.Now
	if m.NotBefore.After(runAt) {
		runAt = m.NotBefore
	}
	if err := jobs.Schedule(ctx, tx, jobs.Spec{Kind: JobSend, Key: id.String(), RunAt: runAt, Priority: prioritySend}); err != nil {
		return fmt.Errorf("queue mail %s: %w", m.Key, err)
	}
	if runAt.Equal(tx.Now) {
		tx.AfterCommit(s.c.Runner.Wake)
	}
	return nil
}

// Withdraw takes back, within tx, a mail that waits to be sent: what it tells is no
// longer so, as of a gift that was voided before its day. Its key may be used
// again. One that is being sent at this moment may still go out, and one that was
// sent stays; there need be none.
func (s *Service) Withdraw(ctx context.Context, tx *store.Tx, merchant pay.MerchantID, key string) error {
	waiting := []predicate.Mail{entmail.MerchantID(merchant), entmail.Key(key), entmail.Status(statusQueued)}
	list, err := tx.Mail.Query().Where(waiting...).All(ctx)
	if err != nil {
		return fmt.Errorf("withdraw mail %s: %w", key, err)
	}
	for _, m := range list {
		if _, err := tx.Mail.Delete().Where(append(waiting, entmail.ID(m.ID))...).Exec(ctx); err != nil {
			return fmt.Errorf("withdraw mail %s: %w", key, err)
		}
		if err := jobs.Drop(ctx, tx, JobSend, m.ID.String()); err != nil {
			return fmt.Errorf("withdraw mail %s: %w", key, err)
		}
	}
	return nil
}

func (s *Service) seal(id pay.MailID, secret string) ([]byte, error) {
	if s.c.Vault == nil {
		return nil, errors.New("there is no vault for its secret")
	}
	return s.c.Vault.Seal([]byte(secret), id.String())
}

// longestAddress is RFC 5321's path without its brackets.
const longestAddress = 254

// isAddress reports whether s is one e-mail address without a name beside it.
func isAddress(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && len(s) <= longestAddress && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// longestHeader bounds a subject and a sender's name, in characters.
const longestHeader = 150

// headerLine makes text by anybody fit for a header: of one line, printed and not
// too long.
func headerLine(text string) string {
	line := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if runes := []rune(line); len(runes) > longestHeader {
		return string(runes[:longestHeader-1]) + "…"
	}
	return line
}
