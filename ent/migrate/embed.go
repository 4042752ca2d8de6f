// Package migrate holds the versioned migrations that every database goes
// through, and ent's picture of the tables they must arrive at. Only the SQL and
// this file are written by hand; internal/store runs them. Start with Versions.
package migrate

import "embed"

// Versions holds the versioned migrations of both databases, in the folders
// sqlite and postgres. A file that has landed is never edited.
//
//go:embed sqlite/*.sql postgres/*.sql
var Versions embed.FS
