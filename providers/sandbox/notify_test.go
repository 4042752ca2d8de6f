package sandbox_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
	"github.com/paygraph/paygraph/providers/sandbox/sandboxtest"
)

func always(status int) func(int) int { return func(int) int { return status } }

const day = 24 * time.Hour // longer than any schedule here

// town is a sandbox and a shop inside a synctest bubble: no sockets, no real
// time.
type town struct {
	*testing.T
	server *sandbox.Server
	shop   *sandboxtest.Shop
	began  time.Time
}

func newTown(t *testing.T, retries []time.Duration, answers func(int) int) *town {
	t.Helper()
	n := &town{T: t, shop: sandboxtest.NewShop(sandboxtest.Statuses(answers)), began: time.Now()}
	s, err := sandbox.New(sandbox.Options{Clock: sandboxtest.BubbleClock{}, NotifyClient: n.shop.Client()})
	require.NoError(t, err)
	require.NoError(t, s.Register(&acme{retries: retries}))
	require.NoError(t, s.SetNotifyURL("acme", "shop", "http://shop.example/hook"))
	n.server = s
	return n
}

func (n *town) post(path, body string) {
	n.Helper()
	w := httptest.NewRecorder()
	n.server.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	require.Equal(n, http.StatusOK, w.Code, w.Body.String())
}

func (n *town) take(order string) {
	n.Helper()
	n.post("/acme/take?amount=500&order="+order, "")
}

// next waits for a notification and tells when it came.
func (n *town) next() (string, time.Duration) {
	n.Helper()
	d := n.shop.Next(n.T, day)
	return strings.TrimPrefix(d.URL+" "+d.Body, "http://shop.example/hook taken "), time.Since(n.began)
}

// quiet lets d of the bubble's time go by and fails the test when a
// notification comes before its end.
func (n *town) quiet(d time.Duration) {
	n.Helper()
	n.shop.Quiet(n.T, d)
}

func (n *town) close() { require.NoError(n, n.server.Close(context.Background())) }

