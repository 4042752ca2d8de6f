package notify_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	entmail "github.com/paygraph/paygraph/ent/mail"
	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
	"github.com/paygraph/paygraph/internal/viewer"
)

// payer is whom the mails of these tests are to. It must come out of no error and
// no log.
const payer = "payer.canary@example.org"

// gone is the address that the sink is told to refuse.
const gone = "gone.canary@example.org"

// bundle is a test's own database, mail server and service.
type bundle struct {
	clock    *storetest.Clock
	store    *store.Store
	runner   *jobs.Runner
	sink     *mailsink.Sink
	settings notify.SMTP
	mail     *notify.Service
	merchant pay.MerchantID
	log      *log
}

// setup makes a bundle whose mails go to a mail server that judge may spoil.
func setup(t *testing.T, url string, judge func(mailsink.Step, string) *mailsink.Refusal) *bundle {
	t.Helper()
	b := &bundle{clock: &storetest.Clock{}, log: &log{}}
	b.store = storetest.Open(t, url, b.clock)
	b.sink = mailsink.New(mailsink.Options{Clock: b.clock, Judge: judge})
	b.settings = notify.SMTP{Host: "127.0.0.1", Port: serve(t, b.sink, listen(t)), TLS: notify.NoTLS, Timeout: patience}
	b.mail, b.runner = b.service(t, b.server(t))
	b.merchant = b.newMerchant(t, "Shop")
	return b
}

// service makes a service as another process would have it.
func (b *bundle) service(t *testing.T, sender notify.Sender) (*notify.Service, *jobs.Runner) {
	t.Helper()
	logger := slog.New(slog.NewJSONHandler(b.log, nil))
	runner := jobs.New(jobs.Options{Store: b.store, Clock: b.clock, Logger: logger, Poll: 10 * time.Millisecond})
	s, err := notify.New(notify.Config{
		Store: b.store, Runner: runner, Vault: vault{}, Sender: sender, From: "pay@example.com",
		PublicURL: "https://pay.example.com", Logger: logger,
	})
	require.NoError(t, err)
	return s, runner
}

func (b *bundle) server(t *testing.T) *notify.Server {
	t.Helper()
	s, err := notify.NewServer(b.settings)
	require.NoError(t, err)
	return s
}

func (b *bundle) newMerchant(t *testing.T, name string) (id pay.MerchantID) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewMerchantID(tx.Now)
		return tx.Merchant.Create().SetID(id).SetCode(id.String()).SetName(name).SetTestMode(true).
			SetTimeZone("Europe/Moscow").SetCreatedAt(tx.Now).Exec(ctx)
	})
	return id
}

func (b *bundle) inTx(t *testing.T, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.InTx(t.Context(), f))
}

func (b *bundle) queue(t *testing.T, m notify.Mail) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error { return b.mail.Queue(ctx, tx, m) })
}

// ended is a mail that a subscription ended.
func (b *bundle) ended(key, to string) notify.Mail {
	return notify.Mail{
		Merchant: b.merchant, Kind: notify.KindSubscriptionEnded, Key: key, To: to, Locale: "en",
		Data: notify.SubscriptionEnded{Product: "News", EndedAt: storetest.Epoch()},
	}
}

// runDue runs what is due and returns how many runs that were.
func (b *bundle) runDue(t *testing.T) int {
	t.Helper()
	n, err := b.runner.RunDue(t.Context())
	require.NoError(t, err)
	return n
}

// rows lists the mails, the oldest first.
func (b *bundle) rows(t *testing.T) []*ent.Mail {
	t.Helper()
	list, err := b.store.Read().Mail.Query().Order(ent.Asc(entmail.FieldID)).All(viewer.AsProgram(t.Context()))
	require.NoError(t, err)
	return list
}

// quiet demands that nothing said names an address.
func (b *bundle) quiet(t *testing.T) {
	t.Helper()
	require.NotContains(t, b.log.String(), "canary")
	require.NotContains(t, b.problems(t), "canary")
}

// problems is the last errors of all jobs.
func (b *bundle) problems(t *testing.T) string {
	t.Helper()
	list, err := b.store.Read().Job.Query().All(viewer.AsProgram(t.Context()))
	require.NoError(t, err)
	var all strings.Builder
	for _, j := range list {
		if j.LastError != nil {
			all.WriteString(*j.LastError + "\n")
		}
	}
	return all.String()
}

// patience is how long a test waits for what must come, on a busy machine too.
const patience = time.Minute

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

// serve takes mail until the test ends, and returns the port.
func serve(t *testing.T, s *mailsink.Sink, l net.Listener) int {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	address, ok := l.Addr().(*net.TCPAddr)
	require.True(t, ok)
	return address.Port
}

// vault seals by turning the text round, and knows for whom.
type vault struct{}

var errOtherIdentity = errors.New("sealed for something else")

func (vault) Seal(plain []byte, identity string) ([]byte, error) {
	return append([]byte(identity+"\n"), reversed(plain)...), nil
}

func (vault) Open(sealed []byte, identity string) ([]byte, error) {
	rest, ok := bytes.CutPrefix(sealed, []byte(identity+"\n"))
	if !ok {
		return nil, errOtherIdentity
	}
	return reversed(rest), nil
}

func reversed(text []byte) []byte {
	turned := make([]byte, len(text))
	for at, b := range text {
		turned[len(text)-1-at] = b
	}
	return turned
}

// log is where a test's services log to.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
