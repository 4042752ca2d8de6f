package payture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/paygraph/paygraph/providers"
)

const (
	maxAnswer   = 1 << 20          // bytes of an answer that are read
	maxPatience = 10 * time.Second // for a call whose context has no deadline
	maxWaiting  = time.Hour        // the longest Retry-After that is believed
)

// careful returns a copy of the client that follows no redirect and keeps no
// cookies (the gateway sets some; they mean nothing to a server).
func careful(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return &own
}

// trouble is why there is no reply. What it means depends on the call: a read
// changed nothing, a write may have.
type trouble struct {
	neverSent  bool          // surely: no connection was had, so no byte left
	noAnswer   bool          // the connection or the time ended before an answer did
	status     int           // of an answer that is not 200
	retryAfter time.Duration // with status 429
	cause      error
}

// Payture's interfaces: the first part of a command's path.
const (
	pageInterface   = "apim"  // InPay
	walletInterface = "vwapi" // eWallet
)

// send posts a command of InPay.
func (c *Client) send(ctx context.Context, command string, fields url.Values) (reply, *trouble) {
	return c.post(ctx, pageInterface, command, fields)
}

// post posts a command's fields and reads its reply. The secrets are in the
// body, never in the address, so no access log has them. Those that are not the
// client's own are named, so that no answer tells them.
//
// Connections are reused. A POST that meets a dead one is sent again by
// net/http only when not one byte of it was written; once any was, the call
// fails and is not repeated.
func (c *Client) post(ctx context.Context, api, command string, fields url.Values, secrets ...Secret) (reply, *trouble) {
	if _, limited := ctx.Deadline(); !limited {
		bounded, cancel := context.WithTimeout(ctx, maxPatience)
		defer cancel()
		ctx = bounded
	}
	if err := ctx.Err(); err != nil {
		return reply{}, &trouble{neverSent: true, cause: err}
	}
	var trace connTrace
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace.hooks()),
		http.MethodPost, c.config.BaseURL+"/"+api+"/"+command, strings.NewReader(fields.Encode()))
	if err != nil {
		return reply{}, &trouble{neverSent: true, cause: errors.New("the address cannot be asked")}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/xml")

	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, &trouble{neverSent: trace.surelyNotSent(err), noAnswer: true, cause: publicCause(ctx, err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return reply{}, &trouble{
			status: response.StatusCode, retryAfter: retryAfter(response.Header), cause: fmt.Errorf("HTTP status %d", response.StatusCode),
		}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return reply{}, &trouble{noAnswer: ctx.Err() != nil || isTimeout(err), cause: publicCause(ctx, err)}
	}
	if len(body) > maxAnswer {
		return reply{}, &trouble{cause: errors.New("the answer is over 1 MiB")}
	}
	answer, err := readReply(body, command)
	if err == nil && c.repeatsSecrets(answer, secrets) {
		err = errors.New("the answer repeats our credentials")
	}
	if err != nil {
		return reply{}, &trouble{cause: err}
	}
	return answer, nil
}

// repeatsSecrets reports whether a word that may be logged holds one of ours,
// or one of those that the request had besides.
func (c *Client) repeatsSecrets(answer reply, secrets []Secret) bool {
	const shortest = 6 // a shorter one may be part of an honest word
	secrets = append(slices.Clone(secrets), c.config.Key, c.config.Password)
	if w := c.config.Wallet; w != nil {
		secrets = append(secrets, w.AddTerminal, w.PayTerminal, w.Password)
	}
	for _, secret := range secrets {
		for _, name := range []string{"ErrCode", "State", "Status"} {
			if len(secret) >= shortest && strings.Contains(strings.ToLower(answer.get(name)), strings.ToLower(string(secret))) {
				return true
			}
		}
	}
	return false
}

// ofWrite returns the error of a call that may have changed something. Only a
// request that never left is Unavailable; a status such as 429 or 503 is not
// documented by Payture, may come from anything in between, and proves nothing.
func (t *trouble) ofWrite(op providers.Op, orderNumber string) error {
	return t.ofChange(op, "order "+orderNumber)
}

// ofChange is ofWrite for calls that are about something else than an order.
func (t *trouble) ofChange(op providers.Op, about string) error {
	kind := providers.Unknown
	if t.neverSent {
		kind = providers.Unavailable
	}
	return failure(op, kind, "", fmt.Errorf("%s: %w", about, t.cause))
}

// ofRead returns the error of a call that changes nothing.
func (t *trouble) ofRead(op providers.Op, orderNumber string) error {
	return t.ofLook(op, "order "+orderNumber)
}

// ofLook is ofRead for calls that are about something else than an order.
func (t *trouble) ofLook(op providers.Op, about string) error {
	kind := providers.Malformed
	switch {
	case t.neverSent, t.noAnswer, t.status >= http.StatusInternalServerError:
		kind = providers.Unavailable
	case t.status == http.StatusTooManyRequests:
		kind = providers.RateLimited
	}
	e := failure(op, kind, "", fmt.Errorf("%s: %w", about, t.cause))
	if kind == providers.RateLimited {
		e.RetryAfter = t.retryAfter
	}
	return e
}

// connTrace watches whether a request got a connection. The hooks run on other
// goroutines too.
type connTrace struct{ asked, had atomic.Bool }

func (t *connTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn:      func(string) { t.asked.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { t.had.Store(true) },
		WroteHeaders: func() { t.had.Store(true) },
		WroteRequest: func(httptrace.WroteRequestInfo) { t.had.Store(true) },
	}
}

// surelyNotSent reports whether a failed request had no connection at all:
// dialling or the TLS handshake failed, or the time was over before. A
// transport that reports nothing is not trusted, unless it failed to dial.
func (t *connTrace) surelyNotSent(err error) bool {
	if t.had.Load() {
		return false
	}
	network, ok := errors.AsType[*net.OpError](err)
	return t.asked.Load() || ok && network.Op == "dial"
}

// publicCause keeps of a transport's error what is known to hold no secret. The
// rest quotes addresses (url.Error) and what the other side sent (net/http's
// own errors), and that may be our request.
func publicCause(ctx context.Context, err error) error {
	if done := ctx.Err(); done != nil {
		return done
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errors.New("the host's name was not resolved")
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errors.New("the certificate is not trusted")
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	case isTimeout(err):
		return context.DeadlineExceeded
	}
	return errors.New("the connection failed or does not speak HTTP")
}

func isTimeout(err error) bool {
	network, ok := errors.AsType[net.Error](err)
	return ok && network.Timeout()
}

// retryAfter reads the header's seconds; its date form is not used.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxWaiting)
}
