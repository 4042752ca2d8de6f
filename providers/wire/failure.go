package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// Failure is why there is no answer that can be read. What it means depends on the
// call: a read changed nothing, a write may have. Its cause holds no secret.
type Failure struct {
	NeverSent  bool          // surely: no connection was had, so no byte left
	NoAnswer   bool          // the connection or the time ended before an answer did
	Status     int           // of an answer; 0 when there was none
	RetryAfter time.Duration // when the answer told it
	Cause      error
}

// OfWrite is the kind of error of a call that may have changed something. Only a
// request that never left is Unavailable: a status such as 429 or 503 may come from
// anything in between. A vendor who documents one judges it before.
func (f *Failure) OfWrite() providers.Kind {
	if f.NeverSent {
		return providers.Unavailable
	}
	return providers.Unknown
}

// OfRead is the kind of error of a call that changes nothing.
func (f *Failure) OfRead() providers.Kind {
	switch {
	case f.NeverSent, f.NoAnswer, f.Status >= http.StatusInternalServerError:
		return providers.Unavailable
	case f.Status == http.StatusTooManyRequests:
		return providers.RateLimited
	}
	return providers.Malformed
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
