// Package pay is the vocabulary of payments and the rules that need no
// database: typed ids, money, currencies, periods, the statuses of every
// object with the moves between them, postings, and the errors that a person
// may read.
//
// It imports the standard library only, so that every other package may speak
// it: the tables (ent/schema), the adapters (providers) and the API (graph). It
// does no input or output and never asks what time it is.
//
// Start with bill.go and attempt.go for what may follow what, errors.go for what can go
// wrong, and money.go for how an amount is written.
package pay
