package providertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// patience is how long a case waits for what has to come.
const patience = 20 * time.Second

// usualMinor is what a payment is for when a case does not care: its digits stand
// nowhere else, so that they are found in an answer.
const usualMinor = 135_731

// bench is what one case works with: a world of its own.
type bench struct {
	t      *testing.T
	target Target
	world  World
	main   providers.Provider
	caps   providers.Capabilities
	line   *line
	hooks  *receiver
	http   *http.Client
	logs   *safeBuffer

	transport *http.Transport // of http

	before money // the book, before what a case is about

	mu   sync.Mutex
	errs []error         // every error that the adapter returned
	refs map[string]bool // the vendor's numbers that it told us
}

// safeBuffer is a buffer for several goroutines.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func openBench(t *testing.T, target Target, o Options) *bench {
	t.Helper()
	b := &bench{t: t, target: target, line: newLine(t, o.Live), logs: new(safeBuffer), refs: map[string]bool{}}
	b.transport = &http.Transport{MaxIdleConnsPerHost: 64}
	if o.Live {
		b.transport.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		b.transport.TLSClientConfig.RootCAs.AddCert(b.line.server.Certificate())
	}
	b.http = &http.Client{Transport: b.transport}
	t.Cleanup(b.http.CloseIdleConnections)
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	o.Through, o.HTTP, o.Clock = b.line.server.URL, b.http, pay.ClockFunc(func() time.Time { return noon })
	o.Logger = slog.New(slog.NewJSONHandler(b.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.hooks = newReceiver(t, o.Live)
	o.Notify = b.hooks.server.Client()
	b.world = target.Open(t, o)
	b.main = b.world.Account.Provider
	b.caps = b.main.Capabilities()
	b.line.mu.Lock()
	b.line.origin = b.world.Sandbox
	b.line.mu.Unlock()
	b.pace(vendorPace)
	for _, a := range b.accounts() {
		address := b.hooks.add(a.Name, a.Provider)
		if !a.Provider.Capabilities().SecretNotifyURL {
			b.control(http.MethodPost, "notify", map[string]any{"provider": target.Vendor, "account": a.Name, "url": address}, nil)
		}
	}
	return b
}

// distrusts has the adapter's client know no certificate, before it has called.
func (b *bench) distrusts() { b.transport.TLSClientConfig.RootCAs = x509.NewCertPool() }

func (b *bench) accounts() []Account { return append([]Account{b.world.Account}, b.world.Another...) }

// newName is a number of an order, an operation or a customer: 26 lower-case
// letters and digits.
func newName() string { return strings.ToLower(rand.Text()) }

// newPhone is a number that nobody else has here.
func newPhone() string {
	digits := strings.Map(func(r rune) rune { return '0' + r%10 }, rand.Text())
	return "+7701" + digits[:7]
}

// usual is an amount in the account's first currency.
func (b *bench) usual() pay.Money { return pay.Of(usualMinor, b.currency()) }

func (b *bench) currency() pay.Currency {
	if len(b.caps.Currencies) == 0 {
		return pay.RUB
	}
	return b.caps.Currencies[0]
}

// context ends with the case's patience.
func (b *bench) context() context.Context {
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	b.t.Cleanup(cancel)
	return ctx
}

// note keeps an error for keepsSecrets, and checks that it is one of the contract's.
func (b *bench) note(err error) error {
	b.t.Helper()
	if err == nil {
		return nil
	}
	b.mu.Lock()
	b.errs = append(b.errs, err)
	b.mu.Unlock()
	var told *providers.Error
	require.ErrorAs(b.t, err, &told, "an adapter returns no other errors")
	require.Equal(b.t, b.main.Name(), told.Provider)
	require.NotEmpty(b.t, told.Op, "%v", err)
	require.NotEmpty(b.t, told.Kind, "%v", err)
	return err
}

// payment is an order of this case.
type payment struct {
	b       *bench
	by      Account
	request providers.StartRequest
	ref     providers.Ref
	page    providers.Redirect
}

// prepare makes the request of a new order.
func (b *bench) prepare(amount pay.Money) *payment { return b.prepareAt(b.world.Account, amount) }

func (b *bench) prepareAt(a Account, amount pay.Money) *payment {
	ref := providers.Ref{OrderNumber: newName()}
	payer := b.target.Payer
	return &payment{b: b, by: a, ref: ref, request: providers.StartRequest{
		OrderNumber: ref.OrderNumber, Amount: amount, Description: "A book", ReturnURL: "https://shop.example/return/" + newName(),
		NotifyURL: b.notifyURL(a, ref), Payer: payer, Expires: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	}}
}

// notifyURL is where the notifications of an order go.
func (b *bench) notifyURL(a Account, ref providers.Ref) string {
	if a.Provider.Capabilities().SecretNotifyURL {
		return b.hooks.order(a.Name, ref)
	}
	return b.hooks.server.URL + "/accounts/" + a.Name
}

// start opens the page.
func (p *payment) start(ctx context.Context) (providers.Result, error) {
	result, err := p.by.Provider.Start(ctx, p.request)
	if err != nil {
		return result, p.b.note(err)
	}
	p.ref.ProviderRef = result.ProviderRef
	p.b.knows(p.ref)
	if result.Redirect != nil {
		p.page = *result.Redirect
	}
	return result, nil
}

// knows keeps the vendor's number of an order.
func (b *bench) knows(ref providers.Ref) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refs[ref.ProviderRef] = true
	b.hooks.told(ref)
}

