package points

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/test/crash/rig"
)

// death is where a case's server dies: the nth time that it reaches a point. The
// zero death is none.
type death struct {
	point crashpoint.Point
	nth   int
}

// String is the death as the program's variable names it.
func (d death) String() string {
	if d.point == "" {
		return "no crash"
	}
	return fmt.Sprintf("%s#%d", d.point, d.nth)
}

// folder is a name for the death that no path or address gives a meaning to.
func (d death) folder() string { return strings.NewReplacer("#", "-", " ", "-").Replace(d.String()) }

// trial is one case: a flow, and where the program dies in it.
type trial struct {
	flow flow
	at   death
}

// outcome is what became of a trial.
type outcome struct {
	trial

	died  bool
	wrong []string                 // what was not as it must be
	hits  map[crashpoint.Point]int // how often the first process reached each point
	took  time.Duration
	dir   string
}

// try runs one trial on a copy of the database, with a sandbox of its own. What
// is wrong with the program is in the outcome; an error is ours.
func (s *stage) try(ctx context.Context, t trial, seed uint64, limit time.Duration) (o outcome, err error) {
	began := time.Now()
	o = outcome{trial: t, dir: filepath.Join(s.dir, t.flow.name, t.at.folder())}
	defer func() { o.took = time.Since(began) }()
	if o.dir, err = rig.NewDir(o.dir); err != nil {
		return o, err
	}
	data := filepath.Join(o.dir, "data")
	address, err := s.copyTo(ctx, o.dir, data)
	if err != nil {
		return o, err
	}
	sandbox, err := rig.StartSandbox(ctx, s.binary, o.dir)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, sandbox.Process.Kill()) }()
	trace := filepath.Join(o.dir, "reached")
	options := rig.ServerOptions{
		Name: "server", Binary: s.binary, Dir: o.dir, Data: data, Database: address, Sandbox: sandbox.URL,
		Env: []string{crashpoint.TraceVariable + "=" + trace},
	}
	if t.at.point != "" {
		options.Env = append(options.Env, crashpoint.Variable+"="+t.at.String())
	}
	server, crashes, err := s.start(ctx, options)
	if err != nil {
		return o, err
	}
	v := &visit{
		shop: s.shop, api: rig.NewAPI(server.URL(), callTime), sandbox: sandbox,
		keeper: keep(ctx, server, crashes), random: rand.New(rand.NewPCG(seed, number(t))), //nolint:gosec // repeatable from the seed
	}
	defer func() { err = errors.Join(err, v.keeper.close()) }()
	w, failed := t.flow.act(ctx, v)
	if failed != nil {
		o.wrong = append(o.wrong, failed.Error())
	}
	checkArgs := []string{"--strict", "--sandbox", sandbox.URL, "--data", data}
	if address != "" {
		checkArgs = append(checkArgs[:3], "--database", address)
	}
	check := func(ctx context.Context) (*rig.Report, error) { return rig.Check(ctx, s.binary, checkArgs...) }
	var wrong []string
	if failed == nil {
		wrong, err = v.rest(ctx, w, limit, check)
	} else {
		var report *rig.Report // it has waited long enough; this may tell why
		if report, err = check(ctx); err == nil {
			wrong = breaches(report)
		}
	}
	if err != nil {
		return o, err
	}
	o.wrong = append(o.wrong, wrong...)
	crashes, ended := v.keeper.state()
	if ended != nil {
		o.wrong = append(o.wrong, ended.Error())
	}
	o.died = crashes > 0
	o.hits, err = readTrace(trace)
	return o, errors.Join(err, s.forget(ctx, &o, address, v.keeper))
}

// start starts a trial's server and reports how often it died at its point before
// it was ready.
func (s *stage) start(ctx context.Context, o rig.ServerOptions) (server *rig.Server, crashes int, err error) {
	s.starting <- struct{}{}
	defer func() { <-s.starting }()
	for range startTries {
		server, err = rig.StartServer(ctx, o)
		switch {
		case err == nil:
			return server, crashes, nil
		case !errors.Is(err, rig.ErrEnded):
			return nil, crashes, err
		case rig.WasKilled(err):
			crashes, o.Env = 1, nil
		}
	}
	return nil, crashes, err
}

// forget removes what a trial left when nothing was wrong with it.
func (s *stage) forget(ctx context.Context, o *outcome, address string, k *keeper) error {
	if len(o.wrong) > 0 || s.keep {
		return nil
	}
	if err := k.close(); err != nil {
		return err
	}
	if address != "" {
		if err := s.postgres.DropDatabase(ctx, address); err != nil {
			return err
		}
	}
	return os.RemoveAll(o.dir)
}

// number is a trial's own part of the seed.
func number(t trial) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(t.flow.name + " " + t.at.String()))
	return h.Sum64()
}

// readTrace counts the points in a trace; no file is no point.
func readTrace(path string) (map[crashpoint.Point]int, error) {
	hits := map[crashpoint.Point]int{}
	f, err := os.Open(path) //nolint:gosec // the run's own file
	if errors.Is(err, os.ErrNotExist) {
		return hits, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which points were reached: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		hits[crashpoint.Point(strings.TrimSpace(lines.Text()))]++
	}
	return hits, lines.Err()
}
