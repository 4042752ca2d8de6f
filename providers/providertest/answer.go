package providertest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

func answerCases() []testCase {
	bad := func(spoil fault) func(*bench) string {
		return func(b *bench) string { return b.everyActWith(spoil, true) }
	}
	return []testCase{
		{name: "empty", fact: "an empty answer proves nothing", run: bad(saying(http.StatusOK, "text/plain", ""))},
		{name: "garbage", fact: "nor does one of random bytes", run: bad(saying(http.StatusOK, "application/octet-stream", "\x00\xff\xfe\x1b[31mOK"))},
		{name: "html", fact: "nor a page of HTML", run: bad(saying(http.StatusOK, "text/html", "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Success=\"True\"<br>"))},
		{name: "other-json", fact: "nor JSON of nobody", run: bad(saying(http.StatusOK, "application/json", `{"status":"ok","success":true,"data":null}`))},
		{name: "other-xml", fact: "nor XML of nobody", run: bad(saying(http.StatusOK, "text/xml", `<?xml version="1.0"?><ok Success="True"/>`))},
		{name: "half", fact: "nor half of the right one", run: bad(half)},
		{name: "cut", fact: "nor a connection that is cut after the work", run: bad(cutAfter)},
		{name: "cut-in-header", fact: "nor one that is cut in the header", run: bad(cutInHeader)},
		{name: "not-http", fact: "nor what is not HTTP", run: bad(notHTTP)},
		{name: "ten-megabytes", fact: "nor 10 MB, and they are not read", run: bad(tenMegabytes)},
		{name: "5xx", fact: "a 500, 502, 503 or 504 after the work proves nothing", run: serverErrors},
		{name: "4xx", fact: "a 400, 401, 403, 404, 422 or 429 with garbage is no success and no order that never was", run: clientErrors},
		{name: "redirect", fact: "a redirect is not followed", run: redirects},
		{name: "hangs", fact: "a call ends with its context's deadline; a write is Unknown then", run: hangs},
		{name: "hangs-in-body", fact: "so it does when the answer stops in its middle", run: hangsInBody},
		{name: "canceled-before", fact: "what was canceled before is surely not done, and nothing is sent", run: canceledBefore},
		{name: "canceled-during", fact: "what is canceled on its way stops; a write is Unknown then", run: canceledDuring},
		{name: "untrusted", fact: "nor is anything sent to a server whose certificate is not trusted", run: untrusted},
		{name: "nobody-listens", fact: "what found no server is surely not done", run: nobodyListens},
	}
}

// act is one thing that is asked of a vendor over the line.
type act struct {
	op    providers.Op
	name  string
	write bool
	two   bool                 // of an account that holds
	can   func(c *bench) bool  // whether the account can do it
	ready func(b *bench) doing // makes everything that comes before
}

// doing does it.
type doing func(context.Context) (providers.Result, error)

func acts() []act {
	always := func(*bench) bool { return true }
	able := func(op providers.Op) func(*bench) bool {
		return func(b *bench) bool { return b.caps.Can(op) }
	}
	saves := func(b *bench) bool { return savesCards().met(nil, b.caps) }
	return []act{
		{providers.OpStart, "start", true, false, always, func(b *bench) doing { return b.prepare(b.usual()).start }},
		{providers.OpSync, "sync", false, false, able(providers.OpSync), func(b *bench) doing {
			p := b.paid(b.usual())
			return func(ctx context.Context) (providers.Result, error) { return b.main.Sync(ctx, p.ref) }
		}},
		{providers.OpCapture, "capture", true, true, able(providers.OpCapture), func(b *bench) doing {
			p := b.paid(b.usual())
			return func(ctx context.Context) (providers.Result, error) {
				return must[providers.Capturer](b).Capture(ctx, p.ref, newName(), b.usual())
			}
		}},
		{providers.OpVoid, "void", true, true, able(providers.OpVoid), func(b *bench) doing {
			p := b.paid(b.usual())
			return func(ctx context.Context) (providers.Result, error) {
				return must[providers.Voider](b).Void(ctx, p.ref, newName())
			}
		}},
		{providers.OpRefund, "refund", true, false, able(providers.OpRefund), func(b *bench) doing {
			p, taken := b.taken()
			return func(ctx context.Context) (providers.Result, error) { return p.refunds(ctx, newName(), taken, taken) }
		}},
		{providers.OpExpire, "expire", true, false, able(providers.OpExpire), func(b *bench) doing {
			p := b.started(b.usual())
			return func(ctx context.Context) (providers.Result, error) {
				return must[providers.Expirer](b).Expire(ctx, p.ref, newName())
			}
		}},
		{providers.OpChargeSaved, "charge", true, false, saves, func(b *bench) doing {
			customer := b.customer()
			saved := b.saves(customer, b.target.Cards.Good)
			r := b.chargeOf(customer, newName(), saved.Ref)
			return func(ctx context.Context) (providers.Result, error) {
				return must[providers.SavedCharger](b).Charge(ctx, r)
			}
		}},
		{providers.OpSaveCard, "cards", false, false, able(providers.OpSaveCard), func(b *bench) doing {
			customer := b.customer()
			b.saves(customer, b.target.Cards.Good)
			return func(ctx context.Context) (providers.Result, error) {
				list, err := b.saver().Cards(ctx, customer)
				if err == nil && len(list) == 0 {
					return providers.Result{Status: providers.Declined}, nil // a list that is wrongly empty takes cards away
				}
				return providers.Result{}, err
			}
		}},
		{providers.OpSaveCard, "remove-card", true, false, able(providers.OpSaveCard), func(b *bench) doing {
			customer := b.customer()
			saved := b.saves(customer, b.target.Cards.Good)
			return func(ctx context.Context) (providers.Result, error) {
				return providers.Result{}, b.saver().RemoveCard(ctx, customer, saved.Ref)
			}
		}},
	}
}

