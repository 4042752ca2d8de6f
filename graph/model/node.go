// Package model holds what GraphQL answers with that is no entity: inputs,
// payloads, errors, pages, and the types whose tables come later. models_gen.go
// is generated from schema.graphql (see gqlgen.yml); the rest is written by
// hand, and has no behaviour but to show what it was made of.
//
// It asks no service and knows no viewer. Start with node.go and page.go.
package model

// Node is anything with an id that `node` finds again: an entity of ent, or a
// generated type. It asks for no method, so that entities need no mark of the
// API's; the schema says which types they are.
type Node any
