package gqlhttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// params is a GraphQL request as JSON. Members it does not name are ignored:
// clients send their own.
type params struct {
	Query         *string        `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
	Extensions    map[string]any `json:"extensions"`
}

// decodeParams reads one request from JSON. The refusals name the member that
// is wrong and never what was in it. Numbers stay text (json.Number), so that
// 64-bit integers reach the resolver unharmed.
func decodeParams(body []byte) (*graphql.RawParams, *refusal) {
	if !utf8.Valid(body) {
		return nil, badRequest("The request body is not valid UTF-8.")
	}
	switch first := bytes.TrimLeft(body, " \t\r\n"); {
	case len(first) == 0:
		return nil, badRequest("The request body is empty.")
	case first[0] == '[':
		return nil, badRequest("Batches are not served: send one operation a request.")
	case first[0] != '{':
		return nil, badRequest("The request body is not a JSON object.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var p params
	if err := decoder.Decode(&p); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, badRequest(wrongMember(wrong.Field))
		}
		return nil, badRequest("The request body is not valid JSON.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest("The request body has something after its JSON object.")
	}
	if p.Query == nil {
		return nil, badRequest(`The request has no "query".`)
	}
	return &graphql.RawParams{
		Query:         *p.Query,
		OperationName: p.OperationName,
		Variables:     p.Variables,
		Extensions:    p.Extensions,
	}, nil
}

// wrongMember says what a member must be. field is encoding/json's path of the
// offence, in which only our own names can stand.
func wrongMember(field string) string {
	switch field {
	case "query", "operationName":
		return `"` + field + `" must be a string.`
	case "variables", "extensions":
		return `"` + field + `" must be an object.`
	}
	return "The request body is not a GraphQL request."
}

// buffers are shared by everything that reads or writes a message. One that
// grew far beyond a message's cap is left to the garbage collector.
type bufferPool struct{ pool sync.Pool }

const maxPooledBytes = 128 << 10

func (p *bufferPool) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

func (p *bufferPool) put(b *bytes.Buffer) {
	if b.Cap() > maxPooledBytes {
		return
	}
	b.Reset()
	p.pool.Put(b)
}