func must[T any](b *bench) T {
	b.t.Helper()
	t, ok := b.main.(T)
	require.True(b.t, ok)
	return t
}

// eachAct calls do for all that the vendor's accounts can be asked.
func (b *bench) eachAct(do func(*bench, act)) {
	b.t.Helper()
	two := openBench(b.t, b.target, Options{TwoStage: true})
	for _, a := range acts() {
		on := b
		if a.two {
			on = two
		}
		if a.can(on) && (!a.two || on.caps.TwoStage) {
			do(on, a)
		}
	}
	two.keepsSecrets()
}

// everyActWith has every act meet a fault at its first request, at its second and so
// on, and judges what the adapter makes of it by the book. strict says that a write
// whose last request met it must be in doubt.
func (b *bench) everyActWith(spoil fault, strict bool) string {
	b.t.Helper()
	b.eachAct(func(b *bench, a act) {
		b.line.spoil(nil)
		call := a.ready(b)
		b.line.spoil(nil)
		_, err := call(b.context())
		require.NoError(b.t, b.note(err), a.name)
		requests := len(b.line.seen())
		require.Positive(b.t, requests, a.name)
		for first := 1; first <= requests; first++ {
			call := a.ready(b)
			before := b.book()
			b.line.spoil(func(w http.ResponseWriter, x exchange) {
				if x.number < first {
					x.forward().writeTo(w)
					return
				}
				spoil(w, x)
			})
			result, err := call(b.context())
			b.line.spoil(nil)
			b.judge(a, fmt.Sprintf("%s, request %d of %d", a.name, first, requests), before, result, b.note(err))
			asked := first > 1 && err == nil && result.Status == providers.Pending // it was accepted before, and how it stands is not known
			if first == requests && !asked {
				require.Error(b.t, err, "%s: an answer that proves nothing is neither a success nor a refusal", a.name)
			}
			if strict && first == requests && a.write && !asked {
				require.Equal(b.t, providers.Unknown, providers.KindOf(err), "%s: it may be done: %v", a.name, err)
			}
		}
	})
	return ""
}

// judge compares what was told with what was done.
func (b *bench) judge(a act, where string, before money, result providers.Result, err error) {
	b.t.Helper()
	after := b.book()
	switch {
	case err != nil && a.write:
		require.NotEqual(b.t, providers.Malformed, providers.KindOf(err), "%s: a write is Unknown: %v", where, err)
		if isNever(err) {
			require.Equal(b.t, before, after, "%s: it was told as surely not done: %v", where, err)
		}
		require.Zero(b.t, result, where)
	case err != nil:
		require.NotContains(b.t, []providers.Kind{providers.NotFound, providers.Unknown, providers.Conflict}, providers.KindOf(err), "%s: %v", where, err)
		require.Zero(b.t, result, where)
		require.Equal(b.t, before, after, where)
	case result.Status == providers.Captured && a.op != providers.OpSync:
		require.NotEqual(b.t, before, after, "%s: it was told as done", where)
	case result.Status == providers.Refunded && a.op == providers.OpRefund:
		require.Greater(b.t, after.Refunded, before.Refunded, where)
	case result.Status == providers.Declined:
		require.Equal(b.t, before, after, "%s: it was told as refused", where)
		require.True(b.t, a.write, "%s: %+v", where, result)
	}
}

// saying does the work and answers something else.
func saying(status int, contentType, body string) fault {
	return func(w http.ResponseWriter, x exchange) {
		x.forward()
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func half(w http.ResponseWriter, x exchange) {
	answer := x.forward()
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)+1))
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body[:len(answer.body)/2])
}

