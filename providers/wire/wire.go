// Package wire is the careful HTTP exchange that every adapter makes: one request,
// one whole answer, and when there is none, whether the request may have arrived.
// It bounds time and size, follows no redirect, keeps no cookie, sends no write
// twice, and lets no address and no word of the other side into an error, for
// either may hold a secret. It has, too, the few forms of text that vendors take
// alike: a line, an e-mail, an IP address. It knows no vendor and no bill.
//
// Start with Do; Failure says what a missing answer means. The texts are in text.go.
package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"time"
)

const (
	maxAnswer   = 1 << 20          // bytes of an answer that are read
	maxPatience = 10 * time.Second // for a call whose context has no deadline
	maxWaiting  = time.Hour        // the longest Retry-After that is believed
)

// Careful returns a copy of the client that follows no redirect and keeps no
// cookies.
func Careful(client *http.Client) *http.Client {
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	own.Jar = nil
	return &own
}

// Request is one call of a vendor's.
type Request struct {
	Method string
	URL    string      // without secrets: it is the other side's access log that has it
	Header http.Header // may be nil
	Body   []byte      // may be nil
}

// Answer is a whole answer, of any status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request once and reads the whole answer, up to 1 MiB, within ctx's
// deadline, or 10 s when it has none. The client is one that Careful returned.
//
// Connections are reused. A write that meets a dead one is sent again by net/http
// only when not one byte of it was written; once any was, the call fails and is not
// repeated. A GET may be.
func Do(ctx context.Context, client *http.Client, r Request) (Answer, *Failure) {
	if _, limited := ctx.Deadline(); !limited {
		bounded, cancel := context.WithTimeout(ctx, maxPatience)
		defer cancel()
		ctx = bounded
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, &Failure{NeverSent: true, Cause: err}
	}
	var trace connTrace
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace.hooks()), r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Answer{}, &Failure{NeverSent: true, Cause: errors.New("the address cannot be asked")}
	}
	if r.Header != nil {
		request.Header = r.Header.Clone()
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, &Failure{NeverSent: trace.surelyNotSent(err), NoAnswer: true, Cause: publicCause(ctx, err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, &Failure{Status: response.StatusCode, NoAnswer: ctx.Err() != nil || isTimeout(err), Cause: publicCause(ctx, err)}
	}
	if len(body) > maxAnswer {
		return Answer{}, &Failure{Status: response.StatusCode, Cause: errors.New("the answer is over 1 MiB")}
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// Unexpected makes a failure of an answer whose status is no word of the vendor's.
func (a Answer) Unexpected() *Failure {
	return &Failure{Status: a.Status, RetryAfter: retryAfter(a.Header), Cause: fmt.Errorf("HTTP status %d", a.Status)}
}

// retryAfter reads the header's seconds; its date form is not used.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 31)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxWaiting)
}
