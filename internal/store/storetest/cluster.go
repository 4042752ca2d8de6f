package storetest

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// errNoPostgres means that no server's programs were found on this machine.
// It is the one failure that may skip a test.
var errNoPostgres = errors.New("no Postgres server is installed")

//go:embed cluster.sh
var clusterScript string

// maxSocketDir is how long the path of a socket's directory may be. The whole
// path has at most 103 bytes on macOS and 107 on Linux, the name in it 14.
const maxSocketDir = 103 - len("/.s.PGSQL.5432")

// cluster is a running throw-away Postgres server.
type cluster struct {
	dir  string
	life *os.File // while it is open, the server runs
}

// startCluster makes a cluster from the programs in bin and waits until it
// answers. The server ends with this process, or when stop is called.
func startCluster(bin string) (*cluster, error) {
	dir, err := os.MkdirTemp("", "paygraph-pg-")
	if err != nil {
		return nil, fmt.Errorf("make the cluster's folder: %w", err)
	}
	c := &cluster{dir: dir}
	if err := c.run(bin); err != nil {
		// The script removes the folder too, but cannot when it never ran.
		return nil, errors.Join(fmt.Errorf("start Postgres from %s: %w", bin, err), os.RemoveAll(dir))
	}
	return c, nil
}

// run starts the script and reads its answer. The script is this process's
// child and the server is not: pg_ctl detaches it, so nothing here waits.
func (c *cluster) run(bin string) error {
	if len(c.dir) > maxSocketDir {
		return fmt.Errorf("socket folder %s: path over %d bytes, set TMPDIR to a shorter one", c.dir, maxSocketDir)
	}
	credential, err := unprivileged()
	if err != nil {
		return err
	}
	if credential != nil {
		if err := os.Chown(c.dir, int(credential.Uid), int(credential.Gid)); err != nil {
			return fmt.Errorf("give the cluster's folder away: %w", err)
		}
	}
	stdin, life, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the life line: %w", err)
	}
	defer stdin.Close()
	answer, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("make the answer's pipe: %w", err), life.Close())
	}
	defer answer.Close()

	// No test's context: the server serves all tests of the process.
	ctx := context.Background()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", clusterScript, "cluster.sh", bin, c.dir) //nolint:gosec // the script is ours, the folders this machine's
	cmd.Dir = c.dir
	// PGDATA, PGPORT and their like must not lead the script to a real server.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.Stdin, cmd.Stdout = stdin, stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: credential}
	// Our end of stdout is closed, or reading would never meet the end.
	if err := errors.Join(cmd.Start(), stdout.Close()); err != nil {
		return errors.Join(fmt.Errorf("start the cluster's script: %w", err), life.Close())
	}

	r := bufio.NewReader(answer)
	line, err := r.ReadString('\n')
	if line == "ready\n" {
		c.life = life
		return nil
	}
	rest, restErr := io.ReadAll(r)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(fmt.Errorf("the server did not start: %s%s", line, rest), err, restErr, life.Close(), cmd.Wait())
}

// stop ends the server. It need not be called: the end of the process does the
// same. The script finishes on its own, a moment later.
func (c *cluster) stop() error { return c.life.Close() }

// url is the address of the server's own database, as its superuser.
func (c *cluster) url() *url.URL {
	return &url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Path:     "/postgres",
		RawQuery: url.Values{"host": {c.dir}, "port": {"5432"}, "sslmode": {"disable"}}.Encode(),
	}
}

// unprivileged names the user that runs the server when we are root, for whom
// initdb refuses to work. It returns nil when we are somebody else.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // exec.Cmd takes a nil credential for "as we are"
	}
	var errs []error
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("uid of %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("gid of %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("find a user to run Postgres for root: %w", errors.Join(errs...))
}

// serverFolders matches where Debian and Homebrew keep a server's programs.
func serverFolders() []string {
	return []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"}
}

// findPostgres returns the folder with the server's programs: the one on path,
// else the newest that the patterns match.
func findPostgres(path string, patterns ...string) (string, error) {
	found := filepath.SplitList(path)
	for _, pattern := range patterns {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for Postgres in %s: %w", pattern, err)
		}
		slices.SortFunc(dirs, func(a, b string) int { return majorIn(b) - majorIn(a) })
		found = append(found, dirs...)
	}
	for _, dir := range found {
		if dir != "" && hasServer(dir) {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// majorIn reads the major version that names the parent of a bin folder, as in
// /usr/lib/postgresql/15/bin or /opt/homebrew/opt/postgresql@15/bin. It is 0
// where there is none.
func majorIn(bin string) int {
	name := filepath.Base(filepath.Dir(bin))
	if _, version, ok := strings.Cut(name, "@"); ok {
		name = version
	}
	major, err := strconv.Atoi(name)
	if err != nil {
		return 0
	}
	return major
}

func hasServer(dir string) bool {
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program)) //nolint:gosec // the path is the developer's own
		if err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}
