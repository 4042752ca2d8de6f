package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/paygraph/paygraph/ent"
	entmail "github.com/paygraph/paygraph/ent/mail"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
)

// Message is one mail as a Sender takes it. Its headers' texts are of one line.
type Message struct {
	ID       string // of the Message-ID header, without its brackets; the same for every try
	FromName string
	From, To string // addresses alone
	Locale   string
	Date     time.Time
	Subject  string
	Text     string
	HTML     string
}

// Sender gives a message to a mail server.
type Sender interface {
	// Send returns nil when the server has taken the message, a *RefusedError
	// when it never will, and any other error when it may be tried again. No
	// error holds an address, or what the server said.
	Send(ctx context.Context, m Message) error
}

// RefusedError says that the mail server refuses a message for good.
type RefusedError struct {
	Code int    // of SMTP, 5xx
	At   string // what it refused: "the recipient", "the message"
}

// Error names the code and what was refused.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("the mail server refused %s with %d", e.At, e.Code)
}

// markTimeout bounds the note that a mail was sent. It is taken even when the
// process is ending: a note that is lost is a mail that comes twice.
const markTimeout = 10 * time.Second

// send is the handler of JobSend: it sends the mail of the job's key and notes so.
// The lease keeps two of it from running at once for one mail.
func (s *Service) send(ctx context.Context, job jobs.Job) error {
	id, err := pay.ParseMailID(job.Key)
	if err != nil {
		return jobs.Park(fmt.Errorf("send mail %s: %w", job.Key, err))
	}
	m, err := s.queued(ctx, id)
	if err != nil || m == nil {
		return err
	}
	message, err := s.compose(ctx, m)
	if err != nil {
		return fmt.Errorf("send mail %s: %w", id, err)
	}
	err = s.c.Sender.Send(ctx, message)
	refused, isFinal := errors.AsType[*RefusedError](err)
	if err != nil && !isFinal {
		return fmt.Errorf("send mail %s: %w", id, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTimeout)
	defer cancel()
	if isFinal {
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "mail refused", slog.String("mail", id.String()),
			slog.String("kind", m.Kind), slog.String("error", refused.Error()))
	}
	return s.mark(ctx, id, refused)
}

// queued returns the mail if it is still to be sent, else nil.
func (s *Service) queued(ctx context.Context, id pay.MailID) (*ent.Mail, error) {
	list, err := s.c.Store.Read().Mail.Query().Where(entmail.ID(id), entmail.Status(statusQueued)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read mail %s: %w", id, err)
	}
	if len(list) == 0 {
		return nil, nil //nolint:nilnil // what was sent before the job's end was written is no mistake
	}
	return list[0], nil
}

// compose writes the message of a mail.
func (s *Service) compose(ctx context.Context, m *ent.Mail) (Message, error) {
	shop, err := s.c.Store.Read().Merchant.Query().Where(merchant.ID(m.MerchantID)).Only(ctx)
	if err != nil {
		return Message{}, fmt.Errorf("read merchant %s: %w", m.MerchantID, err)
	}
	v := view{Locale: m.Locale, Shop: shop.Name, Zone: zoneOf(shop.TimeZone)}
	if v.Data, err = decode(Kind(m.Kind), m.Data); err != nil {
		return Message{}, err
	}
	if len(m.Secret) > 0 {
		if s.c.Vault == nil {
			return Message{}, errors.New("there is no vault for its secret")
		}
		plain, err := s.c.Vault.Open(m.Secret, m.ID.String())
		if err != nil {
			return Message{}, fmt.Errorf("open its secret: %w", err)
		}
		v.Code = string(plain)
	}
	words, err := s.render.render(Kind(m.Kind), v)
	if err != nil {
		return Message{}, err
	}
	name := s.from.Name
	if name == "" {
		name = shop.Name
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	return Message{
		ID: m.ID.String() + "@" + domain, FromName: headerLine(name), From: s.from.Address, To: m.Recipient, Locale: m.Locale,
		Date: s.c.Store.Clock().Now(), Subject: words.Subject, Text: words.Text, HTML: words.HTML,
	}, nil
}

// mark notes that a mail was sent or, with refused, that it never will be.
func (s *Service) mark(ctx context.Context, id pay.MailID, refused *RefusedError) error {
	err := s.c.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		update := tx.Mail.Update().Where(entmail.ID(id), entmail.Status(statusQueued))
		if refused != nil {
			update.SetStatus(statusRefused).SetLastError(refused.Error())
		} else {
			update.SetStatus(statusSent).SetSentAt(tx.Now)
		}
		return update.Exec(ctx) // none changed: another run of the job was first, and said what is true
	})
	if err != nil {
		return fmt.Errorf("note what became of mail %s: %w", id, err)
	}
	return nil
}
