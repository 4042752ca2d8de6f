package gqlhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestWebSocket_RunsOperations(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)
	c := e.dialAcked(t)

	t.Run("SubscriptionSendsAndCompletes", func(t *testing.T) {
		c := c.within(t)
		c.subscribe("a", "subscription { count(to: 2) }")
		c.expect(`{"id":"a","type":"next","payload":{"data":{"count":1}}}`)
		c.expect(`{"id":"a","type":"next","payload":{"data":{"count":2}}}`)
		c.expect(`{"id":"a","type":"complete"}`)
	})
	t.Run("QueryAnswersOnce", func(t *testing.T) {
		c := c.within(t)
		c.send(`{"id":"q","type":"subscribe","payload":{"query":"query($n: Long!) { echo(n: $n) }","variables":{"n":9007199254740993}}}`)
		c.expect(`{"id":"q","type":"next","payload":{"data":{"echo":9007199254740993}}}`)
		c.expect(`{"id":"q","type":"complete"}`)
	})
	t.Run("IDIsFreeAgainAfterComplete", func(t *testing.T) {
		c := c.within(t)
		c.subscribe("q", "{ echo(n: 3) }")
		c.expect(`{"id":"q","type":"next","payload":{"data":{"echo":3}}}`)
		c.expect(`{"id":"q","type":"complete"}`)
	})
	t.Run("InvalidDocumentIsAnErrorMessage", func(t *testing.T) {
		c := c.within(t)
		c.subscribe("v", "{ nosuch }")
		c.expect(`{"id":"v","type":"error","payload":[{"message":"Cannot query field \"nosuch\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED","requestId":"req-1"}}]}`)
	})
	t.Run("StreamThatNeverStartsIsAnErrorMessage", func(t *testing.T) {
		c := c.within(t)
		c.subscribe("d", "subscription { denied }")
		c.expect(`{"id":"d","type":"error","payload":[{"message":"not for you","extensions":{"requestId":"req-1"}}]}`)
	})
	t.Run("PanicIsAnErrorMessage", func(t *testing.T) {
		c := c.within(t)
		c.subscribe("p", "subscription { panic }")
		c.expect(`{"id":"p","type":"error","payload":[{"message":"Internal error.","extensions":{"code":"INTERNAL","requestId":"req-1"}}]}`)
	})
	t.Run("PingIsAnswered", func(t *testing.T) {
		c := c.within(t)
		c.send(`{"type":"ping","payload":{"secret":"` + canary + `"}}`)
		c.expect(`{"type":"pong"}`)
	})
	t.Run("PongAndUnknownCompleteAreIgnored", func(t *testing.T) {
		c := c.within(t)
		c.send(`{"type":"pong"}`)
		c.send(`{"id":"nobody","type":"complete"}`)
		c.send(`{"type":"ping"}`)
		c.expect(`{"type":"pong"}`)
	})
	t.Run("FramePingIsAnswered", func(t *testing.T) {
		c := c.within(t)
		heard := make(chan struct{}, 1)
		c.SetPongHandler(func(string) error { heard <- struct{}{}; return nil })
		require.NoError(t, c.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)))
		c.send(`{"type":"ping"}`)
		c.expect(`{"type":"pong"}`)
		wait(t, heard)
	})
}

func TestWebSocket_ClientCompletes(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)
	c := e.dialAcked(t)

	c.subscribe("s", "subscription { forever }")
	wait(t, e.schema.started)
	e.schema.feed <- "1"
	c.expect(`{"id":"s","type":"next","payload":{"data":{"forever":1}}}`)
	c.send(`{"id":"s","type":"complete"}`)
	wait(t, e.schema.canceled)
	c.subscribe("s", "subscription { count(to: 0) }") // nothing came between
	c.expect(`{"id":"s","type":"complete"}`)
}

