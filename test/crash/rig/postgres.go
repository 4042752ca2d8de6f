package rig

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq" // the driver, by its name "postgres"
)

// Postgres is a throw-away cluster on a port of the loopback. It keeps what it
// acknowledged: fsync is on, as in production.
type Postgres struct {
	dir        string
	bin        string
	port       int
	credential *syscall.Credential // nil: as we are
	life       context.Context     //nolint:containedctx // of the processes that Start starts
	cmd        *exec.Cmd
	done       chan struct{}
}

// StartPostgres makes a cluster in dir, which must not exist, from the programs
// installed on this machine, and waits until it takes connections. The end of ctx
// kills it.
func StartPostgres(ctx context.Context, dir string) (*Postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	port, err := FreePort(ctx)
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir, bin: bin, port: port, credential: credential, life: ctx}
	if err := p.initialise(ctx); err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	if err := p.Await(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Postgres) initialise(ctx context.Context) error {
	if err := os.Mkdir(p.dir, 0o700); err != nil {
		return fmt.Errorf("make the cluster's folder: %w", err)
	}
	if p.credential != nil {
		if err := os.Chown(p.dir, int(p.credential.Uid), int(p.credential.Gid)); err != nil {
			return fmt.Errorf("give the cluster's folder away: %w", err)
		}
	}
	cmd := p.command(ctx, "initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "-D", p.data())
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the cluster: %w: %s", err, output)
	}
	settings := fmt.Sprintf("listen_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = ''\nmax_connections = 300\n", p.port)
	f, err := os.OpenFile(filepath.Join(p.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure the cluster: %w", err)
	}
	_, err = f.WriteString(settings)
	return errors.Join(err, f.Close())
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// command is one of Postgres's programs, as its user and away from the settings of
// any real server.
func (p *Postgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...) //nolint:gosec // an installed program
	cmd.Dir = p.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.credential}
	return cmd
}

// Start starts the server after Crash and does not wait for it; Await does.
func (p *Postgres) Start() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open Postgres's log: %w", err)
	}
	defer log.Close()
	cmd := p.command(p.life, "postgres", "-D", p.data())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it ends by our signal
		close(done)
	}()
	p.cmd, p.done = cmd, done
	return nil
}

// Await waits until the server takes connections.
func (p *Postgres) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("wait for Postgres: it ended; its log ends: %s", tail(filepath.Join(p.dir, "log")))
		case <-ctx.Done():
			return fmt.Errorf("wait for Postgres: %w", err)
		case <-tick.C:
		}
	}
}

// Crash ends the server at once, without a checkpoint, as a crash does: all its
// processes drop what they do, and the next start recovers from the log.
func (p *Postgres) Crash() error {
	// SIGQUIT is "immediate shutdown": the postmaster passes it on to every
	// backend and kills those that are still there after 5 seconds.
	if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("crash Postgres: %w", err)
	}
	<-p.done
	return nil
}

// Close ends the server and removes the cluster. It may be repeated.
func (p *Postgres) Close() error {
	if p.cmd == nil {
		return nil
	}
	return p.Crash()
}

// NewDatabase makes an empty database and returns its address.
func (p *Postgres) NewDatabase(ctx context.Context) (string, error) {
	name := "crash_" + strings.ToLower(rand.Text()[:12])
	if err := p.exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	return p.url(name), nil
}

func (p *Postgres) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("postgres"), Host: "127.0.0.1:" + strconv.Itoa(p.port), Path: "/" + database,
		RawQuery: url.Values{"sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

func (p *Postgres) exec(ctx context.Context, statement string) error {
	db, err := sql.Open("postgres", p.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return errors.Join(err, db.Close())
}

// unprivileged names the user that runs Postgres when we are root, for whom it
// refuses to work; nil when we are somebody else.
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
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("read the ids of user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("find a user to run Postgres for root: %w", errors.Join(errs...))
}

// findPostgres returns the folder of the programs: on PATH, else the newest where
// Debian and Homebrew keep them.
func findPostgres() (string, error) {
	found := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"} {
		folders, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("look for Postgres: %w", err)
		}
		slices.Reverse(folders) // newer versions sort behind
		found = append(found, folders...)
	}
	for _, folder := range found {
		if isProgram(folder, "initdb") && isProgram(folder, "postgres") {
			return folder, nil
		}
	}
	return "", errors.New("no Postgres server is installed: apt-get install postgresql")
}

func isProgram(folder, name string) bool {
	info, err := os.Stat(filepath.Join(folder, name)) //nolint:gosec // the machine's own folders
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}
