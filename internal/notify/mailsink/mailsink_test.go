package mailsink_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

// After the last test nothing of a Sink is left.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const letter = "From: =?utf-8?q?=D0=9C=D0=B0=D0=B3=D0=B0=D0=B7=D0=B8=D0=BD?= <pay@example.com>\r\nTo: <%s>\r\nSubject: =?utf-8?q?=C2=AB%d=C2=BB_<b>?=\r\n" +
	"Message-Id: <mail_%[2]d@example.com>\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhalf=\r\n =C2=BD\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+PHNjcmlwdD5ldmlsKCk8L3NjcmlwdD48L2I+\r\n--b--\r\n"

type bundle struct {
	sink    *mailsink.Sink
	address string
	web     *httptest.Server
}

func setup(t *testing.T, o mailsink.Options) *bundle {
	t.Helper()
	o.Clock = &storetest.Clock{}
	b := &bundle{sink: mailsink.New(o)}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.address = l.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		if err := b.sink.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		cancel()
		group.Wait()
	})
	handler, err := b.sink.Handler()
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/inbox/", http.StripPrefix("/inbox", handler))
	b.web = httptest.NewServer(mux)
	t.Cleanup(b.web.Close)
	return b
}

func (b *bundle) send(t *testing.T, number int, to string) {
	t.Helper()
	require.NoError(t, smtp.SendMail(b.address, nil, "pay@example.com", []string{to}, fmt.Appendf(nil, letter, to, number)))
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *bundle) get(t *testing.T, path string, change ...func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.web.URL+path, nil)
	require.NoError(t, err)
	for _, f := range change {
		f(r)
	}
	response, err := b.web.Client().Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(body)}
}

