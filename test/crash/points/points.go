// Package points kills the real program at every named point of every flow of
// money: the server, built with the tag crashpoints, dies there once by SIGKILL,
// is started again, and its clients go on as clients do. Then all must come to
// rest: what the flow promises is true, and `check --strict` finds nothing.
//
// It owns the flows and what each promises, and which points each reaches; it
// imports the names of the points and nothing else of the server. Start with Main,
// then flows.go.
package points

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/test/crash/rig"
)

// options are the flags of the mode.
type options struct {
	db       string
	flow     string
	point    string
	seed     uint64
	keep     bool
	short    bool
	parallel int
	binary   string
	dir      string
	limit    time.Duration
}

// ErrMisused says that the command line was wrong; what is wrong has been said.
var ErrMisused = errors.New("the command line is wrong")

// errBroken says that something promised did not hold; what, has been printed.
var errBroken = errors.New("promises were broken")

// both is the --db that stands for each database in turn.
const both = "both"

// Main runs the mode with its arguments. It returns an error when a trial broke a
// promise, when a point was reached by no flow, and when it could not do its work.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	r := &run{options: o, out: stdout}
	return r.all(ctx)
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("crash points", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, `Usage: go run ./test/crash points [flags]

Every flow of money, killed at every point of it: the server dies there by SIGKILL, is
started again, and its clients go on. Then what the flow promises must be true, and
`+"`check --strict`"+` must find nothing. Flows: `+strings.Join(names(), ", ")+`.

Flags:
`)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.db, "db", rig.SQLite, "the database: sqlite, postgres or both")
	flags.StringVar(&o.flow, "flow", "", "these flows only, with commas between them")
	flags.StringVar(&o.point, "point", "", "this point only: a name, or a name, # and which time it is reached")
	flags.Uint64Var(&o.seed, "seed", 0, "the seed of every random choice; 0 draws one, and prints it")
	flags.BoolVar(&o.keep, "keep", false, "keep the folders of the trials in which nothing was wrong")
	flags.BoolVar(&o.short, "short", false, "each point once, in the first flow that dies there")
	flags.IntVar(&o.parallel, "parallel", 48, "trials at a time; most of their time they wait")
	flags.StringVar(&o.binary, "binary", "", "a paygraph that is built already with -tags crashpoints; empty: built from here")
	flags.StringVar(&o.dir, "dir", "", "the folder of the run, empty or new; empty: one that is removed when all went well")
	flags.DurationVar(&o.limit, "limit", 45*time.Second, "how long all may take to come to rest after the flow")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, ErrMisused
	}
	wrong := ""
	name, _, _ := strings.Cut(o.point, "#")
	strange := slices.DeleteFunc(strings.Split(o.flow, ","), func(f string) bool { return slices.Contains(names(), f) })
	switch {
	case flags.NArg() > 0:
		wrong = "there is no argument " + flags.Arg(0)
	case !slices.Contains([]string{rig.SQLite, rig.OnPostgres, both}, o.db):
		wrong = "--db is sqlite, postgres or both"
	case o.flow != "" && len(strange) > 0:
		wrong = "there is no flow " + strange[0]
	case name != "" && !slices.Contains(crashpoint.Points(), crashpoint.Point(name)):
		wrong = "there is no point " + name
	case o.parallel < 1:
		wrong = "--parallel is 1 or more"
	}
	if wrong != "" {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", flags.Name(), wrong)
		return o, ErrMisused
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1 << 32) //nolint:gosec // no secret
	}
	return o, nil
}

func names() []string {
	list := make([]string, 0, len(flows()))
	for _, f := range flows() {
		list = append(list, f.name)
	}
	return list
}

// isPart reports whether only part of all was asked for, so that a point may stay
// unreached.
func (o options) isPart() bool { return o.flow != "" || o.point != "" }

// run is one run of the mode.
type run struct {
	options

	out io.Writer
	mu  sync.Mutex // of out
}

func (r *run) printf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = fmt.Fprintf(r.out, format, args...)
}

// all runs the mode on each database that was asked for.
func (r *run) all(ctx context.Context) error {
	r.printf("crash points: --db %s --parallel %d --seed %d\n", r.db, r.parallel, r.seed)
	var err error
	if r.dir, err = rig.NewDir(r.dir); err != nil {
		return err
	}
	if r.binary == "" {
		if r.binary, err = rig.Build(ctx, r.dir, "crashpoints"); err != nil {
			return err
		}
	}
	databases := []string{r.db}
	if r.db == both {
		databases = []string{rig.SQLite, rig.OnPostgres}
	}
	var broken error
	for _, db := range databases {
		err := r.on(ctx, db)
		if err != nil && !errors.Is(err, errBroken) {
			return err
		}
		broken = errors.Join(broken, err)
	}
	if broken != nil || r.keep {
		r.printf("everything is left in %s\n", r.dir)
		return broken
	}
	return os.RemoveAll(r.dir)
}

