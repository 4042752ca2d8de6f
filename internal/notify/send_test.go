package notify_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/jobs"
	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestService_Send(t *testing.T) {
	t.Parallel()

	t.Run("OnceAndNoted", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			b.queue(t, b.ended("ended/1", payer))
			require.Equal(t, "QUEUED", b.rows(t)[0].Status)
			b.clock.Advance(time.Second)
			require.Equal(t, 1, b.runDue(t))
			require.Zero(t, b.runDue(t))

			row, got := b.rows(t)[0], b.sink.Messages()
			require.Equal(t, "SENT", row.Status)
			require.True(t, b.clock.Now().Equal(*row.SentAt))
			require.Nil(t, row.LastError)
			require.Len(t, got, 1)
			require.Equal(t, row.ID.String()+"@example.com", got[0].ID)
			require.Equal(t, "pay@example.com", got[0].Sender)
			require.Equal(t, `"Shop" <pay@example.com>`, got[0].From)
			require.Equal(t, []string{payer}, got[0].To)
			require.Equal(t, "News: your subscription has ended", got[0].Subject)
			require.Contains(t, got[0].Text, "The subscription “News” ended on")
			require.Contains(t, got[0].HTML, "The subscription “News” ended on")
			require.Contains(t, string(got[0].Raw), "Date: Mon, 02 Mar 2026 09:00:01 +0000\r\n")
			require.Contains(t, string(got[0].Raw), "Auto-Submitted: auto-generated\r\n")
			require.Contains(t, string(got[0].Raw), "Content-Language: en\r\n")
			b.quiet(t)
		})
	})

	t.Run("AServerThatIsBusyIsTriedAgain", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			var tries atomic.Int32
			steps := []mailsink.Step{mailsink.StepSender, mailsink.StepRecipient, mailsink.StepMessage}
			b := setup(t, url, func(step mailsink.Step, address string) *mailsink.Refusal {
				if at := int(tries.Load()); at < len(steps) && steps[at] == step {
					tries.Add(1)
					return &mailsink.Refusal{Code: 451, Text: "come back later, " + address}
				}
				return nil
			})
			b.queue(t, b.ended("ended/1", payer))
			for try := range steps {
				require.Equal(t, 1, b.runDue(t))
				require.Contains(t, b.problems(t), "451", "try %d", try)
				require.Zero(t, b.runDue(t), "it waits")
				require.Equal(t, "QUEUED", b.rows(t)[0].Status)
				b.quiet(t)
				b.clock.Advance(time.Hour)
			}
			require.Equal(t, 1, b.runDue(t))
			require.Equal(t, "SENT", b.rows(t)[0].Status)
			require.Len(t, b.sink.Messages(), 1)
		})
	})

	t.Run("AServerThatIsAwayIsTriedAgain", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), nil)
		away := listen(t)
		address := away.Addr().String()
		require.NoError(t, away.Close())
		_, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		b.settings.Port, err = strconv.Atoi(port)
		require.NoError(t, err)
		b.mail, b.runner = b.service(t, b.server(t))
		b.queue(t, b.ended("ended/1", payer))
		require.Equal(t, 1, b.runDue(t))
		require.Contains(t, b.problems(t), "reach the mail server")
		b.quiet(t)

		back, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		require.NoError(t, err)
		serve(t, b.sink, back)
		b.clock.Advance(time.Minute)
		require.Equal(t, 1, b.runDue(t))
		require.Len(t, b.sink.Messages(), 1)
	})

	t.Run("AfterThreeDaysAPersonDecides", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), func(mailsink.Step, string) *mailsink.Refusal { return &mailsink.Refusal{Code: 421, Text: "closed"} })
		b.queue(t, b.ended("ended/1", payer))
		var took time.Duration
		for list := parked(t, b); len(list) == 0; list = parked(t, b) {
			b.runDue(t)
			b.clock.Advance(10 * time.Minute)
			took += 10 * time.Minute
		}
		require.Greater(t, took, 72*time.Hour)
		require.Less(t, took, 84*time.Hour)
		require.Equal(t, "QUEUED", b.rows(t)[0].Status, "jobs retry sends it")
		b.quiet(t)
	})

	t.Run("ARecipientWhoIsNotThereIsRefusedForGood", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, func(step mailsink.Step, address string) *mailsink.Refusal {
				if step == mailsink.StepRecipient && address == gone {
					return &mailsink.Refusal{Code: 550, Text: "no such user: " + address}
				}
				return nil
			})
			b.queue(t, b.ended("ended/1", gone))
			b.queue(t, b.ended("ended/2", payer))
			require.Equal(t, 2, b.runDue(t))
			b.clock.Advance(24 * time.Hour)
			require.Zero(t, b.runDue(t))

			row := b.rows(t)[0]
			require.Equal(t, "REFUSED", row.Status)
			require.Equal(t, "the mail server refused the recipient with 550", *row.LastError)
			require.Nil(t, row.SentAt)
			require.Equal(t, "SENT", b.rows(t)[1].Status)
			require.Contains(t, b.log.String(), "mail refused")
			b.quiet(t)
		})
	})

	t.Run("AMessageThatIsNotWantedIsRefusedForGood", func(t *testing.T) {
		t.Parallel()
		b := setup(t, storetest.SQLite(t), func(step mailsink.Step, _ string) *mailsink.Refusal {
			if step == mailsink.StepMessage {
				return &mailsink.Refusal{Code: 554, Text: "looks like spam"}
			}
			return nil
		})
		b.queue(t, b.ended("ended/1", payer))
		require.Equal(t, 1, b.runDue(t))
		require.Equal(t, "the mail server refused the message with 554", *b.rows(t)[0].LastError)
		require.Empty(t, b.problems(t))
	})

	// The operator can mend what is wrong with us; the mail waits for it.
	t.Run("OurOwnFaultsAreTriedAgain", func(t *testing.T) {
		t.Parallel()
		tests := []struct {
			step mailsink.Step
			code int
		}{{mailsink.StepSender, 550}, {mailsink.StepSender, 530}, {mailsink.StepRecipient, 530}}
		for _, tt := range tests {
			b := setup(t, storetest.SQLite(t), func(step mailsink.Step, _ string) *mailsink.Refusal {
				if step == tt.step {
					return &mailsink.Refusal{Code: tt.code, Text: "not you"}
				}
				return nil
			})
			b.queue(t, b.ended("ended/1", payer))
			require.Equal(t, 1, b.runDue(t))
			require.Equal(t, "QUEUED", b.rows(t)[0].Status, tt)
			require.Contains(t, b.problems(t), strconv.Itoa(tt.code))
		}
	})

	// A process that is killed between the server's yes and its own note sends the
	// mail twice, and both are the same message.
	t.Run("ACrashBeforeTheNoteRepeatsTheMessage", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			b := setup(t, url, nil)
			_, killed := b.service(t, senderFunc(func(ctx context.Context, m notify.Message) error {
				if err := b.server(t).Send(ctx, m); err != nil {
					t.Error(err)
				}
				runtime.Goexit() // as a kill, it writes no end of the job
				return nil
			}))
			b.queue(t, b.ended("ended/1", payer))
			var process sync.WaitGroup
			process.Go(func() { _, _ = killed.RunDue(t.Context()) })
			process.Wait()
			require.Len(t, b.sink.Messages(), 1)
			require.Equal(t, "QUEUED", b.rows(t)[0].Status)
			require.Zero(t, b.runDue(t), "its lease is held")

			b.clock.Advance(2 * time.Minute)
			require.Equal(t, 1, b.runDue(t))
			got := b.sink.Messages()
			require.Len(t, got, 2)
			require.NotEmpty(t, got[0].ID)
			require.Equal(t, got[0].ID, got[1].ID)
			require.Equal(t, got[0].Text, got[1].Text)
			require.Equal(t, "SENT", b.rows(t)[0].Status)
			b.clock.Advance(time.Hour)
			require.Zero(t, b.runDue(t))
		})
	})

	t.Run("AnEndOfTheProcessIsNotWaitedOut", func(t *testing.T) {
		t.Parallel()
		ctx, end := context.WithCancel(t.Context())
		let := make(chan struct{})
		b := setup(t, storetest.SQLite(t), func(step mailsink.Step, _ string) *mailsink.Refusal {
			if step == mailsink.StepMessage {
				end()
				<-let
			}
			return nil
		})
		t.Cleanup(func() { close(let) })
		b.queue(t, b.ended("ended/1", payer))
		began := time.Now()
		_, err := b.runner.RunDue(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Less(t, time.Since(began), patience/2)
		require.Equal(t, "QUEUED", b.rows(t)[0].Status)
	})

	t.Run("SixtyFourAtOnceAreSentOnceEach", func(t *testing.T) {
		t.Parallel()
		storetest.Each(t, func(t *testing.T, url string) {
			const many = 64
			b := setup(t, url, nil)
			_, second := b.service(t, b.server(t))
			ctx, cancel := context.WithCancel(t.Context())
			var processes, queued sync.WaitGroup
			for _, r := range []*jobs.Runner{b.runner, second} {
				processes.Go(func() { _ = r.Run(ctx) })
			}
			for n := range many {
				for range 2 { // and each is told twice at the same time
					queued.Go(func() {
						if err := b.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
							return b.mail.Queue(ctx, tx, b.ended(fmt.Sprint("ended/", n), fmt.Sprintf("payer%d@example.org", n)))
						}); err != nil {
							t.Error(err)
						}
					})
				}
			}
			queued.Wait()
			require.Eventually(t, func() bool {
				sent := 0
				for _, row := range b.rows(t) {
					sent += strings.Count(row.Status, "SENT")
				}
				return sent == many
			}, patience, 10*time.Millisecond)
			cancel()
			processes.Wait()
			ids, recipients := map[string]int{}, map[string]int{}
			for _, m := range b.sink.Messages() {
				ids[m.ID]++
				recipients[m.To[0]]++
			}
			require.Len(t, b.sink.Messages(), many)
			require.Len(t, ids, many)
			require.Len(t, recipients, many)
		})
	})
}

func parked(t *testing.T, b *bundle) []jobs.ParkedJob {
	t.Helper()
	list, err := jobs.Parked(t.Context(), b.store, 10)
	require.NoError(t, err)
	return list
}

type senderFunc func(context.Context, notify.Message) error

func (f senderFunc) Send(ctx context.Context, m notify.Message) error { return f(ctx, m) }
