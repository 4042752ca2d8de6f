package sandbox_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// acmeFiles are a vendor's own templates and what they load.
func acmeFiles() fstest.MapFS {
	return fstest.MapFS{
		"templates/layout.html": {Data: []byte(`{{define "top"}}<body class="acme">{{end}}{{define "foot"}}</body></html>{{end}}`)},
		"templates/pay.html":    {Data: []byte(`{{template "top" .}}<p>{{.Shop}} {{shout "hello"}}</p>{{template "foot" .}}`)},
		"templates/half.html":   {Data: []byte(`{{template "top" .}}{{.Words.missing}}`)},
		"static/acme.css":       {Data: []byte(`p { color: teal }`)},
		"static/acme.js":        {Data: []byte(`'use strict';`)},
		"static/secret.txt":     {Data: []byte(`not named in the look`)},
	}
}

func acmeLook() sandbox.Look {
	return sandbox.Look{
		Files: acmeFiles(), Static: "/acme/static/", Style: "acme.css", Scripts: []string{sandbox.CardForm, "acme.js"},
		Funcs: template.FuncMap{"shout": strings.ToUpper},
	}
}

type acmeView struct {
	Shop  string
	Words map[string]string
}

func drawn(t *testing.T, look sandbox.Look, name string, page sandbox.Page) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	sandbox.MustPages(look).Draw(w, http.StatusTeapot, name, page)
	return w
}

func TestPages_Draw(t *testing.T) {
	t.Parallel()
	page := sandbox.Page{Lang: "kk", Title: "<Pay>", View: acmeView{Shop: "<b>Shop</b>"}}

	t.Run("HeadIsTheKitsAndBodyTheVendors", func(t *testing.T) {
		t.Parallel()
		w := drawn(t, acmeLook(), "pay.html", page)
		require.Equal(t, http.StatusTeapot, w.Code)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		version := regexp.MustCompile(`\?v=([0-9a-f]{12})"`).FindStringSubmatch(w.Body.String())
		require.Len(t, version, 2)
		require.Equal(t, `<!DOCTYPE html>
<html lang="kk">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>&lt;Pay&gt;</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/acme/static/acme.css?v=VERSION">
<script src="/acme/static/cardform.js?v=VERSION" defer></script>
<script src="/acme/static/acme.js?v=VERSION" defer></script>
</head>
<body class="acme"><p>&lt;b&gt;Shop&lt;/b&gt; HELLO</p></body></html>`, strings.ReplaceAll(w.Body.String(), version[1], "VERSION"))
	})

	t.Run("HeadersKeepThePageToItself", func(t *testing.T) {
		t.Parallel()
		h := drawn(t, acmeLook(), "pay.html", page).Header()
		require.Equal(t, "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			h.Get("Content-Security-Policy"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	})

	t.Run("FormAndFrameMayBeAllowedMore", func(t *testing.T) {
		t.Parallel()
		look := acmeLook()
		look.Referrer = "same-origin"
		h := drawn(t, look, "pay.html", sandbox.Page{
			View: acmeView{}, FormsTo: "https://shop.example", FramedBy: []string{"https://a.example", "http://localhost:*"},
		}).Header()
		require.Contains(t, h.Get("Content-Security-Policy"), "form-action 'self' https://shop.example; base-uri 'none'; frame-ancestors https://a.example http://localhost:*")
		require.Equal(t, "same-origin", h.Get("Referrer-Policy"))
	})

	t.Run("WithoutScriptsNoneMayRun", func(t *testing.T) {
		t.Parallel()
		look := acmeLook()
		look.Scripts = nil
		w := drawn(t, look, "pay.html", page)
		require.NotContains(t, w.Body.String(), "<script")
		require.Equal(t, "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
			w.Header().Get("Content-Security-Policy"))
	})

	t.Run("PageThatCannotBeDrawnShowsNoHalf", func(t *testing.T) {
		t.Parallel()
		w := drawn(t, acmeLook(), "half.html", sandbox.Page{View: acmeView{Words: map[string]string{"other": "word"}}})
		require.Equal(t, http.StatusInternalServerError, w.Code)
		require.Equal(t, "the page cannot be drawn\n", w.Body.String())
	})

	t.Run("VersionChangesWithWhatIsLoaded", func(t *testing.T) {
		t.Parallel()
		other := acmeFiles()
		other["static/acme.css"] = &fstest.MapFile{Data: []byte(`p { color: navy }`)}
		look := acmeLook()
		look.Files = other
		require.NotEqual(t, drawn(t, acmeLook(), "pay.html", page).Body.String(), drawn(t, look, "pay.html", page).Body.String())
	})
}

func TestMustPages_PanicsOnAMistakeOfTheProgram(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*sandbox.Look){
		"NoStyle":           func(l *sandbox.Look) { l.Style = "" },
		"MissingStyle":      func(l *sandbox.Look) { l.Style = "other.css" },
		"NeitherNor":        func(l *sandbox.Look) { l.Scripts = []string{"secret.txt"} },
		"UnknownFunc":       func(l *sandbox.Look) { l.Funcs = nil },
		"NoTemplates":       func(l *sandbox.Look) { l.Files = fstest.MapFS{} },
		"MalformedTemplate": func(l *sandbox.Look) { l.Files = fstest.MapFS{"templates/a.html": {Data: []byte("{{")}} },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look := acmeLook()
			spoil(&look)
			require.Panics(t, func() { sandbox.MustPages(look) })
		})
	}
}

func TestPages_Static(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/acme/static/{file}", sandbox.MustPages(acmeLook()).Static)
	get := func(file string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/acme/static/"+file, nil))
		return w
	}

	for file, kind := range map[string]string{
		"acme.css": "text/css; charset=utf-8", "acme.js": "text/javascript; charset=utf-8", sandbox.CardForm: "text/javascript; charset=utf-8",
	} {
		t.Run("Serves "+file, func(t *testing.T) {
			t.Parallel()
			w := get(file)
			require.Equal(t, http.StatusOK, w.Code)
			require.NotEmpty(t, w.Body.String())
			require.Equal(t, kind, w.Header().Get("Content-Type"))
			require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"))
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		})
	}

	t.Run("ServesNothingElse", func(t *testing.T) {
		t.Parallel()
		for _, file := range []string{"secret.txt", "none.css", "..%2Ftemplates%2Fpay.html"} {
			require.Equal(t, http.StatusNotFound, get(file).Code, file)
		}
	})
}

func TestOnly(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	require.True(t, sandbox.Only(w, httptest.NewRequest(http.MethodPost, "/", nil), http.MethodGet, http.MethodPost))
	require.Empty(t, w.Header())
	require.False(t, sandbox.Only(w, httptest.NewRequest(http.MethodPut, "/", nil), http.MethodGet, http.MethodPost))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, POST", w.Header().Get("Allow"))
}
