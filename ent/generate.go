// Package ent is the generated data layer. What is written by hand: schema/,
// template/, entc.go, this file, and migrate/ (embed.go and the versioned SQL).
package ent

//go:generate go run -mod=mod entc.go
