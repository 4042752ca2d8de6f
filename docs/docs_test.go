// Package docs_test keeps the pages of this folder true: their GraphQL is valid
// against the schema, their links lead somewhere, and the tests that they name
// exist.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

var (
	graphqlBlock = regexp.MustCompile("(?ms)^ *```graphql\n(.*?)^ *```$")
	link         = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	namedTest    = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)`")
	writtenTest  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9_]+)\(`)
)

// The examples that a reader copies are accepted by the server.
func TestDocs_GraphQLIsValid(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../schema.graphql")
	require.NoError(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	require.NoError(t, err)
	blocks := 0
	for page, content := range pages(t) {
		for _, found := range graphqlBlock.FindAllStringSubmatch(content, -1) {
			blocks++
			_, errs := gqlparser.LoadQueryWithRules(schema, found[1], rules.NewDefaultRules())
			require.Empty(t, errs, "%s:\n%s", page, found[1])
		}
	}
	require.NotZero(t, blocks)
}

// A link within the repository names a file that is there.
func TestDocs_LinksLeadSomewhere(t *testing.T) {
	t.Parallel()

	for page, content := range pages(t) {
		for _, found := range link.FindAllStringSubmatch(content, -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			require.FileExists(t, filepath.Join(filepath.Dir(page), target), page)
		}
	}
}

// A test that a page names as a proof is written.
func TestDocs_NamedTestsExist(t *testing.T) {
	t.Parallel()

	written := writtenTests(t)
	for page, content := range pages(t) {
		for _, found := range namedTest.FindAllStringSubmatch(content, -1) {
			require.Contains(t, written, found[1], page)
		}
	}
}

// pages returns the text of the README and of every page of this folder, by its
// path from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths := []string{"../README.md"}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			paths = append(paths, path)
		}
		return err
	})
	require.NoError(t, err)
	require.Greater(t, len(paths), 1)
	texts := make(map[string]string, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[path] = string(text)
	}
	return texts
}

// writtenTests names every test, fuzz test and benchmark of the repository.
func writtenTests(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range writtenTest.FindAllStringSubmatch(string(text), -1) {
			names[found[1]] = true
		}
		return err
	})
	require.NoError(t, err)
	return names
}
