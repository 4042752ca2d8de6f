package explorer_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/web/explorer"
)

func get(t *testing.T, h http.Handler, path string, header http.Header) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	return string(content)
}

func TestHandler(t *testing.T) {
	t.Parallel()
	h, err := explorer.Handler(explorer.Options{Token: `pk_"</script><script>alert(1)//`, Document: "{ a }"})
	require.NoError(t, err)
	page := get(t, h, "/", nil)
	html := body(t, page)
	links := regexp.MustCompile(`(?:src|href)="(explorer/[^"]+)"`).FindAllStringSubmatch(html, -1)
	require.Len(t, links, 6)

	t.Run("PageIsNotKept", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "no-store", page.Header.Get("Cache-Control"))
	})
	t.Run("PageRunsNoScriptOfItsOwn", func(t *testing.T) {
		t.Parallel()
		policy := page.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'; script-src 'self';")
		require.Equal(t, 1, strings.Count(html, "<script id="))
		require.Equal(t, 4, strings.Count(html, "<script src="))
		require.Equal(t, 5, strings.Count(html, "<script"))
	})
	t.Run("FilesAreKeptForever", func(t *testing.T) {
		t.Parallel()
		for _, link := range links {
			first := get(t, h, "/"+link[1], nil)
			require.Equal(t, http.StatusOK, first.StatusCode)
			require.Contains(t, first.Header.Get("Cache-Control"), "immutable")
			require.NotEmpty(t, body(t, first))
			again := get(t, h, "/"+link[1], http.Header{"If-None-Match": {first.Header.Get("ETag")}})
			require.Equal(t, http.StatusNotModified, again.StatusCode)
			require.NoError(t, again.Body.Close())
		}
	})
	t.Run("NothingElseIsServed", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/x", "/explorer/", "/explorer/index.html", "/static/explorer.js", "/explorer/LICENSES.txt"} {
			r := get(t, h, path, nil)
			require.Equal(t, http.StatusNotFound, r.StatusCode, path)
			require.NoError(t, r.Body.Close())
		}
	})
}

// The pinned files are the published ones, byte for byte, and small enough.
func TestStatic(t *testing.T) {
	t.Parallel()
	licences, err := os.ReadFile("static/LICENSES.txt")
	require.NoError(t, err)
	pinned := regexp.MustCompile(`(?m)^  (\S+)\s+\S+@\S+\s+MIT\s+([0-9a-f]{64})$`).FindAllStringSubmatch(string(licences), -1)
	require.Len(t, pinned, 4)
	for _, file := range pinned {
		content, err := os.ReadFile("static/" + file[1])
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		require.Equal(t, file[2], hex.EncodeToString(sum[:]), file[1])
	}

	files, err := os.ReadDir("static")
	require.NoError(t, err)
	size := int64(0)
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		size += info.Size()
	}
	require.Less(t, size, int64(1_800_000))
}