func TestSink_Serve(t *testing.T) {
	t.Parallel()

	t.Run("TakesAMailApart", func(t *testing.T) {
		t.Parallel()
		b := setup(t, mailsink.Options{})
		b.send(t, 7, "alice@example.org")
		list := b.sink.Messages()
		require.Len(t, list, 1)
		require.Equal(t, fmt.Sprintf(letter, "alice@example.org", 7), string(list[0].Raw))
		list[0].Raw = nil
		require.Equal(t, mailsink.Message{
			Number: 1, At: storetest.Epoch(), Sender: "pay@example.com", To: []string{"alice@example.org"},
			From: "Магазин <pay@example.com>", Subject: "«7» <b>", ID: "mail_7@example.com", Text: "half ½", HTML: "<b><script>evil()</script></b>",
		}, list[0])
	})

	t.Run("KeepsTheNewest", func(t *testing.T) {
		t.Parallel()
		b := setup(t, mailsink.Options{Keep: 3})
		for n := range 5 {
			b.send(t, n, "alice@example.org")
		}
		var numbers []int
		for _, m := range b.sink.Messages() {
			numbers = append(numbers, m.Number)
		}
		require.Equal(t, []int{3, 4, 5}, numbers)
		_, found := b.sink.Message(2)
		require.False(t, found)
	})

	t.Run("AJudgeStopsAMail", func(t *testing.T) {
		t.Parallel()
		b := setup(t, mailsink.Options{Judge: func(step mailsink.Step, address string) *mailsink.Refusal {
			if step == mailsink.StepRecipient && strings.HasPrefix(address, "gone@") {
				return &mailsink.Refusal{Code: 550, Text: "gone"}
			}
			return nil
		}})
		require.ErrorContains(t, smtp.SendMail(b.address, nil, "pay@example.com", []string{"gone@example.org"}, []byte("Subject: x\r\n\r\n")), "550")
		require.ErrorContains(t, smtp.SendMail(b.address, nil, "pay@example.com", []string{"a@example.org"}, []byte("no header")), "554")
		deep := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", 10)
		require.Error(t, smtp.SendMail(b.address, nil, "pay@example.com", []string{"a@example.org"}, []byte(deep)))
		require.Empty(t, b.sink.Messages())
	})

	t.Run("ServesThisMachineOnly", func(t *testing.T) {
		t.Parallel()
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", ":0")
		require.NoError(t, err)
		require.ErrorContains(t, mailsink.New(mailsink.Options{}).Serve(t.Context(), l), "not an address of this machine alone")
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

func TestSink_Handler(t *testing.T) {
	t.Parallel()
	b := setup(t, mailsink.Options{})
	require.Contains(t, b.get(t, "/inbox/").body, "No mail yet.")
	b.send(t, 1, "alice@example.org")
	b.send(t, 2, "bob@example.org")

	t.Run("ListsTheNewestFirst", func(t *testing.T) {
		t.Parallel()
		a := b.get(t, "/inbox/")
		require.Equal(t, http.StatusOK, a.status)
		require.Less(t, strings.Index(a.body, `href="mail/2"`), strings.Index(a.body, `href="mail/1"`))
		require.Contains(t, a.body, "«1» &lt;b&gt;")
		require.NotContains(t, a.body, "<b>")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'sha256-")
	})

	t.Run("ShowsTheHTMLWithoutItsScripts", func(t *testing.T) {
		t.Parallel()
		a := b.get(t, "/inbox/mail/1")
		require.Contains(t, a.body, `<iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" src="1/html">`)
		a = b.get(t, "/inbox/mail/1/html")
		require.Equal(t, "<b><script>evil()</script></b>", a.body)
		require.Equal(t, "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'",
			a.header.Get("Content-Security-Policy"))
	})

	t.Run("ShowsTheTextAndWhatCame", func(t *testing.T) {
		t.Parallel()
		require.Contains(t, b.get(t, "/inbox/mail/1?as=text").body, `<pre class="text">half ½</pre>`)
		require.Contains(t, b.get(t, "/inbox/mail/1?as=raw").body, "Message-Id: &lt;mail_1@example.com&gt;")
		raw := b.get(t, "/inbox/mail/1/raw")
		require.Equal(t, fmt.Sprintf(letter, "alice@example.org", 1), raw.body)
		require.Equal(t, "text/plain; charset=utf-8", raw.header.Get("Content-Type"))
	})

	t.Run("IsReadByPrograms", func(t *testing.T) {
		t.Parallel()
		var all, bobs []mailsink.Message
		require.NoError(t, json.Unmarshal([]byte(b.get(t, "/inbox/inbox.json").body), &all))
		require.NoError(t, json.Unmarshal([]byte(b.get(t, "/inbox/inbox.json?to=bob@example.org").body), &bobs))
		require.Len(t, all, 2)
		require.Len(t, bobs, 1)
		require.Equal(t, "half ½", bobs[0].Text)
		require.JSONEq(t, "[]", b.get(t, "/inbox/inbox.json?to=nobody").body)
	})

	t.Run("ThereIsNoSuchMail", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/inbox/mail/3", "/inbox/mail/x", "/inbox/mail/0/html", "/inbox/mail/-1/raw", "/inbox/other"} {
			require.Equal(t, http.StatusNotFound, b.get(t, path).status, path)
		}
	})

	// The address of another site may be bent to this machine.
	t.Run("ForeignNamesAreRefused", func(t *testing.T) {
		t.Parallel()
		for _, host := range []string{"evil.example", "evil.example:80", "192.0.2.1:80", "localhost.evil.example"} {
			a := b.get(t, "/inbox/inbox.json", func(r *http.Request) { r.Host = host })
			require.Equal(t, http.StatusForbidden, a.status, host)
			require.NotContains(t, a.body, "alice")
		}
		for _, host := range []string{"localhost", "localhost:1", "127.0.0.1:1", "[::1]:1", "[::1]"} {
			require.Equal(t, http.StatusOK, b.get(t, "/inbox/", func(r *http.Request) { r.Host = host }).status, host)
		}
		handler, err := b.sink.Handler()
		require.NoError(t, err)
		recorder := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
		r.RemoteAddr = "192.0.2.1:1234"
		handler.ServeHTTP(recorder, r)
		require.Equal(t, http.StatusForbidden, recorder.Code)
	})
}
