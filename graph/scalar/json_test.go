package scalar_test

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/scalar"
)

// decoded reads text as a transport does, keeping numbers as they are written.
func decoded(t *testing.T, text string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v))
	return v
}

func TestUnmarshalJSON(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name string
		sent string
		want string
	}{
		{"empty", ` { } `, `{}`},
		{"numbers keep every digit", `{"a":12345678901234567890.10,"b":1e400,"c":-0,"d":1.0}`, `{"a":12345678901234567890.10,"b":1e400,"c":-0,"d":1.0}`},
		{"keys are sorted", `{"b":1,"a":{"d":[],"c":[1,"x",null,true]}}`, `{"a":{"c":[1,"x",null,true],"d":[]},"b":1}`},
		{"text is escaped", `{"a\n":"\"\\ \u0001 ⭐"}`, `{"a\n":"\"\\ \u0001 ⭐"}`},
		{"largest", `{"a":"` + strings.Repeat("x", 4096-8) + `"}`, `{"a":"` + strings.Repeat("x", 4096-8) + `"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()

			object, err := scalar.UnmarshalJSON(decoded(t, tt.sent))
			require.NoError(t, err)
			require.Equal(t, tt.want, string(object))
			require.Equal(t, tt.want, written(scalar.MarshalJSON(object)))
		})
	}
}

func TestUnmarshalJSON_TakesLiteralsOfTheQuery(t *testing.T) {
	t.Parallel()

	object, err := scalar.UnmarshalJSON(map[string]any{"count": int64(math.MaxInt64), "rate": 0.1, "list": []any{1, 1e21}})
	require.NoError(t, err)
	require.Equal(t, `{"count":9223372036854775807,"list":[1,1e+21],"rate":0.1}`, string(object)) //nolint:testifylint // equal bytes is the point, not equal JSON
}

func TestUnmarshalJSON_Refuses(t *testing.T) {
	t.Parallel()

	refused := []any{
		nil, "{}", "text", json.Number("1"), true,
		[]any{},
		[]any{map[string]any{}},
		map[string]any{"a": strings.Repeat("x", 4096-7)},
		map[string]any{strings.Repeat("x", 1<<20): nil},
		map[string]any{"a": "nul\x00"},
		map[string]any{"nul\x00": 1},
		map[string]any{"a": 0.1234567890123456789},
		map[string]any{"a": math.NaN()},
		map[string]any{"a": math.Inf(1)},
		map[string]any{"a": json.Number("1,2")},
		map[string]any{"a": json.Number("")},
		map[string]any{"a": struct{}{}},
		map[string]any{"a": make([]any, 1<<20)},
	}
	for _, sent := range refused {
		_, err := scalar.UnmarshalJSON(sent)
		requireInvalid(t, err, sent)
	}
}

func TestMarshalJSON(t *testing.T) {
	t.Parallel()

	require.Equal(t, `{"a":[1.50,2]}`, written(scalar.MarshalJSON(json.RawMessage("{ \"a\": [1.50,\n 2] }\n")))) //nolint:testifylint // equal bytes is the point, not equal JSON
	require.Same(t, graphql.Null, scalar.MarshalJSON(nil))
	require.Same(t, graphql.Null, scalar.MarshalJSON(json.RawMessage(`{"a":`)))
}

func TestMarshalJSON_ToAnyWriter(t *testing.T) {
	t.Parallel()

	var b strings.Builder
	scalar.MarshalJSON(json.RawMessage(`{ "a": 1 }`)).MarshalGQL(io.MultiWriter(&b))
	require.Equal(t, `{"a":1}`, b.String())
}

// FuzzJSON holds that an object that is taken is no longer than 4 KiB, and is
// taken again unchanged.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1.10,"a":2}`, `{"b":[{"c":null}],"a":"\u0000"}`, `[]`, `{"a":"\ud800"}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		decoder := json.NewDecoder(strings.NewReader(s))
		decoder.UseNumber()
		var sent any
		if decoder.Decode(&sent) != nil {
			return
		}
		object, err := scalar.UnmarshalJSON(sent)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(object), 4096)
		again, err := scalar.UnmarshalJSON(decoded(t, string(object)))
		require.NoError(t, err)
		require.Equal(t, string(object), string(again))
	})
}
