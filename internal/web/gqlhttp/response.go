package gqlhttp

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// writeResult appends the JSON of one execution result to b. The data is
// written as it came: gqlgen has encoded it, and encoding/json would read and
// copy it once more.
//
// A result with errors and no data at all is a request that was refused: such
// an answer must have no "data" member (GraphQL spec, October 2021, 7.1).
func writeResult(b *bytes.Buffer, result *graphql.Response) {
	b.WriteByte('{')
	if len(result.Errors) > 0 {
		b.WriteString(`"errors":`)
		writeErrors(b, result.Errors)
	}
	if result.Data != nil || len(result.Errors) == 0 {
		if len(result.Errors) > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"data":`)
		if result.Data == nil {
			b.WriteString("null")
		}
		b.Write(result.Data)
	}
	if len(result.Extensions) > 0 {
		if extensions, err := json.Marshal(result.Extensions); err == nil {
			b.WriteString(`,"extensions":`)
			b.Write(extensions)
		}
	}
	b.WriteByte('}')
}

func writeErrors(b *bytes.Buffer, errs gqlerror.List) {
	encoded, err := json.Marshal(errs)
	if err != nil { // an extension that is not JSON: keep the promise of a code
		encoded, _ = json.Marshal(gqlerror.List{newError(CodeInternal, "", "Internal error.")})
	}
	b.Write(encoded)
}

// send answers over plain HTTP.
func send(w http.ResponseWriter, status int, mediaType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", mediaType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
}

// refuse answers a request that never became an operation.
func refuse(w http.ResponseWriter, r *http.Request, o *Options, why *refusal) {
	var b bytes.Buffer
	writeResult(&b, &graphql.Response{Errors: gqlerror.List{
		newError(why.code, o.RequestID(r.Context()), why.message),
	}})
	send(w, why.status, negotiate(r.Header.Values("Accept")), b.Bytes())
}
