package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// envVictim makes this test program start a cluster, print its address and
// wait to be killed.
const envVictim = "PAYGRAPH_STORETEST_VICTIM"

func victim() {
	c, err := startCluster(os.Getenv(envVictim))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(c.url())
	select {}
}

func TestStartCluster(t *testing.T) {
	t.Parallel()

	t.Run("EndsWithAProcessThatWasKilled", func(t *testing.T) {
		t.Parallel()

		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), envVictim+"="+installed(t))
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		line, err := bufio.NewReader(out).ReadString('\n')
		require.NoError(t, err)
		u, err := url.Parse(strings.TrimSpace(line))
		require.NoError(t, err)
		server := open(t, u.String())
		require.Equal(t, 1, number(t, server, "SELECT 1"))
		cut := make(chan error, 1)
		go func() {
			_, err := server.ExecContext(t.Context(), "SELECT pg_sleep(600)")
			cut <- err
		}()

		require.NoError(t, cmd.Process.Kill())

		require.Error(t, <-cut, "the server outlived the process")
		require.Error(t, cmd.Wait())
		requireGone(t, u.Query().Get("host"))
	})

	t.Run("EndsWhenStopped", func(t *testing.T) {
		t.Parallel()

		c, err := startCluster(installed(t))
		require.NoError(t, err)
		require.NoError(t, c.stop())
		requireGone(t, c.dir)
	})

	t.Run("ListensOnItsSocketOnly", func(t *testing.T) {
		t.Parallel()

		db := open(t, Postgres(t, nil))
		var addresses string
		require.NoError(t, db.QueryRowContext(t.Context(), "SHOW listen_addresses").Scan(&addresses))
		require.Empty(t, addresses)
	})

	t.Run("FailureShowsTheServersLog", func(t *testing.T) {
		t.Parallel()

		bin := programs(t, "#!/bin/sh\necho disk full\nexit 1\n")
		_, err := startCluster(bin)
		require.ErrorContains(t, err, "disk full")
	})
}

func TestCluster_Run(t *testing.T) {
	t.Parallel()

	t.Run("LongSocketPathIsRefused", func(t *testing.T) {
		t.Parallel()

		c := &cluster{dir: "/" + strings.Repeat("x", maxSocketDir)}
		require.ErrorContains(t, c.run("/bin"), "TMPDIR")
	})
}

func TestFindPostgres(t *testing.T) {
	t.Parallel()

	const program = "#!/bin/sh\n"

	t.Run("NewestVersionByNumber", func(t *testing.T) {
		t.Parallel()

		root := t.TempDir()
		for _, version := range []string{"9", "15", "8"} {
			lay(t, filepath.Join(root, version, "bin"), program, "initdb", "pg_ctl", "postgres")
		}
		got, err := findPostgres("", filepath.Join(root, "*", "bin"))
		require.NoError(t, err)
		require.Equal(t, filepath.Join(root, "15", "bin"), got)
	})

	t.Run("PathComesFirst", func(t *testing.T) {
		t.Parallel()

		root := t.TempDir()
		lay(t, filepath.Join(root, "15", "bin"), program, "initdb", "pg_ctl", "postgres")
		onPath := programs(t, program)
		got, err := findPostgres(onPath, filepath.Join(root, "*", "bin"))
		require.NoError(t, err)
		require.Equal(t, onPath, got)
	})

	t.Run("ClientAloneIsNoServer", func(t *testing.T) {
		t.Parallel()

		dir := t.TempDir()
		lay(t, dir, program, "psql", "pg_ctl")
		_, err := findPostgres(dir)
		require.ErrorIs(t, err, errNoPostgres)
	})
}

func TestMajorIn(t *testing.T) {
	t.Parallel()

	tests := []struct {
		bin  string
		want int
	}{
		{bin: "/usr/lib/postgresql/15/bin", want: 15},
		{bin: "/opt/homebrew/opt/postgresql@17/bin", want: 17},
		{bin: "/opt/homebrew/opt/postgresql/bin", want: 0},
	}
	for _, tt := range tests {
		t.Run(tt.bin, func(t *testing.T) {
			t.Parallel()

			require.Equal(t, tt.want, majorIn(tt.bin))
		})
	}
}

// installed returns the folder of this machine's Postgres programs.
func installed(t *testing.T) string {
	t.Helper()
	bin, err := findPostgres(os.Getenv("PATH"), serverFolders()...)
	if err != nil {
		missing(t, os.Getenv("CI"), err.Error())
	}
	return bin
}

// requireGone waits for the script to have removed its folder.
func requireGone(t *testing.T, dir string) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, fs.ErrNotExist)
	}, 30*time.Second, 10*time.Millisecond)
}

// programs lays a server's programs, each with the text of the script, where
// any user can run them.
func programs(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	lay(t, dir, script, "initdb", "pg_ctl", "postgres")
	return dir
}

func lay(t *testing.T, dir, script string, names ...string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, name := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
}

func BenchmarkPostgres(b *testing.B) {
	Postgres(b, bookMigrate)
	for b.Loop() {
		b.StopTimer()
		s, err := processServer()
		require.NoError(b, err)
		name := newName("test")
		b.StartTimer()
		require.NoError(b, s.database(b.Context(), name, bookMigrate))
		b.StopTimer()
		require.NoError(b, s.drop(context.Background(), name))
		b.StartTimer()
	}
}

func BenchmarkStartCluster(b *testing.B) {
	bin, err := findPostgres(os.Getenv("PATH"), serverFolders()...)
	require.NoError(b, err)
	for b.Loop() {
		c, err := startCluster(bin)
		require.NoError(b, err)
		require.NoError(b, c.stop())
	}
}