func TestWebSocket_CloseCodes(t *testing.T) {
	t.Parallel()
	refuse := func(err error) func(*Options) {
		return func(o *Options) {
			o.Init = func(ctx context.Context, _ InitPayload) (context.Context, time.Time, error) {
				return ctx, time.Time{}, err
			}
		}
	}
	const initialise = `{"type":"connection_init"}`
	const forever = `{"id":"x","type":"subscribe","payload":{"query":"subscription { forever }"}}`
	tests := []struct {
		name   string
		change func(*Options)
		send   []string
		code   int
	}{
		{"SecondInit", nil, []string{initialise, initialise}, 4429},
		{"SubscribeBeforeAck", nil, []string{forever}, 4401},
		{"DuplicateID", nil, []string{initialise, forever, forever}, 4409},
		{"BadToken", refuse(errors.New("bad " + canary)), []string{initialise}, 4403},
		{"TokenCannotBeJudged", refuse(fmt.Errorf("keys: %w", ErrUnavailable)), []string{initialise}, 1013},
		{"NotJSON", nil, []string{canary}, 4400},
		{"NotUTF8", nil, []string{"{\"type\":\"ping\",\"x\":\"\xff\"}"}, 4400},
		{"UnknownType", nil, []string{`{"type":"` + canary + `"}`}, 4400},
		{"OldProtocol", nil, []string{initialise, `{"id":"1","type":"start","payload":{}}`}, 4400},
		{"NoType", nil, []string{`{}`}, 4400},
		{"ServerMessage", nil, []string{initialise, `{"id":"1","type":"next","payload":{}}`}, 4400},
		{"StringPayload", nil, []string{`{"type":"ping","payload":"x"}`}, 4400},
		{"ListInitPayload", nil, []string{`{"type":"connection_init","payload":[]}`}, 4400},
		{"SubscribeWithoutID", nil, []string{initialise, `{"type":"subscribe","payload":{"query":"{ boom }"}}`}, 4400},
		{"SubscribeWithEmptyID", nil, []string{initialise, `{"id":"","type":"subscribe","payload":{"query":"{ boom }"}}`}, 4400},
		{"SubscribeWithNumberID", nil, []string{initialise, `{"id":7,"type":"subscribe","payload":{"query":"{ boom }"}}`}, 4400},
		{"SubscribeWithLongID", nil, []string{initialise, `{"id":"` + strings.Repeat("x", 257) + `","type":"subscribe","payload":{"query":"{ boom }"}}`}, 4400},
		{"SubscribeWithoutPayload", nil, []string{initialise, `{"id":"1","type":"subscribe"}`}, 4400},
		{"SubscribeWithoutQuery", nil, []string{initialise, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		{"CompleteWithoutID", nil, []string{initialise, `{"type":"complete"}`}, 4400},
		{"TooLarge", nil, []string{`{"type":"ping","x":"` + strings.Repeat("x", 64<<10) + `"}`}, 1009},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := setup(t, tt.change)
			c := e.dial(t)
			for _, message := range tt.send {
				c.send(message)
			}
			c.skipAcks()
			c.expectClose(tt.code)
		})
	}
}

// skipAcks reads past connection_ack, if there is one: expectClose then finds
// the close frame again, because gorilla repeats a read error.
func (c *client) skipAcks() {
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return
		}
	}
}

