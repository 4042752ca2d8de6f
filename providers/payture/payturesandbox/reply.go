package payturesandbox

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"
)

// reply is one XML answer: attributes in order, empty ones included.
type reply []attribute

type attribute struct{ name, value string }

func accepted(attributes ...attribute) reply {
	return append(reply{{"Success", "True"}}, attributes...)
}

// refused is a business error. An Init's has no OrderId, the operations' have.
func refused(c Code, attributes ...attribute) reply {
	r := append(reply{{"Success", "False"}}, attributes...)
	return append(r, attribute{"ErrCode", string(c)})
}

func kopecks(name string, n int64) attribute {
	return attribute{name, strconv.FormatInt(n, 10)}
}

// write answers as Payture does: 200 whatever happened, one root element named
// like the command, everything in attributes, no XML declaration.
func (r reply) write(w http.ResponseWriter, command string) { r.writeList(w, command, nil) }

// writeList is write with Item elements inside, on lines of their own as in
// the recordings of GetList.
func (r reply) writeList(w http.ResponseWriter, command string, items []reply) {
	var b bytes.Buffer
	r.open(&b, command)
	if len(items) > 0 {
		b.WriteString(">\r\n")
		for _, item := range items {
			b.WriteString("  ")
			item.open(&b, "Item")
			b.WriteString(" />\r\n")
		}
		b.WriteString("</" + command + ">")
	} else {
		b.WriteString(" />")
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

func (r reply) open(b *bytes.Buffer, name string) {
	b.WriteString("<" + name)
	for _, a := range r {
		b.WriteString(" " + a.name + `="`)
		_ = xml.EscapeText(b, []byte(a.value)) // a bytes.Buffer does not fail
		b.WriteByte('"')
	}
}
