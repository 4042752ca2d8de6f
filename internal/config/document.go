package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/paygraph/paygraph/providers"
)

// document is a JSON file that is read strictly: members nobody asked for,
// members given twice and values of the wrong kind are mistakes, and every
// mistake says its line and column. encoding/json alone would stop at the
// first, without a place, and take the last of twins.
//
// A mistake names members and never quotes a value: any may be a secret.
type document struct {
	name    string
	content []byte
	getenv  func(string) string
	found   []mistake
}

type mistake struct {
	at   int
	text string
}

// node is one value and where it begins.
type node struct {
	at      int
	value   any // string, bool, json.Number, nil; nothing for objects and lists
	members []member
	items   []*node
	kind    string // "object", "list", "text", "true or false", "number", "null"
}

type member struct {
	name  string
	at    int
	value *node
}

const (
	required = providers.Required
	optional = providers.Optional
)

// newDocument parses content. The root is nil when that is no JSON.
func newDocument(name string, content []byte, getenv func(string) string) (*document, *node) {
	d := &document{name: name, content: content, getenv: getenv}
	var whole any
	if err := json.Unmarshal(content, &whole); err != nil {
		at := len(content)
		if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = max(int(wrong.Offset)-1, 0)
		}
		d.wrong(at, "it is not JSON here")
		return d, nil
	}
	t := tokens{decoder: json.NewDecoder(bytes.NewReader(content)), content: content}
	t.decoder.UseNumber()
	return d, d.read(&t)
}

// tokens are the JSON tokens of a content that is known to be valid.
type tokens struct {
	decoder *json.Decoder
	content []byte
}

// next returns a token and where it begins.
func (t *tokens) next() (json.Token, int) {
	at := int(t.decoder.InputOffset())
	for at < len(t.content) && bytes.IndexByte([]byte(" \t\r\n,:"), t.content[at]) >= 0 {
		at++
	}
	token, _ := t.decoder.Token() // valid as a whole, so in its parts
	return token, at
}

func (d *document) read(t *tokens) *node {
	token, at := t.next()
	n := &node{at: at, value: token}
	switch token := token.(type) {
	case json.Delim:
		n.value = nil
		if token == '[' {
			n.kind = "list"
			for t.decoder.More() {
				n.items = append(n.items, d.read(t))
			}
		} else {
			n.kind = "object"
			for t.decoder.More() {
				name, at := t.next()
				text, _ := name.(string)
				n.members = append(n.members, member{name: text, at: at, value: d.read(t)})
			}
		}
		t.next() // its end
	case string:
		n.kind = "text"
	case bool:
		n.kind = "true or false"
	case json.Number:
		n.kind = "number"
	default:
		n.kind = "null"
	}
	return n
}

func (d *document) wrong(at int, text string) { d.found = append(d.found, mistake{at, text}) }

// mistakes joins what was found, in the file's order.
func (d *document) mistakes() error {
	slices.SortStableFunc(d.found, func(a, b mistake) int { return a.at - b.at })
	errs := make([]error, len(d.found))
	for i, m := range d.found {
		before := d.content[:m.at]
		line := bytes.Count(before, []byte("\n")) + 1
		column := len(bytes.Runes(before[bytes.LastIndexByte(before, '\n')+1:])) + 1
		errs[i] = fmt.Errorf("%s:%d:%d: %s", d.name, line, column, m.text)
	}
	return errors.Join(errs...)
}

// object is a node being read member by member.
type object struct {
	d    *document
	n    *node
	what string
	read map[string]bool
}

// object returns n to be read; when it is no object that is a mistake, and all
// its members are missing without another.
func (d *document) object(n *node, what string) *object {
	if n.kind != "object" {
		d.wrong(n.at, what+": want an object, not "+n.kind)
	}
	return &object{d: d, n: n, what: what, read: make(map[string]bool)}
}

// find returns the member, or nil.
func (o *object) find(name string) *member {
	o.read[name] = true
	for i := range o.n.members {
		if o.n.members[i].name == name {
			return &o.n.members[i]
		}
	}
	return nil
}

// wrong blames the member of that name, or the object when it has none.
func (o *object) wrong(name, text string) {
	at := o.n.at
	if m := o.find(name); m != nil {
		at = m.value.at
	}
	o.d.wrong(at, name+": "+text)
}

// of returns the member when it is of the kind, and nil with a mistake when it
// is of another, or missing and needed.
func (o *object) of(name, kind string, need providers.Need) *node {
	m := o.find(name)
	switch {
	case m == nil && need == required && o.n.kind == "object":
		o.d.wrong(o.n.at, name+": it is missing in this "+o.what)
	case m == nil:
	case m.value.kind != kind:
		o.d.wrong(m.value.at, name+": want "+kind+", not "+m.value.kind)
	default:
		return m.value
	}
	return nil
}

func (o *object) text(name string, need providers.Need) string {
	n := o.of(name, "text", need)
	if n == nil {
		return ""
	}
	text, _ := n.value.(string)
	if text == "" && need == required {
		o.d.wrong(n.at, name+": it is empty")
	}
	return text
}

func (o *object) flag(name string) bool {
	n := o.of(name, "true or false", optional)
	if n == nil {
		return false
	}
	value, _ := n.value.(bool)
	return value
}

func (o *object) list(name string, need providers.Need) []*node {
	if n := o.of(name, "list", need); n != nil {
		return n.items
	}
	return nil
}

func (o *object) texts(name string) []string {
	var list []string
	for _, n := range o.list(name, optional) {
		text, ok := n.value.(string)
		if !ok {
			o.d.wrong(n.at, name+": want text, not "+n.kind)
			continue
		}
		list = append(list, text)
	}
	return list
}

// child returns a member that is to be read as an object.
func (o *object) child(name string) (*node, bool) {
	n := o.of(name, "object", required)
	return n, n != nil
}

// optionalChild is child for a member that may be missing.
func (o *object) optionalChild(name string) (*node, bool) {
	n := o.of(name, "object", optional)
	return n, n != nil
}

// done refuses the members that nobody read, and twins.
func (o *object) done() {
	seen := make(map[string]bool)
	for _, m := range o.n.members {
		switch {
		case seen[m.name]:
			o.d.wrong(m.at, m.name+": it is there twice")
		case !o.read[m.name]:
			o.d.wrong(m.at, fmt.Sprintf("%.40q: there is no such member in this %s", m.name, o.what))
		}
		seen[m.name] = true
	}
}

// refuseTwins refuses items of a list that share a name.
func (d *document) refuseTwins(o *object, list string, nameOf func(at int) string) {
	seen := make(map[string]bool)
	for at, n := range o.list(list, optional) {
		name := nameOf(at)
		if name != "" && seen[name] {
			d.wrong(n.at, list+": another one has the same name")
		}
		seen[name] = true
	}
}