// on runs all trials on one database.
func (r *run) on(ctx context.Context, db string) (err error) {
	began := time.Now()
	s, err := newStage(ctx, db, r.binary, filepath.Join(r.dir, db))
	if err != nil {
		return fmt.Errorf("prepare %s: %w", db, err)
	}
	s.keep = r.keep
	defer func() { err = errors.Join(err, s.close()) }()
	random := rand.New(rand.NewPCG(r.seed, 0)) //nolint:gosec // repeatable from the seed
	dry, err := r.tryAll(ctx, s, "without a crash", r.dryTrials(random))
	if err != nil {
		return err
	}
	var results []outcome
	for left := r.trials(random, dry); len(left) > 0; {
		var next []trial
		if next, left = r.round(left, results); len(next) == 0 {
			break
		}
		outcomes, err := r.tryAll(ctx, s, "with one", next)
		if err != nil {
			return err
		}
		results = append(results, outcomes...)
	}
	return r.conclude(db, dry, results, time.Since(began))
}

// dryTrials are the flows without a crash: they tell which points each reaches.
func (r *run) dryTrials(random *rand.Rand) []trial {
	var trials []trial
	for _, f := range flows() {
		if r.flow == "" || slices.Contains(strings.Split(r.flow, ","), f.name) {
			trials = append(trials, trial{flow: f})
		}
	}
	random.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	return trials
}

// A point is visited as often as it is reached, up to this many times: a job's
// points are those of every kind of job.
const (
	mostVisits    = 2
	mostJobVisits = 4
)

// trials are the deaths that the flows without a crash had occasion for, in random
// order. A flow that broke a promise without a crash dies nowhere.
func (r *run) trials(random *rand.Rand, dry []outcome) []trial {
	var trials []trial
	for _, o := range dry {
		for _, point := range crashpoint.Points() {
			most := mostVisits
			if point == crashpoint.JobClaimed || point == crashpoint.JobRan {
				most = mostJobVisits
			}
			for nth := 1; nth <= min(o.hits[point], most) && len(o.wrong) == 0; nth++ {
				at := death{point: point, nth: nth}
				if r.point == "" || r.point == string(point) || r.point == at.String() {
					trials = append(trials, trial{flow: o.flow, at: at})
				}
			}
		}
	}
	random.Shuffle(len(trials), func(i, j int) { trials[i], trials[j] = trials[j], trials[i] })
	return trials
}

// round parts what is left into the trials to run next and the rest: all of it, or
// in the short form one for each point where nothing has died. A race may pass a
// point by, so a point that one trial missed is tried in another.
func (r *run) round(left []trial, results []outcome) (next, rest []trial) {
	if !r.short {
		return left, nil
	}
	done := map[crashpoint.Point]bool{}
	for _, o := range results {
		done[o.at.point] = done[o.at.point] || o.died
	}
	for _, t := range left {
		if done[t.at.point] {
			rest = append(rest, t)
			continue
		}
		done[t.at.point] = true
		next = append(next, t)
	}
	return next, rest
}

// tryAll runs trials side by side and returns their outcomes.
func (r *run) tryAll(ctx context.Context, s *stage, how string, trials []trial) ([]outcome, error) {
	outcomes := make([]outcome, len(trials))
	p := newProgress(r, fmt.Sprintf("%s, flows %s", s.db, how), len(trials))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.parallel)
	for at, t := range trials {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			o, err := s.try(ctx, t, r.seed, r.limit)
			if err != nil {
				return fmt.Errorf("%s at %s on %s, in %s: %w", t.flow.name, t.at, s.db, o.dir, err)
			}
			outcomes[at] = o
			p.done(o)
			if len(o.wrong) > 0 {
				r.printf("BREACH %s, %s, after %.0f s:\n  %s\n  its folder: %s\n  alone: go run ./test/crash points --db %s --flow %s%s --seed %d\n",
					t.flow.name, t.at, o.took.Seconds(), strings.Join(o.wrong, "\n  "), o.dir, s.db, t.flow.name, pointFlag(t.at), r.seed)
			}
			return nil
		})
	}
	err := group.Wait()
	p.close()
	return outcomes, err
}

func pointFlag(at death) string {
	if at.point == "" {
		return ""
	}
	return " --point " + at.String()
}