func TestNotifier(t *testing.T) {
	t.Parallel()

	t.Run("SentOnceWithoutASchedule", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(500))
			defer n.close()
			n.take("o1")
			order, at := n.next()
			require.Equal(t, "o1", order)
			require.Zero(t, at)
			n.quiet(day)
		})
	})

	t.Run("SentAgainByTheScheduleUntil200", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			answers := map[int]int{1: 500, 2: 0, 3: 204, 4: 200}
			n := newTown(t, []time.Duration{time.Minute, time.Hour, 2 * time.Hour, time.Hour}, func(i int) int { return answers[i] })
			defer n.close()
			n.take("o1")
			for _, want := range []time.Duration{0, time.Minute, 61 * time.Minute, 181 * time.Minute} {
				_, at := n.next()
				require.Equal(t, want, at)
			}
			n.quiet(day)
		})
	})

	t.Run("GivesUpAtTheEndOfTheSchedule", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Minute}, always(404))
			defer n.close()
			n.take("o1")
			n.next()
			n.next()
			n.quiet(day)
		})
	})

	t.Run("SpeedShortensTheSchedule", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Hour}, always(500))
			defer n.close()
			n.post("/_control/clock", `{"speed":60}`)
			n.take("o1")
			n.next()
			_, at := n.next()
			require.Equal(t, time.Minute, at)
		})
	})

	t.Run("SpeedChangesAPauseUnderWay", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Hour}, always(500))
			defer n.close()
			n.take("o1")
			n.next()
			n.quiet(30 * time.Minute)
			n.post("/_control/clock", `{"speed":60}`)
			_, at := n.next()
			require.Equal(t, 30*time.Minute+30*time.Second, at)
		})
	})

	t.Run("AdvanceSkipsAPause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Hour}, always(500))
			defer n.close()
			n.take("o1")
			n.next()
			synctest.Wait()
			n.post("/_control/clock", `{"advanceMs":3600000}`)
			_, at := n.next()
			require.Zero(t, at)
		})
	})

	t.Run("AccountWithoutAnAddressGetsNone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(200))
			defer n.close()
			n.post("/_control/notify", `{"provider":"acme","account":"shop","url":""}`)
			n.take("o1")
			n.quiet(day)
		})
	})

	t.Run("ControlReplacesTheSchedule", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(500))
			defer n.close()
			n.post("/_control/notify", `{"provider":"acme","account":"shop","url":"http://shop.example/b","retries":2,"intervalMs":1000}`)
			n.take("o1")
			for _, want := range []time.Duration{0, time.Second, 2 * time.Second} {
				_, at := n.next()
				require.Equal(t, want, at)
			}
			n.quiet(day)
		})
	})

	t.Run("DuplicateSendsTwice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(200))
			defer n.close()
			n.post("/_control/faults", `{"provider":"acme","op":"webhook","fault":"duplicate","count":1}`)
			n.take("o1")
			n.next()
			order, _ := n.next()
			require.Equal(t, "o1", order)
			n.quiet(day)
		})
	})

	t.Run("LoseSendsNothingAndIsNotRetried", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Minute}, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"lose","count":1}`)
			n.take("o1")
			n.quiet(day)
		})
	})

	t.Run("ReorderLetsTheNextOneOvertake", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"reorder","count":1}`)
			n.take("o1")
			synctest.Wait()
			n.take("o2")
			first, _ := n.next()
			second, at := n.next()
			require.Equal(t, []string{"o2", "o1"}, []string{first, second})
			require.Zero(t, at)
		})
	})

	t.Run("ReorderedWithoutANextOneGoesAfter5s", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"reorder"}`)
			n.take("o1")
			_, at := n.next()
			require.Equal(t, 5*time.Second, at)
		})
	})

	t.Run("DroppedReplySendsAgain", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Minute}, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"drop_reply","count":1}`)
			n.take("o1")
			n.next()
			_, at := n.next()
			require.Equal(t, time.Minute, at)
			n.quiet(day)
		})
	})

	t.Run("RefusedConnectionSendsLater", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, []time.Duration{time.Minute}, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"refuse_connect","count":1}`)
			n.take("o1")
			_, at := n.next()
			require.Equal(t, time.Minute, at)
		})
	})

	t.Run("GarbageIsSentInItsPlace", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := newTown(t, nil, always(200))
			defer n.close()
			n.post("/_control/faults", `{"op":"webhook","fault":"garbage"}`)
			n.take("o1")
			body, _ := n.next()
			require.Contains(t, body, "<html>")
		})
	})

	t.Run("CloseStopsWaiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { // fails by itself if a goroutine is left
			n := newTown(t, []time.Duration{time.Hour}, always(500))
			n.take("o1")
			n.next()
			n.close()
			n.quiet(day)
		})
	})
}

func TestNotifier_CloseEndsAHangingDelivery(t *testing.T) {
	t.Parallel()
	began, end := make(chan struct{}), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(began)
		<-end
	}))
	defer hook.Close()
	defer close(end)
	s, err := sandbox.New(sandbox.Options{Clock: new(sandboxtest.Clock)})
	require.NoError(t, err)
	require.NoError(t, s.Register(&acme{}))
	require.NoError(t, s.SetNotifyURL("acme", "shop", hook.URL))
	s.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/acme/take?order=o1&amount=500", nil))
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Close(ctx), context.Canceled)
}

// TestNotifier_Restart uses files and sockets, so it stays out of a bubble.
func TestNotifier_Restart(t *testing.T) {
	t.Parallel()
	got := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer hook.Close()
	file := filepath.Join(t.TempDir(), "state.json")

	first := setup(t, sandbox.Options{StateFile: file})
	first.must("POST", "/_control/notify", `{"provider":"acme","account":"shop","url":"`+hook.URL+`","retries":1,"intervalMs":3600000}`)
	first.must("POST", "/acme/take?order=o1&amount=500", "")
	require.Equal(t, "text/plain taken o1", <-got)
	require.NoError(t, first.server.Close(t.Context()))

	second := setup(t, sandbox.Options{StateFile: file})
	second.must("POST", "/_control/clock", `{"speed":1000000}`)
	require.Equal(t, "text/plain taken o1", <-got)
}
