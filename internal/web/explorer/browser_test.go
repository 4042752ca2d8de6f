package explorer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/web/browsertest"
	"github.com/paygraph/paygraph/internal/web/explorer"
	"github.com/paygraph/paygraph/internal/web/gqlhttp"
)

const example = `# What the page opens with.
query Hello {
  hello
}

subscription Ticks {
  ticks
}
`

// backend is a GraphQL server of one greeting and three ticks, which notes the
// token of each request.
type backend struct {
	mu     sync.Mutex
	posts  map[string]int // by Authorization header
	inits  map[string]int // by Authorization of connection_init
	schema []byte         // the answer to introspection
}

func (b *backend) noteInit(ctx context.Context, payload gqlhttp.InitPayload) (context.Context, time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inits[payload.Authorization()]++
	return ctx, time.Time{}, nil
}

func (b *backend) exec(ctx context.Context) graphql.ResponseHandler {
	running := graphql.GetOperationContext(ctx)
	switch {
	case strings.Contains(running.RawQuery, "__schema"):
		return graphql.OneShot(&graphql.Response{Data: b.schema})
	case running.Operation.Operation == ast.Subscription:
		ticks := 0
		return func(context.Context) *graphql.Response {
			ticks++
			if ticks > 3 {
				return nil
			}
			return &graphql.Response{Data: []byte(`{"ticks":` + strconv.Itoa(ticks) + `}`)}
		}
	default:
		return graphql.OneShot(&graphql.Response{Data: []byte(`{"hello":"Good morning"}`)})
	}
}

func (b *backend) serve(t *testing.T) *httptest.Server {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { hello: String! } type Subscription { ticks: Int! }"})
	srv := handler.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc:   b.exec,
	})
	srv.Use(&gqlhttp.Guard{MayIntrospect: func(context.Context) bool { return true }})
	sockets := gqlhttp.Mount(srv, gqlhttp.Options{Clock: pay.ClockFunc(time.Now), Init: b.noteInit})
	page, err := explorer.Handler(explorer.Options{Token: "pk_demo", Document: example})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/", page)
	mux.HandleFunc("/graphql", func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.posts[r.Method+" "+r.Header.Get("Authorization")]++
		b.mu.Unlock()
		srv.ServeHTTP(w, r)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = sockets.Shutdown(ctx)
		web.Close()
	})
	return web
}

// trouble collects what a healthy page does not do.
type trouble struct {
	mu    sync.Mutex
	host  string
	found []string
}

func (p *trouble) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		p.found = append(p.found, "exception: "+event.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		p.found = append(p.found, string(event.Entry.Level)+": "+event.Entry.Text)
	case *network.EventRequestWillBeSent:
		at, err := url.Parse(event.Request.URL)
		if err != nil || (at.Scheme != "data" && at.Host != p.host) {
			p.found = append(p.found, "request: "+event.Request.URL)
		}
	}
}

// TestPage opens the page in Chromium, runs the query and then the
// subscription of the example from the run button's menu, and looks at the
// results. Screenshots stay where `go test -artifacts` puts them.
func TestPage(t *testing.T) {
	t.Parallel()
	introspection, err := os.ReadFile("testdata/introspection.json")
	require.NoError(t, err)
	b := &backend{posts: map[string]int{}, inits: map[string]int{}, schema: introspection}
	web := b.serve(t)
	host := strings.TrimPrefix(web.URL, "http://")
	problems := &trouble{host: host}

	ctx := browsertest.Open(t, 1280, 800, chromedp.WithListener(problems.note))

	shows := func(text string) {
		t.Helper()
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](
			`[...document.querySelectorAll('.result-window .CodeMirror')].some(e => e.CodeMirror.getValue().includes(`+strconv.Quote(text)+`))`,
			chromedp.WithPollingTimeout(20*time.Second)))
		require.NoError(t, err, "waiting for %s", text)
	}
	keep := func(name string) { browsertest.Keep(ctx, t, name) }
	run := func(operation string) {
		t.Helper()
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(chromedp.CSS(".graphiql-execute-button"))))
		require.NoError(t, chromedp.Do(ctx, chromedp.Click(`//*[@role="menuitem"][contains(., "`+operation+`")]`)))
	}

	require.NoError(t, chromedp.Do(ctx,
		chromedp.Navigate(web.URL), chromedp.WaitVisible(chromedp.CSS(".graphiql-execute-button"))))
	keep("explorer-open.png")
	run("Hello")
	shows("Good morning")
	keep("explorer-query.png")
	run("Ticks")
	shows(`"ticks": 3`)
	keep("explorer-subscription.png")

	require.Empty(t, problems.found)
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Equal(t, map[string]int{"Bearer pk_demo": 1}, b.inits)
	require.Equal(t, map[string]int{"POST Bearer pk_demo": 2, "GET ": 1}, b.posts) // introspection, Hello; the socket
}
