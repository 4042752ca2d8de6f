package mailsink

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"
)

//go:embed inbox.html
var pageSource string

//go:embed inbox.css
var style string

// page is what inbox.html shows.
type page struct {
	Base  string // leads from the page's folder to the inbox's
	Style template.CSS
	Mails []Message // the newest first
	Open  *Message  // nil: none
	As    string    // html, text or raw
	Raw   string
}

// inbox serves a Sink's pages.
type inbox struct {
	sink   *Sink
	page   *template.Template
	policy string
}

// Handler returns the inbox: a page of all mails at /, one mail at /mail/N, the
// HTML of it alone at /mail/N/html and as it came at /mail/N/raw, and all of them
// as JSON, the oldest first, at /inbox.json, with ?to=ADDRESS only those to one
// recipient. Below another path mount it with http.StripPrefix.
//
// A mail's HTML is shown in a frame that runs no script and loads nothing. Nobody
// but this machine, by a name of its own, gets an answer.
func (s *Sink) Handler() (http.Handler, error) {
	parsed, err := template.New("inbox.html").Funcs(template.FuncMap{"when": when}).Parse(pageSource)
	if err != nil {
		return nil, fmt.Errorf("parse the inbox page: %w", err)
	}
	sum := sha256.Sum256([]byte(style))
	i := &inbox{sink: s, page: parsed, policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { i.write(w, page{}) })
	mux.HandleFunc("GET /inbox.json", i.serveJSON)
	mux.HandleFunc("GET /mail/{number}", i.one(i.serveMail))
	mux.HandleFunc("GET /mail/{number}/html", i.one(i.serveHTML))
	mux.HandleFunc("GET /mail/{number}/raw", i.one(i.serveRaw))
	return onThisMachine(mux), nil
}

// when writes an instant for the list.
func when(at time.Time) string { return at.Format("2 Jan 15:04:05") }

// onThisMachine refuses everybody else, and a page of another site whose name was
// bent to this address.
func onThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		caller, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !caller.Addr().Unmap().IsLoopback() || !isOurName(r.Host) {
			http.Error(w, "The inbox is shown to this machine only, at localhost.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isOurName(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	address := net.ParseIP(host)
	return host == "localhost" || host == "[::1]" || address != nil && address.IsLoopback()
}

// one finds the mail that a request names.
func (i *inbox) one(serve func(http.ResponseWriter, *http.Request, Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.PathValue("number"))
		m, found := i.sink.Message(number)
		if err != nil || !found {
			http.Error(w, "There is no such mail, or it is no longer kept.", http.StatusNotFound)
			return
		}
		serve(w, r, m)
	}
}

func (i *inbox) serveMail(w http.ResponseWriter, r *http.Request, m Message) {
	as := r.URL.Query().Get("as")
	switch {
	case as == "text" || as == "raw":
	case m.HTML == "":
		as = "text"
	default:
		as = "html"
	}
	i.write(w, page{Base: "../", Open: &m, As: as, Raw: string(m.Raw)})
}

func (i *inbox) write(w http.ResponseWriter, p page) {
	p.Style = template.CSS(style) //nolint:gosec // our own file, embedded
	p.Mails = i.sink.Messages()
	slices.Reverse(p.Mails)
	var b bytes.Buffer
	if err := i.page.Execute(&b, p); err != nil {
		http.Error(w, "The inbox cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", i.policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

// serveHTML is what the frame shows. Its links open beside it, as a mail program
// would do.
func (i *inbox) serveHTML(w http.ResponseWriter, _ *http.Request, m Message) {
	w.Header().Set("Content-Security-Policy",
		"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(m.HTML))
}

func (i *inbox) serveRaw(w http.ResponseWriter, _ *http.Request, m Message) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw)
}

func (i *inbox) serveJSON(w http.ResponseWriter, r *http.Request) {
	list := []Message{}
	to := r.URL.Query().Get("to")
	for _, m := range i.sink.Messages() {
		if to == "" || slices.Contains(m.To, to) {
			list = append(list, m)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // the client is gone
}
