package gqlhttp

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that this package itself puts into extensions.code. Those of
// gqlgen for a document that does not parse or validate pass through:
// GRAPHQL_PARSE_FAILED, GRAPHQL_VALIDATION_FAILED.
const (
	CodeBadRequest            = "BAD_REQUEST"            // not a GraphQL request: the client is wrong
	CodeMethodNotAllowed      = "METHOD_NOT_ALLOWED"     // only POST is served
	CodeUnsupportedMediaType  = "UNSUPPORTED_MEDIA_TYPE" // only application/json is read
	CodePayloadTooLarge       = "PAYLOAD_TOO_LARGE"      // over Options.MaxBodyBytes
	CodeForbidden             = "FORBIDDEN"              // a page of an origin that may not connect
	CodeLimitExceeded         = "LIMIT_EXCEEDED"         // too many operations on one socket
	CodeQueryTooComplex       = "QUERY_TOO_COMPLEX"      // refused by the guard; extensions say which limit
	CodeIntrospectionDisabled = "INTROSPECTION_DISABLED" // the viewer may not read the schema
	CodeTokenExpired          = "TOKEN_EXPIRED"          // a stream outlived its token: sign in again
	CodeUnavailable           = "UNAVAILABLE"            // the server is stopping: connect again
	CodeInternal              = "INTERNAL"               // our fault; the details are in our log only
)

// ErrUnavailable is what an InitFunc wraps when the token could not be judged
// just now. The socket closes with a code after which clients retry.
var ErrUnavailable = errors.New("authentication is unavailable")

// refusal is an answer to something that never became an operation.
type refusal struct {
	status  int
	code    string
	message string
}

func badRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: CodeBadRequest, message: message}
}

func newError(code, requestID, message string) *gqlerror.Error {
	return withRequestID(&gqlerror.Error{
		Message:    message,
		Extensions: map[string]any{"code": code},
	}, requestID)
}

// withRequestID adds what every top-level error carries, unless the presenter
// already has. The map is copied: other holders of the error may be reading it.
func withRequestID(err *gqlerror.Error, requestID string) *gqlerror.Error {
	if _, done := err.Extensions["requestId"]; done || requestID == "" {
		return err
	}
	extensions := make(map[string]any, len(err.Extensions)+1)
	maps.Copy(extensions, err.Extensions)
	extensions["requestId"] = requestID
	out := *err
	out.Extensions = extensions
	return &out
}

func withRequestIDs(ctx context.Context, errs gqlerror.List, requestID func(context.Context) string) gqlerror.List {
	if len(errs) == 0 {
		return nil
	}
	id := requestID(ctx)
	out := make(gqlerror.List, len(errs))
	for i, err := range errs {
		out[i] = withRequestID(err, id)
	}
	return out
}

// maxMessageLen bounds a validation message, in bytes: a name in it may be as
// long as the document allows.
const maxMessageLen = 300

// redact takes out of parse and validation errors the values they quote from
// the document or its variables: a card number pasted into the wrong place
// must not come back, nor reach the log of whoever presents the error. Names
// of fields, types and arguments stay, or nobody could mend a query. It runs
// before the presenter sees the errors.
func redact(errs gqlerror.List) gqlerror.List {
	for _, err := range errs {
		err.Message = shorten(redactMessage(err.Rule, err.Message), maxMessageLen)
	}
	return errs
}

// redactMessage cuts a message before the value in it. The texts are those of
// gqlparser 2.5.37: parser/parser.go, lexer/lexer.go,
// validator/rules/values_of_correct_type.go, validator/vars.go.
func redactMessage(rule, message string) string {
	if strings.HasPrefix(rule, "ValuesOfCorrectType") {
		if strings.HasSuffix(message, ", found null.") {
			return message
		}
		if strings.HasPrefix(message, "Expected value of type ") {
			head, _, _ := strings.Cut(message, ", found ")
			return head + "."
		}
		if head, _, found := strings.Cut(message, " value: "); found {
			return head + " value."
		}
		if _, enum, found := strings.Cut(message, " does not exist in "); found {
			return "Value does not exist in " + lastQuoted(enum) + " enum."
		}
		return message
	}
	if rule != "" {
		return message
	}
	if i := strings.LastIndex(message, " is not a valid "); i >= 0 {
		return "not a valid" + message[i+len(" is not a valid"):]
	}
	for _, before := range []string{"Unexpected ", ", found "} {
		if i := strings.Index(message, before); i >= 0 {
			rest := message[i+len(before):]
			kind, _, _ := strings.Cut(rest, ` "`)
			return message[:i] + before + kind
		}
	}
	for _, before := range []string{"Invalid character escape sequence", "Cannot parse the unexpected character"} {
		if strings.HasPrefix(message, before) {
			return before + "."
		}
	}
	return message
}

// lastQuoted returns the last "quoted" word of s with its quotes: a value
// before it may contain quotes of its own.
func lastQuoted(s string) string {
	end := strings.LastIndexByte(s, '"')
	if end <= 0 {
		return "its"
	}
	start := strings.LastIndexByte(s[:end], '"')
	if start < 0 {
		return "its"
	}
	return s[start : end+1]
}

// shorten cuts s to at most n bytes, between runes.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