func (b *bench) isKnown(providerRef string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refs[providerRef]
}

// started is an order whose page is open.
func (b *bench) started(amount pay.Money) *payment {
	b.t.Helper()
	p := b.prepare(amount)
	p.opens()
	return p
}

func (p *payment) opens() {
	p.b.t.Helper()
	result, err := p.start(p.b.context())
	require.NoError(p.b.t, err)
	require.Equal(p.b.t, providers.ActionRequired, result.Status)
	require.NotNil(p.b.t, result.Redirect)
}

// paid is an order that its payer paid, one that is held on a two-stage account, and
// of which the vendor says so.
func (b *bench) paid(amount pay.Money) *payment {
	b.t.Helper()
	return b.paidWith(amount, b.target.Cards.Good)
}

func (b *bench) paidWith(amount pay.Money, card Card) *payment {
	b.t.Helper()
	p := b.started(amount)
	b.visits(p.page.URL, card, approves)
	p.untilTaken()
	return p
}

// untilTaken waits until the vendor says that the money is taken, or held on a
// two-stage account.
func (p *payment) untilTaken() providers.Result {
	p.b.t.Helper()
	want := providers.Captured
	if p.by.Provider.Capabilities().TwoStage {
		want = providers.Authorized
	}
	return p.until(want)
}

// until waits until the vendor says one of these of the order.
func (p *payment) until(want ...providers.Status) providers.Result {
	p.b.t.Helper()
	return p.untilIt(fmt.Sprint(want), func(r providers.Result) bool {
		for _, w := range want {
			if r.Status == w {
				return true
			}
		}
		return false
	})
}

// untilIt waits until what the vendor says of the order fits: by Sync, or by proven
// notifications where it cannot be asked.
func (p *payment) untilIt(what string, fits func(providers.Result) bool) providers.Result {
	p.b.t.Helper()
	ctx, cancel := context.WithTimeout(p.b.t.Context(), patience)
	defer cancel()
	last := "nothing"
	for {
		deliveries, more := p.b.hooks.deliveries()
		if p.by.Provider.Capabilities().Can(providers.OpSync) {
			result, err := p.sync()
			if err == nil && fits(result) {
				return result
			}
			last = fmt.Sprintf("%+v, %v", result, err)
		} else {
			for _, d := range deliveries {
				for _, e := range d.events {
					if d.account == p.by.Name && isAbout(e, p.ref) && !e.Hint && e.Result != nil {
						last = fmt.Sprintf("%+v", *e.Result)
						if fits(*e.Result) {
							return *e.Result
						}
					}
				}
			}
		}
		pause := time.NewTimer(5 * time.Millisecond)
		select {
		case <-ctx.Done():
			require.Fail(p.b.t, "the vendor never said "+what, "the last it said was %s", last)
		case <-more:
		case <-pause.C:
		}
		pause.Stop()
	}
}

// sync asks what became of the order.
func (p *payment) sync() (providers.Result, error) {
	result, err := p.by.Provider.Sync(p.b.context(), p.ref)
	return result, p.b.note(err)
}

// refunds asks for an amount back, of what is taken by our books.
func (p *payment) refunds(ctx context.Context, handle string, amount, taken pay.Money) (providers.Result, error) {
	refunder, err := providers.As[providers.Refunder](p.by.Provider, providers.OpRefund)
	if err != nil {
		return providers.Result{}, err
	}
	result, err := refunder.Refund(ctx, providers.RefundRequest{Ref: p.ref, Handle: handle, Amount: amount, Taken: taken, Reason: "not wanted"})
	return result, p.b.note(err)
}

// isNever reports whether an error says that the thing was surely not done.
func isNever(err error) bool {
	switch providers.KindOf(err) {
	case providers.Rejected, providers.Unavailable, providers.Auth, providers.NotFound, providers.RateLimited, providers.Unsupported:
		return true
	case providers.Unknown, providers.Conflict, providers.Malformed:
	}
	return false
}

// requireKind checks the kind of an error.
func (b *bench) requireKind(err error, kinds ...providers.Kind) {
	b.t.Helper()
	require.Error(b.t, err)
	require.Contains(b.t, kinds, providers.KindOf(err), "%v", err)
}

// keepsSecrets checks that nothing that a person or a log may see holds a secret.
func (b *bench) keepsSecrets() {
	b.t.Helper()
	b.mu.Lock()
	errs := append([]error(nil), b.errs...)
	b.mu.Unlock()
	for _, err := range errs {
		for cause := err; cause != nil; cause = errors.Unwrap(cause) {
			b.requireNoSecret("an error", fmt.Sprintf("%v %+v %#v", cause, cause, cause))
		}
	}
	b.requireNoSecret("the log", b.logs.String())
}

func (b *bench) requireNoSecret(where, text string) {
	b.t.Helper()
	for _, secret := range b.hooks.secrets() {
		require.NotContains(b.t, text, secret, "%s tells the address of an order", where)
	}
	for _, a := range b.accounts() {
		for _, secret := range a.Secrets {
			require.GreaterOrEqual(b.t, len(secret), 8, "a secret of Account.Secrets is too short to be looked for")
			require.NotContains(b.t, strings.ToLower(text), strings.ToLower(secret), "%s tells a secret", where)
		}
	}
}
