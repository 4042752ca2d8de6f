package gqlhttp

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (e *edge) do(t *testing.T, method, body string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, e.url, strings.NewReader(body))
	require.NoError(t, err)
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response.StatusCode, response.Header, string(got)}
}

func (e *edge) post(t *testing.T, body string) answer {
	t.Helper()
	return e.do(t, http.MethodPost, body, http.Header{"Content-Type": {"application/json"}})
}

func TestPost_Refuses(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	json := http.Header{"Content-Type": {"application/json"}}
	good := `{"query":"{ echo(n: 1) }"}`
	tests := []struct {
		name   string
		method string
		header http.Header
		body   string
		status int
		code   string
	}{
		{"Get", http.MethodGet, nil, "", 405, CodeMethodNotAllowed},
		{"Put", http.MethodPut, json, good, 405, CodeMethodNotAllowed},
		{"NoMediaType", http.MethodPost, nil, good, 415, CodeUnsupportedMediaType},
		{"Form", http.MethodPost, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, "query=%7Becho%7D", 415, CodeUnsupportedMediaType},
		{"TextPlain", http.MethodPost, http.Header{"Content-Type": {"text/plain"}}, good, 415, CodeUnsupportedMediaType},
		{"Multipart", http.MethodPost, http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, good, 415, CodeUnsupportedMediaType},
		{"GraphQLMediaType", http.MethodPost, http.Header{"Content-Type": {"application/graphql"}}, "{ echo(n: 1) }", 415, CodeUnsupportedMediaType},
		{"OtherCharset", http.MethodPost, http.Header{"Content-Type": {"application/json; charset=utf-16"}}, good, 415, CodeUnsupportedMediaType},
		{"TwoMediaTypes", http.MethodPost, http.Header{"Content-Type": {"application/json", "text/plain"}}, good, 415, CodeUnsupportedMediaType},
		{"Gzip", http.MethodPost, http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, gzipped(t, good), 415, CodeUnsupportedMediaType},
		{"TooLarge", http.MethodPost, json, `{"query":"` + strings.Repeat(" ", 64<<10) + canary + `"}`, 413, CodePayloadTooLarge},
		{"Empty", http.MethodPost, json, "", 400, CodeBadRequest},
		{"NotJSON", http.MethodPost, json, canary + " {", 400, CodeBadRequest},
		{"CutShort", http.MethodPost, json, `{"query":"` + canary, 400, CodeBadRequest},
		{"Batch", http.MethodPost, json, "[" + good + "," + good + "]", 400, CodeBadRequest},
		{"String", http.MethodPost, json, `"` + canary + `"`, 400, CodeBadRequest},
		{"TwoObjects", http.MethodPost, json, good + good, 400, CodeBadRequest},
		{"NotUTF8", http.MethodPost, json, "{\"query\":\"{ echo(n: 1) } #\xff" + canary + "\"}", 400, CodeBadRequest},
		{"NoQuery", http.MethodPost, json, `{"variables":{"card":"` + canary + `"}}`, 400, CodeBadRequest},
		{"NumberQuery", http.MethodPost, json, `{"query":` + canary + `}`, 400, CodeBadRequest},
		{"ListVariables", http.MethodPost, json, `{"query":"{ echo(n: 1) }","variables":["` + canary + `"]}`, 400, CodeBadRequest},
		{"StringExtensions", http.MethodPost, json, `{"query":"{ echo(n: 1) }","extensions":"` + canary + `"}`, 400, CodeBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.do(t, tt.method, tt.body, tt.header)
			require.Equal(t, tt.status, got.status, got.body)
			require.Equal(t, "application/json", got.header.Get("Content-Type"))
			require.Contains(t, got.body, `"code":"`+tt.code+`"`)
			require.Contains(t, got.body, `"requestId":"req-1"`)
			require.NotContains(t, got.body, `"data"`)
			require.NotContains(t, got.body, canary)
		})
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestPost_StatusFollowsAccept(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	const valid, invalid = `{"query":"{ boom }"}`, `{"query":"{ nosuch }"}`
	const newer = "application/graphql-response+json"
	tests := []struct {
		name, accept, body string
		status             int
		mediaType          string
	}{
		{"NoAccept", "", valid, 200, mediaJSON},
		{"NoAcceptInvalid", "", invalid, 200, mediaJSON},
		{"Anything", "*/*", invalid, 200, mediaJSON},
		{"JSON", mediaJSON, invalid, 200, mediaJSON},
		{"HTML", "text/html", invalid, 200, mediaJSON},
		{"Newer", newer, valid, 200, newer},
		{"NewerInvalid", newer, invalid, 400, newer},
		{"NewerFirst", newer + "; charset=utf-8, application/json;q=0.9", invalid, 400, newer},
		{"BothAlike", "application/json, " + newer, invalid, 400, newer},
		{"NewerLess", "application/json, " + newer + ";q=0.5", invalid, 200, mediaJSON},
		{"NewerNever", newer + ";q=0", invalid, 200, mediaJSON},
		{"Garbage", ";;;,,/", invalid, 200, mediaJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.do(t, http.MethodPost, tt.body, http.Header{"Content-Type": {"application/json; charset=UTF-8"}, "Accept": {tt.accept}})
			require.Equal(t, tt.status, got.status, got.body)
			require.Equal(t, tt.mediaType, got.header.Get("Content-Type"))
		})
	}
}

