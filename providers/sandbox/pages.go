package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates/head.html static/cardform.js
var own embed.FS

// CardForm is the kit's script for a card form, to be named in Look.Scripts. It
// groups digits while they are typed, points at mistakes before the form is
// sent, fills in a test card and sends a form once. The attributes that it goes
// by are listed at its head, in static/cardform.js.
const CardForm = "cardform.js"

// Look is what a vendor's pages are made of, and where they load it from. How
// they look is the vendor's own.
type Look struct {
	// Files has the vendor's templates, templates/*.html, and what they load, in
	// static/. A template draws a body: what stands before <body> is the kit's.
	Files fs.FS

	// Static is the address that Pages.Static is served under, as
	// "/acme/static/".
	Static string

	// Style and Scripts are names in static/. Scripts run in their order; a page
	// without any may run none. They are an aid: pages work without them.
	Style   string
	Scripts []string

	// Funcs are what the vendor's templates may call; nil is nothing.
	Funcs template.FuncMap

	// Referrer is the pages' Referrer-Policy; empty is no-referrer.
	Referrer string
}

// Pages draws a vendor's pages and serves what they load. Make it with
// MustPages. It is safe for concurrent use.
type Pages struct {
	look      Look
	head      *template.Template
	templates *template.Template
	assets    map[string]asset
	version   string // of what the pages load, so that no browser keeps an old one
}

type asset struct {
	kind string
	body []byte
}

// MustPages reads and parses everything that l names, and panics when anything
// is missing or malformed: it is compiled into the program. A template that asks
// a map for a key it has not is refused when it is drawn.
func MustPages(l Look) *Pages {
	p := &Pages{look: l, head: template.Must(template.ParseFS(own, "templates/head.html")), assets: map[string]asset{}}
	p.templates = template.Must(template.New("").Option("missingkey=error").Funcs(l.Funcs).ParseFS(l.Files, "templates/*.html"))
	sum := sha256.New()
	for _, name := range append([]string{l.Style}, l.Scripts...) {
		a, err := readAsset(l.Files, name)
		if err != nil {
			panic(err)
		}
		p.assets[name] = a
		sum.Write(a.body)
	}
	p.version = hex.EncodeToString(sum.Sum(nil))[:12]
	return p
}

func readAsset(files fs.FS, name string) (asset, error) {
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
	a := asset{kind: kinds[path.Ext(name)]}
	if a.kind == "" {
		return asset{}, fmt.Errorf("%q is neither a style sheet nor a script", name)
	}
	if name == CardForm {
		files = own
	}
	var err error
	a.body, err = fs.ReadFile(files, "static/"+name)
	return a, err
}

// Page is one page: what its template draws from, and whom it may meet.
type Page struct {
	Lang, Title string
	View        any // what the template sees as its dot

	// FormsTo is an origin that the page's form may lead to besides the sandbox
	// itself, "https://shop.example"; empty is none.
	FormsTo string

	// FramedBy are the origins whose pages may hold this one in a frame; empty is
	// nobody.
	FramedBy []string
}

// Draw answers with a page: the template of that name, below the kit's head. A
// page that cannot be drawn is answered with 500, without half of it. Headers
// that were set before are sent along.
func (p *Pages) Draw(w http.ResponseWriter, status int, name string, page Page) {
	var b bytes.Buffer
	err := errors.Join(p.head.Execute(&b, p.headOf(page)), p.templates.ExecuteTemplate(&b, name, page.View))
	if err != nil {
		http.Error(w, "the page cannot be drawn", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy(page))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", p.look.Referrer)
	if p.look.Referrer == "" {
		h.Set("Referrer-Policy", "no-referrer")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // into a buffer of the host's
}

type head struct {
	Lang, Title, Style string
	Scripts            []string
}

func (p *Pages) headOf(page Page) head {
	h := head{Lang: page.Lang, Title: page.Title, Style: p.address(p.look.Style)}
	for _, name := range p.look.Scripts {
		h.Scripts = append(h.Scripts, p.address(name))
	}
	return h
}

func (p *Pages) address(name string) string { return p.look.Static + name + "?v=" + p.version }

// policy is the Content-Security-Policy: a page loads its own style and scripts
// and nothing else, and sends its forms home.
func (p *Pages) policy(page Page) string {
	scripts, forms, frames := "script-src 'self'; ", "'self'", "'none'"
	if len(p.look.Scripts) == 0 {
		scripts = ""
	}
	if page.FormsTo != "" {
		forms += " " + page.FormsTo
	}
	if len(page.FramedBy) > 0 {
		frames = strings.Join(page.FramedBy, " ")
	}
	return "default-src 'none'; style-src 'self'; " + scripts + "img-src data:; form-action " + forms +
		"; base-uri 'none'; frame-ancestors " + frames
}

// Static serves the style sheet and the scripts, on a route that ends in
// "/{file}". What is not named in the Look is not there.
func (p *Pages) Static(w http.ResponseWriter, r *http.Request) {
	a, ok := p.assets[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // the address has a version
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(a.body)
}