func cutAfter(w http.ResponseWriter, x exchange) {
	x.forward()
	cut(w, x)
}

// raw does the work and answers bytes that are no whole HTTP.
func raw(w http.ResponseWriter, x exchange, text string) {
	x.forward()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

func cutInHeader(w http.ResponseWriter, x exchange) { raw(w, x, "HTTP/1.1 200 OK\r\nContent-") }

func notHTTP(w http.ResponseWriter, x exchange) { raw(w, x, "SSH-2.0-OpenSSH_9.9\r\n\r\n") }

func tenMegabytes(w http.ResponseWriter, x exchange) {
	answer := x.forward()
	answer.body = append(answer.body, bytes.Repeat([]byte(" "), 10<<20)...)
	answer.writeTo(w)
}

const brokenPage = "<html><body><h1>Something went wrong</h1></body></html>"

func serverErrors(b *bench) string {
	for _, status := range []int{http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		b.everyActWith(saying(status, "text/html", brokenPage), true)
	}
	return ""
}

func clientErrors(b *bench) string {
	for _, status := range []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
	} {
		b.everyActWith(func(w http.ResponseWriter, _ exchange) { // the work is not done
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, brokenPage)
		}, false)
	}
	return ""
}

func redirects(b *bench) string {
	var followed atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	b.t.Cleanup(elsewhere.Close)
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect} {
		b.everyActWith(func(w http.ResponseWriter, x exchange) {
			x.forward()
			w.Header().Set("Location", elsewhere.URL+x.sent.target)
			w.WriteHeader(status)
		}, true)
	}
	require.Zero(b.t, followed.Load())
	return ""
}

// short is a deadline that a hanging server lets pass.
const short = 150 * time.Millisecond

// stuck calls every act with a line that hangs, and wants it to end.
func (b *bench) stuck(spoil fault, begin func(context.Context) (context.Context, context.CancelFunc), want error) string {
	b.t.Helper()
	b.eachAct(func(b *bench, a act) {
		call := a.ready(b)
		before := b.book()
		ctx, cancel := begin(b.context())
		defer cancel()
		b.line.spoil(func(w http.ResponseWriter, x exchange) {
			if want == context.Canceled { //nolint:errorlint // it is the very value
				cancel()
			}
			spoil(w, x)
		})
		result, err := call(ctx)
		b.line.spoil(nil)
		require.Error(b.t, b.note(err), a.name)
		require.ErrorIs(b.t, err, want, a.name)
		require.NoError(b.t, b.t.Context().Err())
		b.judge(a, a.name, before, result, err)
	})
	return ""
}

func untilDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, short)
}

func hangs(b *bench) string {
	return b.stuck(func(_ http.ResponseWriter, x exchange) {
		x.forward()
		<-x.context.Done()
	}, untilDeadline, context.DeadlineExceeded)
}

func hangsInBody(b *bench) string {
	return b.stuck(func(w http.ResponseWriter, x exchange) {
		answer := x.forward()
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		<-x.context.Done()
	}, untilDeadline, context.DeadlineExceeded)
}

func canceledDuring(b *bench) string {
	return b.stuck(func(_ http.ResponseWriter, x exchange) { <-x.context.Done() }, context.WithCancel, context.Canceled)
}

func canceledBefore(b *bench) string {
	b.eachAct(func(b *bench, a act) {
		call := a.ready(b)
		ctx, cancel := context.WithCancel(b.context())
		cancel()
		b.line.spoil(nil)
		result, err := call(ctx)
		b.requireKind(b.note(err), providers.Unavailable)
		require.ErrorIs(b.t, err, context.Canceled)
		require.Zero(b.t, result)
		require.Empty(b.t, b.line.seen(), a.name)
	})
	return ""
}

func nobodyListens(b *bench) string {
	type waiting struct {
		bench *bench
		name  string
		call  doing
	}
	var all []waiting
	b.eachAct(func(b *bench, a act) { all = append(all, waiting{b, a.name, a.ready(b)}) })
	for _, w := range all {
		_ = w.bench.line.server.Listener.Close() // several acts share a bench: closed before is closed
		w.bench.line.server.CloseClientConnections()
		w.bench.http.CloseIdleConnections()
	}
	for _, w := range all {
		result, err := w.call(b.context())
		b.requireKind(w.bench.note(err), providers.Unavailable)
		require.Zero(b.t, result, w.name)
	}
	return ""
}

func untrusted(b *bench) string {
	live := openBench(b.t, b.target, Options{Live: true})
	live.distrusts()
	_, err := live.prepare(live.usual()).start(live.context())
	b.requireKind(err, providers.Unavailable)
	require.Empty(b.t, live.line.all())
	live.keepsSecrets()
	return ""
}
