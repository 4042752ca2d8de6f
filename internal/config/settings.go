package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// settings are an account's, as its vendor reads them.
type settings struct {
	object   *object
	testMode bool
	groups   []*settings // those that were asked for, to be done with together
}

var _ providers.Settings = (*settings)(nil)

// done refuses what nobody read, of the groups too.
func (s *settings) done() {
	s.object.done()
	for _, group := range s.groups {
		group.done()
	}
}

// TestMode reports whether the account moves no real money.
func (s *settings) TestMode() bool { return s.testMode }

// Text reads a text; one that is needed is not empty.
func (s *settings) Text(name string, need providers.Need) string { return s.object.text(name, need) }

// Texts reads a list of texts.
func (s *settings) Texts(name string) []string { return s.object.texts(name) }

// Flag reads true or false; it is false when absent.
func (s *settings) Flag(name string) bool { return s.object.flag(name) }

// Wrong blames a member, or the whole.
func (s *settings) Wrong(name, text string) { s.object.wrong(name, text) }

// Secret reads a secret in one of its three ways.
func (s *settings) Secret(name string, need providers.Need) providers.Secret {
	return providers.Secret(s.object.secret(name, need))
}

// Number reads a whole number from least to most.
func (s *settings) Number(name string, least, most int64) int64 {
	return s.object.number(name, least, most)
}

// Duration reads a time such as "90s".
func (s *settings) Duration(name string) time.Duration {
	text := s.object.text(name, optional)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		s.Wrong(name, "it is not a time such as 90s, 30m or 24h")
		return 0
	}
	return d
}

// URL reads an address, by https in accounts that move real money.
func (s *settings) URL(name string, need providers.Need) string {
	text := s.object.text(name, need)
	s.object.httpURL(name, text)
	if !s.testMode && strings.HasPrefix(strings.ToLower(text), "http:") {
		s.Wrong(name, "it must be https in an account that moves real money")
	}
	return text
}

// Currency reads a currency's code.
func (s *settings) Currency(name string) pay.Currency {
	text := s.object.text(name, optional)
	if text == "" {
		return ""
	}
	currency, err := pay.ParseCurrency(text)
	if err != nil {
		s.Wrong(name, err.Error())
	}
	return currency
}

// File reads the file that a member names.
func (s *settings) File(name string, need providers.Need) []byte {
	return s.object.content(name, s.object.text(name, need))
}

// Map reads an object of texts.
func (s *settings) Map(name string, need providers.Need) map[string]string {
	n := s.object.of(name, "object", need)
	if n == nil {
		return nil
	}
	o := s.object.d.object(n, name)
	texts := make(map[string]string, len(n.members))
	for _, m := range n.members {
		texts[m.name] = o.text(m.name, required)
	}
	o.done()
	return texts
}

// Group returns an object among the members.
func (s *settings) Group(name string, need providers.Need) (providers.Settings, bool) {
	n := s.object.of(name, "object", need)
	if n == nil {
		return nil, false
	}
	group := &settings{object: s.object.d.object(n, name), testMode: s.testMode}
	s.groups = append(s.groups, group)
	return group, true
}

// readBeside reads a file named in the document: relative names are looked for
// in the document's own folder.
func (d *document) readBeside(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(d.name), name)
	}
	return readFile(name)
}

// content reads the file that the member names; "" is none.
func (o *object) content(name, file string) []byte {
	if file == "" {
		return nil
	}
	content, err := o.d.readBeside(file)
	if err == nil && len(content) == 0 {
		err = errors.New("the file is empty")
	}
	if err != nil {
		o.wrong(name, err.Error())
	}
	return content
}

// number reads a whole number from least to most; 0 when it is absent.
func (o *object) number(name string, least, most int64) int64 {
	n := o.of(name, "number", optional)
	if n == nil {
		return 0
	}
	written, _ := n.value.(json.Number)
	number, err := written.Int64()
	if err != nil || number < least || number > most {
		o.wrong(name, fmt.Sprintf("want a whole number from %d to %d", least, most))
		return 0
	}
	return number
}

// httpURL refuses text that is no http or https address; an empty one has been
// judged before. The text is not quoted: somebody may write a password into it.
func (o *object) httpURL(name, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		o.wrong(name, "it is not an http or https address")
	}
}

// secret reads name, nameFile or nameEnv, of which at most one may be there.
func (o *object) secret(name string, need providers.Need) Secret {
	text, file, env := o.text(name, optional), o.text(name+"File", optional), o.text(name+"Env", optional)
	given := 0
	for _, way := range []string{text, file, env} {
		if way != "" {
			given++
		}
	}
	switch {
	case given > 1:
		o.wrong(name, "it is given in more than one way")
	case given == 0 && need == required:
		o.wrong(name, "it is missing; "+name+"File and "+name+"Env will do, too")
	case file != "":
		content, err := o.d.readBeside(file)
		text = strings.TrimRight(string(content), "\r\n")
		if err == nil && text == "" {
			err = errors.New("the file is empty")
		}
		if err != nil {
			o.wrong(name+"File", err.Error())
		}
	case env != "":
		if text = o.d.getenv(env); text == "" {
			o.wrong(name+"Env", "the variable is not set")
		}
	}
	return Secret(text)
}
