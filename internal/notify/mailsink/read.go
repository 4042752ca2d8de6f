package mailsink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
)

// deepest is how far parts of a mail may stand within each other.
const deepest = 5

var errTooDeep = errors.New("its parts stand too deep within each other")

// read takes a mail apart.
func read(raw []byte) (Message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Message{}, err
	}
	m := Message{
		Raw: raw, From: decoded(parsed.Header.Get("From")), Subject: decoded(parsed.Header.Get("Subject")),
		ID: strings.Trim(parsed.Header.Get("Message-Id"), "<> "),
	}
	if err := m.readPart(textproto.MIMEHeader(parsed.Header), parsed.Body, 0); err != nil {
		return Message{}, err
	}
	return m, nil
}

// decoded reads the encoded words of a header.
func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

// readPart reads the first plain and the first HTML part below one.
func (m *Message) readPart(header textproto.MIMEHeader, body io.Reader, depth int) error {
	if depth > deepest {
		return errTooDeep
	}
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.readParts(multipart.NewReader(body, parameters["boundary"]), depth)
	}
	if kind != "text/plain" && kind != "text/html" {
		return nil
	}
	content, err := io.ReadAll(decoder(header.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return fmt.Errorf("read a part: %w", err)
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch {
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	}
	return nil
}

func (m *Message) readParts(parts *multipart.Reader, depth int) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read its parts: %w", err)
		}
		if err := m.readPart(part.Header, part, depth+1); err != nil {
			return err
		}
	}
}

func decoder(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
