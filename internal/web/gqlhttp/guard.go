package gqlhttp

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
)

// Limits bound one document. Zero forbids the thing altogether.
type Limits struct {
	Bytes      int // of the document
	Tokens     int // comments are not counted, their bytes are
	Depth      int // of selection sets, through fragments
	Spreads    int // of named fragments, as written
	Expansions int // of named fragments, once every spread is followed
	Repeats    int // of one field's name: validation compares each pair of them
	Aliases    int
	Directives int
}

// DefaultLimits are those of a client's document.
func DefaultLimits() Limits {
	return Limits{Bytes: 16 << 10, Tokens: 500, Depth: 12, Spreads: 40, Expansions: 200, Repeats: 100, Aliases: 15, Directives: 10}
}

// IntrospectionLimits are those of a document that reads the schema: the
// standard introspection query of graphql-js is 15 selection sets deep and 190 tokens long.
func IntrospectionLimits() Limits {
	limits := DefaultLimits()
	limits.Depth = 20
	return limits
}

// Guard refuses documents that would cost much before anything is spent on
// them. It reads tokens only, stops at the first limit that is passed, and
// runs before gqlgen parses: gqlgen's own complexity limit comes after walks
// that a few hundred bytes can make exponential.
//
// It also holds the switch for introspection, because it must know the
// document for one that may read the schema.
//
// A refusal has the code QUERY_TOO_COMPLEX and says in extensions which
// "limit" (the field of Limits, in lower case), its "max" and the "value" at
// which counting stopped.
type Guard struct {
	Limits        Limits // zero: DefaultLimits
	Introspection Limits // zero: IntrospectionLimits

	// MayIntrospect says whether the one who asks may read the schema.
	// Nil: nobody may.
	MayIntrospect func(ctx context.Context) bool
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = (*Guard)(nil)

// ExtensionName is part of gqlgen's extension.
func (*Guard) ExtensionName() string { return "LexicalGuard" }

// Validate fills in the limits that were not given.
func (g *Guard) Validate(graphql.ExecutableSchema) error {
	setDefault(&g.Limits, DefaultLimits())
	setDefault(&g.Introspection, IntrospectionLimits())
	return nil
}

// MutateOperationParameters refuses a document that passes a limit. One that
// is no GraphQL at all it leaves to the parser, which says where.
func (g *Guard) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	limits := g.Limits
	seen := scan(request.Query, limits)
	if seen.introspects {
		if !g.mayIntrospect(ctx) {
			return newError(CodeIntrospectionDisabled, "", "Reading the schema is not allowed here.")
		}
		limits = g.Introspection
		seen = scan(request.Query, limits)
	}
	if seen.passed == "" {
		return nil
	}
	err := newError(CodeQueryTooComplex, "", fmt.Sprintf(
		"The document has more %s than allowed: at least %d, limit %d.", seen.passed, seen.value, seen.max))
	err.Extensions["limit"], err.Extensions["max"], err.Extensions["value"] = seen.passed, seen.max, seen.value
	return err
}

// MutateOperationContext lets gqlgen answer introspection to those who may.
func (g *Guard) MutateOperationContext(ctx context.Context, running *graphql.OperationContext) *gqlerror.Error {
	running.DisableIntrospection = !g.mayIntrospect(ctx)
	return nil
}

func (g *Guard) mayIntrospect(ctx context.Context) bool {
	return g.MayIntrospect != nil && g.MayIntrospect(ctx)
}

// verdict is what scan found. When passed is empty the document is within its
// limits, or no GraphQL.
type verdict struct {
	passed      string // the limit that was passed
	max, value  int
	introspects bool // __schema or __type was seen, before or after the limit
}

// scanner counts tokens. It tells selection sets from object literals by the
// parentheses round every argument list: a selection set cannot stand within.
type scanner struct {
	limits                               Limits
	tokens, spreads, aliases, directives int
	braces, parens                       int
	keyword                              bool           // the last token began a fragment's definition
	names                                map[string]int // of fields, how often
	fragments                            graph
}

// scan reads query to its end or to the first limit passed. For documents that
// introspect, the caller scans again with other limits, so the first scan must
// see that they do even beyond a limit: tokens it has already paid for.
func scan(query string, limits Limits) (v verdict) {
	if len(query) > limits.Bytes {
		return verdict{passed: "bytes", max: limits.Bytes, value: len(query)}
	}
	s := scanner{limits: limits, names: make(map[string]int, 32)}
	lex := lexer.New(&ast.Source{Input: query})
	previous := lexer.Invalid
	for previous != lexer.EOF {
		token, err := lex.ReadToken()
		if err != nil {
			return v // the parser will meet the same
		}
		if token.Kind == lexer.Comment {
			continue
		}
		if token.Kind == lexer.Name && (token.Value == "__schema" || token.Value == "__type") {
			v.introspects = true
		}
		if v.passed == "" {
			v.passed, v.max, v.value = s.count(previous, token)
		}
		if s.tokens > limits.Tokens {
			break
		}
		s.tokens++
		previous = token.Kind
	}
	if v.passed == "" {
		v.passed, v.max, v.value = s.fragments.judge(limits)
	}
	return v
}

// count adds one token and returns the limit it passes, if any.
func (s *scanner) count(previous lexer.Type, token lexer.Token) (passed string, limit, value int) {
	if s.tokens >= s.limits.Tokens && token.Kind != lexer.EOF {
		return "tokens", s.limits.Tokens, s.tokens + 1
	}
	named := s.keyword
	s.keyword = s.braces == 0 && s.parens == 0 && token.Kind == lexer.Name && token.Value == "fragment" &&
		(previous == lexer.Invalid || previous == lexer.BraceR)
	switch token.Kind {
	case lexer.ParenL:
		s.parens++
	case lexer.ParenR:
		s.parens--
	case lexer.BraceL:
		if s.parens <= 0 {
			s.braces++
			s.fragments.descend(s.braces)
		}
		if s.braces > s.limits.Depth {
			return "depth", s.limits.Depth, s.braces
		}
	case lexer.BraceR:
		if s.parens <= 0 {
			s.braces--
		}
	case lexer.Colon:
		if s.parens <= 0 {
			s.aliases++
		}
		if s.aliases > s.limits.Aliases {
			return "aliases", s.limits.Aliases, s.aliases
		}
	case lexer.At:
		s.directives++
		if s.directives > s.limits.Directives {
			return "directives", s.limits.Directives, s.directives
		}
	case lexer.Name:
		if named {
			s.fragments.begin(token.Value)
		}
		if previous == lexer.Spread && token.Value != "on" {
			s.spreads++
			s.fragments.spread(token.Value, s.braces)
		}
		if s.spreads > s.limits.Spreads {
			return "spreads", s.limits.Spreads, s.spreads
		}
		if s.parens <= 0 && s.braces > 0 && previous != lexer.Spread {
			s.names[token.Value]++
			if n := s.names[token.Value]; n > s.limits.Repeats {
				return "repeats", s.limits.Repeats, n
			}
		}
	case lexer.Invalid, lexer.EOF, lexer.Bang, lexer.Dollar, lexer.Amp, lexer.Spread, lexer.Equals,
		lexer.BracketL, lexer.BracketR, lexer.Pipe, lexer.Int, lexer.Float, lexer.String,
		lexer.BlockString, lexer.Comment:
	}
	return "", 0, 0
}
