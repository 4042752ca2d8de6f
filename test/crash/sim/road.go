package sim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"syscall"
	"time"
)

// straight is a transport that calls a handler, and nothing else.
type straight struct{ handler http.Handler }

// RoundTrip serves the request. A handler that cuts the connection is an
// unexpected end of the answer.
func (t straight) RoundTrip(r *http.Request) (response *http.Response, err error) {
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler { //nolint:errorlint // the very value that net/http compares
			response, err = nil, io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	in.Host = r.URL.Host
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() { _ = in.Body.Close() }()
	answer := &answer{header: http.Header{}}
	t.handler.ServeHTTP(answer, in)
	return &http.Response{
		Status: http.StatusText(answer.code()), StatusCode: answer.code(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: r,
	}, nil
}

// answer records a response.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

func (a *answer) code() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// road is the program's way to the provider. It takes time, in which other things
// happen; the network on it fails; and the process may die on it.
type road struct{ w *world }

// The chances of one call of a provider.
const (
	dieOnTheWay = 1.0 / 1500 // there, and again back
	withOthers  = 0.15       // something else may happen while the program waits
	slowReply   = 0.02       // takes seconds
	tooSlow     = 0.004      // comes after the program has given up
)

// giveUp is how long the program waits for one answer.
const giveUp = 10 * time.Second

// RoundTrip carries one request there and its answer back.
func (t road) RoundTrip(r *http.Request) (*http.Response, error) {
	w := t.w
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	command := path.Base(r.URL.Path)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	what := command + " " + w.trace.name("order", orderIn(body))
	if w.storm.strikes(w, command) {
		w.result.Faults++
		w.say("%s: no connection", what)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	w.pass(w.dice(5*time.Millisecond, 200*time.Millisecond))
	w.mayDie("before "+what, dieOnTheWay)
	response, err := straight{w.vendor.Handler()}.RoundTrip(r)
	said := w.read(response, err)
	w.mayDie("after "+what, dieOnTheWay)
	if !w.calm && w.chance(tooSlow) {
		w.result.Faults++
		w.meanwhile(giveUp)
		w.say("%s: %s, too late", what, said)
		return nil, context.DeadlineExceeded
	}
	if w.chance(slowReply) {
		w.meanwhile(w.dice(time.Second, giveUp-time.Second))
	} else {
		w.pass(w.dice(5*time.Millisecond, 400*time.Millisecond))
	}
	w.say("%s: %s", what, said)
	return response, err
}

// pass lets a moment pass, at times with what happens in it.
func (w *world) pass(d time.Duration) {
	if w.chance(withOthers) {
		w.meanwhile(d)
		return
	}
	w.clock.reach(w.clock.world().Add(d))
}

// meanwhile lets time pass with what happens in it, while the program waits.
func (w *world) meanwhile(d time.Duration) {
	until := w.clock.world().Add(d)
	if w.depth < deepest {
		w.advance(until)
	}
	w.clock.reach(until)
}

var (
	orderName = regexp.MustCompile(`OrderId=([0-9a-z]{26})`)
	xmlWords  = regexp.MustCompile(`(Success|ErrCode|State|Amount|NewAmount)="([^"]*)"`)
)

// orderIn finds the order number in a command.
func orderIn(body []byte) string {
	text, err := url.QueryUnescape(string(body))
	if err != nil {
		return ""
	}
	if found := orderName.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// read counts an answer that went wrong, and writes what it says without its ids.
func (w *world) read(response *http.Response, err error) string {
	if err != nil {
		w.result.Faults++
		return "cut off"
	}
	body, readErr := io.ReadAll(response.Body)
	if readErr != nil {
		w.fail(errors.Join(readErr, errors.New("read a recorded answer")))
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if response.StatusCode != http.StatusOK || bytes.HasPrefix(body, []byte("<!DOCTYPE")) {
		w.result.Faults++
		return fmt.Sprintf("%d, no answer", response.StatusCode)
	}
	text := ""
	for _, found := range xmlWords.FindAllSubmatch(body, -1) {
		text += fmt.Sprintf("%s=%s ", found[1], found[2])
	}
	return text
}