func TestPost_Answers(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	tests := []struct {
		name, body, want string
	}{
		{
			"LargeIntegersSurvive", `{"query":"query($n: Long!) { echo(n: $n) }","variables":{"n":9007199254740993}}`,
			`{"data":{"echo":9007199254740993}}`,
		},
		{
			"UnknownMembersAreIgnored", `{"query":"{ echo(n: 1) }","operationName":null,"variables":null,"extensions":{},"id":"x","doc_id":7}`,
			`{"data":{"echo":1}}`,
		},
		{
			"OperationIsChosenByName", `{"query":"query A { echo(n: 1) } query B { echo(n: 2) }","operationName":"B"}`,
			`{"data":{"echo":2}}`,
		},
		{
			"FieldErrorsKeepData", `{"query":"{ boom }"}`,
			`{"errors":[{"message":"it went wrong","extensions":{"requestId":"req-1"}}],"data":{"boom":null}}`,
		},
		{
			"InvalidDocumentHasNoData", `{"query":"{ nosuch }"}`,
			`{"errors":[{"message":"Cannot query field \"nosuch\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED","requestId":"req-1"}}]}`,
		},
		{
			"EmptyQueryHasNoData", `{"query":""}`,
			`{"errors":[{"message":"no operation provided","extensions":{"code":"GRAPHQL_VALIDATION_FAILED","requestId":"req-1"}}]}`,
		},
		{
			"SubscriptionsAreSentElsewhere", `{"query":"subscription { forever }"}`,
			`{"errors":[{"message":"A subscription needs a WebSocket (graphql-transport-ws) or Accept: text/event-stream.","extensions":{"code":"BAD_REQUEST","requestId":"req-1"}}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.post(t, tt.body)
			require.Equal(t, 200, got.status)
			require.JSONEq(t, tt.want, got.body)
		})
	}
}

func TestPost_PanicIsInternal(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	got := e.post(t, `{"query":"{ panic }"}`)
	require.Equal(t, 500, got.status)
	require.JSONEq(t, `{"errors":[{"message":"Internal error.","extensions":{"code":"INTERNAL","requestId":"req-1"}}]}`, got.body)
	require.Equal(t, []any{"oh no " + canary}, e.panics)
}

// Values in the wrong place are named by where they stand, not by what they are.
func TestPost_NeverEchoesValues(t *testing.T) {
	t.Parallel()
	e := setup(t, nil)

	tests := []struct {
		name, query, variables string
	}{
		{"IntForString", `{ text(s: ` + canary + `) }`, `{}`},
		{"StringForInt", `{ text(i: \"` + canary + `\") }`, `{}`},
		{"StringForEnum", `{ text(c: \"` + canary + `\") }`, `{}`},
		{"UnknownEnum", `{ text(c: A` + canary + `) }`, `{}`},
		{"EnumForString", `{ text(s: sk_` + canary + `) }`, `{}`},
		{"ObjectForString", `{ text(s: {a: \"` + canary + ` found \\\" \\\" value: \"}) }`, `{}`},
		{"ListForInt", `{ text(i: [\"` + canary + `\"]) }`, `{}`},
		{"StrayString", `{ \"` + canary + `\" }`, `{}`},
		{"StrayNumber", canary, `{}`},
		{"StrayName", `{ text(s: ) } a` + canary, `{}`},
		{"OpenString", `{ text(s: \"` + canary, `{}`},
		{"BadEscape", `{ text(s: \"\\u` + canary[:3] + `z` + canary + `\") }`, `{}`},
		{"BadKeyword", `fragment A ` + "x" + canary + ` Query { boom }`, `{}`},
		{"EnumVariable", `query($c: Colour) { text(c: $c) }`, `{"c":"` + canary + `"}`},
		{"EnumVariableWithWords", `query($c: Colour) { text(c: $c) }`, `{"c":"` + canary + ` is not a valid "}`},
		{"ObjectVariable", `query($s: String) { text(s: $s) }`, `{"s":{"a":"` + canary + `"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := e.post(t, `{"query":"`+tt.query+`","variables":`+tt.variables+`}`)
			require.Equal(t, 200, got.status)
			require.Contains(t, got.body, `"errors"`)
			require.NotContains(t, got.body, canary)
			t.Log(got.body)
		})
	}
}

func FuzzDecodeParams(f *testing.F) {
	f.Add([]byte(`{"query":"{ a }","variables":{"n":1e400}}`))
	f.Add([]byte(`[{}]`))
	f.Add([]byte("{\"query\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		raw, why := decodeParams(body)
		require.NotEqual(t, raw == nil, why == nil)
	})
}
