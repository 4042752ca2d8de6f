// Package explorer serves GraphiQL, a page to read the schema with and to try
// queries, mutations and live subscriptions on.
//
// It owns that one page and its files, which are embedded: nothing comes from
// another host, and the page's Content-Security-Policy forbids it to. It knows
// no schema and no key: what it shows and sends is in Options. Mount it in
// development only, where the token it prints into the page is a demo token.
//
// Start at Handler; static/explorer.js is the part of the page that is ours,
// static/LICENSES.txt says where the rest is from.
package explorer

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static/*.js static/*.css static/index.html
var static embed.FS

// Options say what the page opens with.
type Options struct {
	// Title of the page; "Paygraph explorer" if empty.
	Title string
	// Endpoint is the path of the GraphQL endpoint on the same host, which
	// answers POST and upgrades to graphql-transport-ws; "/graphql" if empty.
	Endpoint string
	// Token is filled in as "Authorization: Bearer ..." in the headers editor.
	// What stands there is sent with each POST and in connection_init. Empty:
	// no header. It is in the page for all to read.
	Token string
	// Document is the example in the first tab; it may hold several operations.
	Document string
	// Variables of the example, as JSON; empty for none.
	Variables string
}

// assetDir is where the page's files are, beside the page.
const assetDir = "explorer/"

// forever is for files whose name changes with their contents.
const forever = "public, max-age=31536000, immutable"

// policy lets the page run its own scripts and talk to its own host only.
// Styles may stand in the page, because CodeMirror writes them there; the
// fonts and cursors of GraphiQL's style sheet are data in it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; " +
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type asset struct {
	url         string // relative to the page
	contentType string
	content     []byte
	etag        string
}

// Handler serves the page at its root and its files below explorer/. The page
// is made once: it fails only if the embedded files are not as they should be.
func Handler(o Options) (http.Handler, error) {
	setDefault(&o.Title, "Paygraph explorer")
	setDefault(&o.Endpoint, "/graphql")
	assets, err := load()
	if err != nil {
		return nil, err
	}
	page, err := render(o, assets)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", servePage(page))
	for _, a := range assets {
		mux.Handle("GET /"+a.url, serveAsset(a))
	}
	return mux, nil
}

func setDefault(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// load reads the embedded files and names each for its contents.
func load() (map[string]asset, error) {
	names, err := fs.Glob(static, "static/*.*s")
	if err != nil {
		return nil, fmt.Errorf("list explorer files: %w", err)
	}
	assets := make(map[string]asset, len(names))
	for _, name := range names {
		content, err := static.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read explorer file %s: %w", name, err)
		}
		sum := sha256.Sum256(content)
		hash := hex.EncodeToString(sum[:6])
		base, extension := path.Base(name), path.Ext(name)
		assets[base] = asset{
			url:         assetDir + strings.TrimSuffix(base, extension) + "." + hash + extension,
			contentType: mime.TypeByExtension(extension),
			content:     content,
			etag:        `"` + hash + `"`,
		}
	}
	return assets, nil
}

// render fills in the page. The options stand in it as JSON, as data and not
// as a script: html/template escapes them for that place.
func render(o Options, assets map[string]asset) ([]byte, error) {
	page, err := template.New("index.html").Funcs(template.FuncMap{
		"asset": func(name string) (string, error) {
			a, ok := assets[name]
			if !ok {
				return "", fmt.Errorf("explorer has no file %s", name)
			}
			return a.url, nil
		},
	}).ParseFS(static, "static/index.html")
	if err != nil {
		return nil, fmt.Errorf("parse explorer page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, o); err != nil {
		return nil, fmt.Errorf("render explorer page: %w", err)
	}
	return b.Bytes(), nil
}

func servePage(page []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", policy)
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store") // the token of this start
		_, _ = w.Write(page)                    // the client is gone: nobody to tell
	}
}

func serveAsset(a asset) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Type", a.contentType)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", forever)
		header.Set("ETag", a.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.content))
	}
}
