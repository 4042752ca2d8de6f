package notify

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// The words of every mail in every language stand in templates/LOCALE/KIND.tmpl,
// what the language always says in templates/LOCALE/common.tmpl. How a mail is
// built stands once for all languages in templates/KIND.html and KIND.txt, what is
// round it in layout.html and layout.txt.
//
//go:embed templates
var templateFiles embed.FS

// rendered is a mail's words.
type rendered struct{ Subject, Text, HTML string }

// view is what a template sees.
type view struct {
	Locale string
	Shop   string         // the merchant's name
	Zone   *time.Location // the merchant's
	Code   string         // the mail's secret, or ""
	Data   any            // of the kind's type
}

// letter is one kind of mail in one language.
type letter struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

type letterName struct {
	kind   Kind
	locale string
}

// renderer holds every letter, parsed once. It is safe for concurrent use.
type renderer struct{ letters map[letterName]letter }

func newRenderer(publicURL string) (*renderer, error) {
	r := &renderer{letters: map[letterName]letter{}}
	for _, locale := range Locales() {
		for _, kind := range Kinds() {
			parsed, err := parseLetter(kind, locale, functionsOf(locale, publicURL))
			if err != nil {
				return nil, fmt.Errorf("parse the %s mail in %s: %w", kind, locale, err)
			}
			r.letters[letterName{kind, locale}] = parsed
		}
	}
	return r, nil
}

// functionsOf are what templates write values with.
func functionsOf(locale, publicURL string) map[string]any {
	return map[string]any{
		"money":  func(m pay.Money) string { return formatMoney(locale, m) },
		"day":    func(zone *time.Location, t time.Time) string { return formatDay(locale, zone, t) },
		"moment": func(zone *time.Location, t time.Time) string { return formatMoment(locale, zone, t) },
		"month":  formatMonth,
		"card":   formatCard,
		"link":   func(address string) string { return linkTo(publicURL, address) },
	}
}

// linkTo returns the address a reader can follow, or "" when there is none.
func linkTo(publicURL, address string) string {
	switch {
	case strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://"):
		return address
	case strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//"):
		return publicURL + address
	}
	return ""
}

func parseLetter(kind Kind, locale string, functions map[string]any) (letter, error) {
	text := texttemplate.New("").Funcs(functions)
	html := htmltemplate.New("").Funcs(functions)
	words := []string{locale + "/common.tmpl", locale + "/" + string(kind) + ".tmpl"}
	for _, file := range append(words, "layout.txt", string(kind)+".txt") {
		source, err := readTemplate(file)
		if err != nil {
			return letter{}, err
		}
		if _, err := text.New(file).Parse(source); err != nil {
			return letter{}, err
		}
	}
	for _, file := range append(words, "layout.html", string(kind)+".html") {
		source, err := readTemplate(file)
		if err != nil {
			return letter{}, err
		}
		if _, err := html.New(file).Parse(withStyles(source)); err != nil {
			return letter{}, err
		}
	}
	return letter{text: text, html: html}, nil
}

func readTemplate(file string) (string, error) {
	source, err := fs.ReadFile(templateFiles, "templates/"+file)
	return string(source), err
}

// render writes the words of a mail.
func (r *renderer) render(kind Kind, v view) (rendered, error) {
	l, found := r.letters[letterName{kind, v.Locale}]
	if !found {
		return rendered{}, fmt.Errorf("there is no %s mail in %q", kind, v.Locale)
	}
	var subject, text, html strings.Builder
	if err := l.text.ExecuteTemplate(&subject, "subject", v); err != nil {
		return rendered{}, fmt.Errorf("write the subject of a %s mail: %w", kind, err)
	}
	if err := l.text.ExecuteTemplate(&text, "layout.txt", v); err != nil {
		return rendered{}, fmt.Errorf("write the text of a %s mail: %w", kind, err)
	}
	if err := l.html.ExecuteTemplate(&html, "layout.html", v); err != nil {
		return rendered{}, fmt.Errorf("write the page of a %s mail: %w", kind, err)
	}
	return rendered{Subject: headerLine(subject.String()), Text: tidy(text.String()), HTML: html.String()}, nil
}

// tidy takes out what the templates' own lines leave behind: blanks at the end of
// lines and more than one empty line in a row.
func tidy(text string) string {
	var b strings.Builder
	empty := 0
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			empty++
			continue
		}
		if empty > 0 && b.Len() > 0 {
			b.WriteByte('\n')
		}
		empty = 0
		b.WriteString(line + "\n")
	}
	return b.String()
}
