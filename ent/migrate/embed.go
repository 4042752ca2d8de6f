package migrate

import "embed"

// Versions holds the versioned migrations of both databases, in the folders
// sqlite and postgres. A file that has landed is never edited.
//
//go:embed sqlite/*.sql postgres/*.sql
var Versions embed.FS