func TestWebSocket_BinaryIsInvalid(t *testing.T) {
	t.Parallel()
	c := setup(t, nil).dial(t)

	require.NoError(t, c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"connection_init"}`)))
	c.expectClose(4400)
}

func TestWebSocket_Upgrade(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)
	address := "ws" + strings.TrimPrefix(e.url, "http")

	t.Run("WithoutSubprotocolCloses", func(t *testing.T) {
		conn, response, err := websocket.DefaultDialer.Dial(address, nil)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		(&client{conn, t}).expectClose(4406)
	})
	t.Run("ForeignOriginIsRefused", func(t *testing.T) {
		_, response, err := websocket.DefaultDialer.Dial(address, http.Header{"Origin": {"https://evil.example"}})
		require.Error(t, err)
		body, _ := io.ReadAll(response.Body)
		require.NoError(t, response.Body.Close())
		require.Equal(t, 403, response.StatusCode)
		require.JSONEq(t, `{"errors":[{"message":"Pages of this origin may not connect.","extensions":{"code":"FORBIDDEN","requestId":"req-1"}}]}`, string(body))
	})
	t.Run("BrokenHandshakeIsRefused", func(t *testing.T) {
		got := e.do(t, http.MethodGet, "", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}})
		require.Equal(t, 400, got.status)
		require.Contains(t, got.body, CodeBadRequest)
	})
}

func TestWebSocket_InitDecidesWhoAsks(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 2)
	e := setup(t, func(o *Options) {
		o.Init = func(ctx context.Context, payload InitPayload) (context.Context, time.Time, error) {
			seen <- payload.Authorization()
			return context.WithValue(ctx, requestIDKey{}, "of "+payload.Authorization()), time.Time{}, nil
		}
	})
	c := e.dial(t)

	c.send(`{"type":"connection_init","payload":{"authorization":"Bearer x"}}`)
	c.expect(`{"type":"connection_ack"}`)
	require.Equal(t, "Bearer x", <-seen)
	c.subscribe("a", "subscription { denied }")
	c.expect(`{"id":"a","type":"error","payload":[{"message":"not for you","extensions":{"requestId":"of Bearer x"}}]}`)
}

func TestWebSocket_Limit(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)
	c := e.dialAcked(t)

	for i := range 10 {
		c.subscribe(fmt.Sprint("s", i), "subscription { forever }")
		wait(t, e.schema.started)
	}
	c.subscribe("s10", "{ echo(n: 1) }")
	c.expect(`{"id":"s10","type":"error","payload":[{"message":"Too many operations run on this socket.","extensions":{"code":"LIMIT_EXCEEDED","limit":10,"requestId":"req-1"}}]}`)
	c.send(`{"id":"s3","type":"complete"}`)
	c.subscribe("s10", "{ echo(n: 1) }")
	c.expect(`{"id":"s10","type":"next","payload":{"data":{"echo":1}}}`)
	c.expect(`{"id":"s10","type":"complete"}`)
}

func TestWebSocket_Time(t *testing.T) {
	t.Parallel()

	t.Run("InitThatDoesNotComeCloses", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dial(t)
		require.Eventually(t, func() bool { return e.sockets.Len() == 1 }, patience, time.Millisecond) // its time counts from here
		e.pass(t, 3*time.Second-1)
		e.pass(t, 1)
		c.expectClose(4408)
	})
	t.Run("InitThatHangsCloses", func(t *testing.T) {
		t.Parallel()
		asked := make(chan struct{})
		e := setup(t, func(o *Options) {
			o.Init = func(ctx context.Context, _ InitPayload) (context.Context, time.Time, error) {
				close(asked)
				<-ctx.Done()
				return ctx, time.Time{}, ctx.Err()
			}
		})
		c := e.dial(t)
		c.send(`{"type":"connection_init"}`)
		wait(t, asked)
		e.pass(t, 3*time.Second)
		c.expectClose(4408)
	})
	t.Run("SocketIsPingedAndSilenceEndsIt", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dialAcked(t)
		e.pass(t, 20*time.Second)
		c.expect(`{"type":"ping"}`)
		e.pass(t, 20*time.Second)
		_, _, err := c.ReadMessage()
		require.True(t, websocket.IsCloseError(err, websocket.CloseAbnormalClosure) || errors.Is(err, io.EOF) || isReset(err), "%v", err)
	})
	t.Run("PongKeepsItAlive", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dialAcked(t)
		for range 5 {
			e.pass(t, 20*time.Second)
			c.expect(`{"type":"ping"}`)
			c.send(`{"type":"pong"}`)
			c.send(`{"type":"ping"}`)
			c.expect(`{"type":"pong"}`) // so the server has read the first
		}
	})
	t.Run("ExpiredTokenCloses", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(o *Options) {
			o.Init = func(ctx context.Context, _ InitPayload) (context.Context, time.Time, error) {
				return ctx, o.Clock.Now().Add(15 * time.Second), nil
			}
		})
		c := e.dialAcked(t)
		c.subscribe("s", "subscription { forever }")
		wait(t, e.schema.started)
		e.pass(t, 15*time.Second-1)
		e.schema.feed <- "1"
		c.expect(`{"id":"s","type":"next","payload":{"data":{"forever":1}}}`)
		e.pass(t, 1)
		wait(t, e.schema.canceled)
		c.expectClose(4403) // and no complete before it
	})
	t.Run("TokenExpiredAlreadyCloses", func(t *testing.T) {
		t.Parallel()
		e := setup(t, func(o *Options) {
			o.Init = func(ctx context.Context, _ InitPayload) (context.Context, time.Time, error) {
				return ctx, o.Clock.Now(), nil
			}
		})
		c := e.dial(t)
		c.send(`{"type":"connection_init"}`)
		c.expectClose(4403)
	})
	t.Run("ClientThatIgnoresGoodbyeIsCut", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dial(t)
		c.SetCloseHandler(func(int, string) error { return nil })
		c.send(`nonsense`)
		c.expectClose(4400)
		require.Equal(t, 1, e.sockets.Len())
		e.pass(t, 3*time.Second)
		e.untilEmpty(t)
	})
}

func isReset(err error) bool {
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}

// untilEmpty waits for the last connection to leave the register.
func (e *edge) untilEmpty(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return e.sockets.Len() == 0 }, patience, time.Millisecond)
}

func TestSockets_Shutdown(t *testing.T) {
	t.Parallel()

	t.Run("ClosesSocketsToComeBack", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		fresh, acked := e.dial(t), e.dialAcked(t)
		acked.subscribe("s", "subscription { forever }")
		wait(t, e.schema.started)
		done := make(chan error)
		go func() { done <- e.sockets.Shutdown(t.Context()) }()
		acked.expectClose(1012)
		fresh.expectClose(1012)
		require.NoError(t, <-done)
		require.Zero(t, e.sockets.Len())
		got := e.do(t, http.MethodGet, "", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}})
		require.Equal(t, 503, got.status)
	})
	t.Run("MutationsFinishFirst", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dialAcked(t)
		c.subscribe("m", "mutation { hold }")
		wait(t, e.schema.started)
		done := make(chan error)
		go func() { done <- e.sockets.Shutdown(t.Context()) }()
		require.Eventually(t, e.sockets.isStopping, patience, time.Millisecond)
		close(e.schema.release)
		c.expect(`{"id":"m","type":"next","payload":{"data":{"hold":"held"}}}`)
		c.expect(`{"id":"m","type":"complete"}`)
		c.expectClose(1012)
		require.NoError(t, <-done)
	})
	t.Run("CutsWhatDoesNotEndInTime", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		c := e.dialAcked(t)
		c.subscribe("m", "mutation { hold }")
		wait(t, e.schema.started)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, e.sockets.Shutdown(ctx), context.Canceled)
		wait(t, e.schema.canceled)
		e.untilEmpty(t)
	})
	t.Run("OfNothingReturns", func(t *testing.T) {
		t.Parallel()
		e := setup(t, nil)
		require.NoError(t, e.sockets.Shutdown(t.Context()))
		require.NoError(t, e.sockets.Shutdown(t.Context()))
	})
}

// A client that never reads fills the kernel's buffers; what is sent to it
// blocks there and nowhere else, until the ticker drops it.
func TestWebSocket_SlowReaderHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	e := setup(t, func(o *Options) { o.PingInterval = 10_000 * time.Hour })
	slow, quick := e.dialAcked(t), e.dialAcked(t)

	slow.subscribe("s", "subscription { forever }")
	wait(t, e.schema.started)
	e.flood(t)
	quick.subscribe("q", "subscription { spare }")
	wait(t, e.schema.started)
	for range 3 {
		e.schema.spare <- "1"
		quick.expect(`{"id":"q","type":"next","payload":{"data":{"spare":1}}}`)
	}
	e.untilCut(t, 1)
	wait(t, e.schema.canceled)
	e.schema.spare <- "2"
	quick.expect(`{"id":"q","type":"next","payload":{"data":{"spare":2}}}`)
}

// flood feeds forever with large values until the test ends, and returns when
// none is taken any more.
func (e *edge) flood(t *testing.T) {
	t.Helper()
	big := `"` + strings.Repeat("x", 1<<20) + `"`
	full := make(chan struct{})
	go func() {
		once := sync.OnceFunc(func() { close(full) })
		for {
			select {
			case e.schema.feed <- big:
			case <-time.After(50 * time.Millisecond):
				once()
			case <-t.Context().Done():
				return
			}
		}
	}()
	wait(t, full)
}

// untilCut lets time pass until only so many connections are left. A write
// that looked stuck may have gone on a little, so once may not be enough.
func (e *edge) untilCut(t *testing.T, left int) {
	t.Helper()
	require.Eventually(t, func() bool { return e.stuckWrites() == 1 }, patience, time.Millisecond)
	require.Eventually(t, func() bool {
		e.passStuck(10*time.Second + 1)
		return e.sockets.Len() == left
	}, patience, 10*time.Millisecond)
}

func (e *edge) stuckWrites() (stuck int) {
	e.sockets.mu.Lock()
	defer e.sockets.mu.Unlock()
	for m := range e.sockets.members {
		switch m := m.(type) {
		case *socket:
			stuck += min(1, int(m.writeSince.Load()))
		case *stream:
			stuck += min(1, int(m.writeSince.Load()))
		}
	}
	return stuck
}

func TestWebSocket_GoroutinesReturnToBase(t *testing.T) { //nolint:paralleltest // it counts the goroutines of the process
	e := setup(t, nil)
	c := e.dialAcked(t)

	base := runtime.NumGoroutine() + 1 // Eventually asks in a goroutine of its own

	for i := range 1000 {
		id := fmt.Sprint(i)
		c.subscribe(id, "subscription { forever }")
		wait(t, e.schema.started)
		c.send(`{"id":"` + id + `","type":"complete"}`)
		wait(t, e.schema.canceled)
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= base }, patience, 10*time.Millisecond)

	for range 100 {
		other := e.dialAcked(t)
		other.subscribe("s", "subscription { forever }")
		wait(t, e.schema.started)
		require.NoError(t, other.Close())
		wait(t, e.schema.canceled)
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= base && e.sockets.Len() == 1 }, patience, 10*time.Millisecond)
}

func FuzzWebSocket(f *testing.F) {
	f.Add([]byte(`{"type":"connection_init","payload":{}}`))
	f.Add([]byte(`{"id":"1","type":"subscribe","payload":{"query":"{ echo(n: 1) }"}}`))
	f.Add([]byte(`{"id":"1","type":"complete"}`))
	f.Add([]byte("\x00{\"type\":null}"))
	e := setup(f, nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := e.dialAcked(t)
		require.NoError(t, c.WriteMessage(websocket.TextMessage, data))
		_ = c.WriteMessage(websocket.TextMessage, []byte("the end"))
		c.skipAcks()
		_, _, err := c.ReadMessage()
		require.Truef(t, websocket.IsCloseError(err, 4400, 4429, 1009), "%v", err)
		require.NotContains(t, err.Error(), canary)
	})
}
