package sim

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrBreached says that seeds were played and a promise did not hold.
var ErrBreached = errors.New("a promise does not hold")

// ErrMisused says that the command line was wrong; what is wrong has been said.
var ErrMisused = errors.New("the command line is wrong")

// command is what Main was asked for.
type command struct {
	Options
	processes int  // 0: one a core
	lines     bool // this is one of many processes: results go to standard output as JSON
	trace     bool
}

// Main plays seeds in as many processes as there are cores and prints progress and
// a summary:
//
//	sim --seeds 1000 --days 30 [--seed FIRST] [--trace]
//
// A seed whose promises do not hold is printed with its breaches and the end of
// its trace, and ErrBreached is returned.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if c.lines {
		debug.SetGCPercent(gcPercent)
		encoder := json.NewEncoder(stdout)
		var broken error
		c.Each = func(r *Result) { broken = errors.Join(broken, encoder.Encode(r)) }
		_, err := Run(ctx, c.Options)
		return errors.Join(err, broken)
	}
	began := time.Now()
	fmt.Fprintf(stdout, "simulating %d seeds from %d, %d days each; crash points: %t\n", c.Seeds, c.First, c.Days, atPoints)
	p := &progress{out: stdout, command: c}
	if c.trace {
		c.Trace, c.Each = stdout, p.add
		_, err = Run(ctx, c.Options)
	} else {
		err = c.spread(ctx, p.add, stderr)
	}
	if err != nil {
		return err
	}
	report := p.report()
	fmt.Fprintf(stdout, "%d seeds, %d bills, %d payments, %d cards, %d paid periods, %d gifts, %d refunds, %d review cases, %d notifications, %d crashes, %d faults, %d clock jumps\n",
		report.Seeds, report.Bills, report.Payments, report.Cards, report.Renewals, report.Gifts, report.Refunds, report.Reviews, report.Notifications, report.Crashes, report.Faults, report.Jumps)
	fmt.Fprintf(stdout, "hash %s\n", report.Hash)
	fmt.Fprintf(stdout, "%d seeds with breaches, %.0f s\n", len(report.Failed), time.Since(began).Seconds())
	if len(report.Failed) > 0 {
		return fmt.Errorf("%d of %d seeds: %w", len(report.Failed), report.Seeds, ErrBreached)
	}
	return nil
}

// gcPercent trades memory, of which a seed needs little, for time.
const gcPercent = 400

const usage = `Usage: go run [-tags crashpoints] ./test/crash sim [flags]

Plays days of a shop in seconds: the real services on SQLite in memory, the sandbox, payers
and merchants, on a simulated clock, with lost replies, outages, clock jumps and deaths of the
program. It dies inside calls of the provider in every build, and at the named points of the
program in one with -tags crashpoints only. At the end the invariants of money must hold, and
what payers were told must be true. Each seed for which they do not is printed with its breaches,
such as "bills.paid bill3: it is DONE and counts 9.00 RUB as paid; its attempts took 10.00 RUB",
the end of its trace, and the command that plays it again: the same seed, days and tags make the
same trace. Then it ends with 1.

Flags:
`

func parse(args []string, stderr io.Writer) (*command, error) {
	c := &command{}
	flags := flag.NewFlagSet("crash sim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.Uint64Var(&c.First, "seed", 0, "the first seed; 0 draws one, and prints it")
	flags.IntVar(&c.Seeds, "seeds", 1, "how many seeds")
	flags.IntVar(&c.Stride, "stride", 1, "from one seed to the next")
	flags.IntVar(&c.Days, "days", 30, "days of traffic of each seed")
	flags.IntVar(&c.processes, "processes", 0, "how many processes; 0: one a core")
	flags.BoolVar(&c.trace, "trace", false, "print the whole trace, in one process")
	flags.BoolVar(&c.lines, "json", false, "play in this process, and print one JSON result a line")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, ErrMisused // the flag package has said what is wrong
	}
	wrong := ""
	switch {
	case flags.NArg() > 0:
		wrong = "there is no argument " + flags.Arg(0)
	case c.Seeds < 1:
		wrong = "--seeds is 1 or more"
	case c.Stride < 1:
		wrong = "--stride is 1 or more"
	case c.Days < 1:
		wrong = "--days is 1 or more"
	case c.processes < 0:
		wrong = "--processes is 0 or more"
	}
	if wrong != "" {
		_, _ = fmt.Fprintf(stderr, "%s: %s\n", flags.Name(), wrong)
		return nil, ErrMisused
	}
	if c.First == 0 && !c.lines { // one of many processes is told its seed
		c.First = 1 + rand.Uint64N(1<<32) //nolint:gosec // no secret
	}
	if c.processes == 0 {
		c.processes = runtime.GOMAXPROCS(0)
	}
	return c, nil
}

// spread deals the seeds to processes of this very program, because the crash
// points are a process's own.
func (c *command) spread(ctx context.Context, each func(*Result), stderr io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	n := min(c.processes, c.Seeds)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var wait sync.WaitGroup
	errs := make([]error, n)
	for k := range n {
		seeds := (c.Seeds - k + n - 1) / n
		first := c.First + uint64(k*c.Stride) //nolint:gosec // both are small and positive
		wait.Go(func() {
			//nolint:gosec // it is this program, with numbers
			child := exec.CommandContext(ctx, self, "sim", "--json", "--seed", strconv.FormatUint(first, 10),
				"--seeds", strconv.Itoa(seeds), "--stride", strconv.Itoa(n*c.Stride), "--days", strconv.Itoa(c.Days))
			child.Stderr = stderr
			child.Cancel = func() error { return child.Process.Signal(os.Interrupt) } // it removes its files
			child.WaitDelay = 10 * time.Second
			if errs[k] = follow(child, each); errs[k] != nil {
				stop()
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// maxLine is the longest result: its breaches and its tail.
const maxLine = 4 << 20

// follow runs a process and hands on its results.
func follow(child *exec.Cmd, each func(*Result)) error {
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return fmt.Errorf("start a process: %w", err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	var errs []error
	for lines.Scan() {
		r := new(Result)
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			errs = append(errs, fmt.Errorf("read a result: %w", err))
			break
		}
		each(r)
	}
	errs = append(errs, lines.Err())
	_, _ = io.Copy(io.Discard, out)
	if err := child.Wait(); err != nil {
		errs = append(errs, fmt.Errorf("a process of the simulation: %w", err))
	}
	return errors.Join(errs...)
}

// progress prints what comes in, from however many processes.
type progress struct {
	out     io.Writer
	command *command

	mu     sync.Mutex
	done   []*Result
	failed int
}

// add takes one result, prints its breaches at once, and how far all are now and
// then.
func (p *progress) add(r *Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, r)
	if len(r.Breaches) > 0 {
		p.failed++
		fmt.Fprintf(p.out, "\nseed %d:\n  %s\nthe end of its trace:\n  %s\nagain: go run%s ./test/crash sim --seed %d --days %d --trace\n\n",
			r.Seed, strings.Join(r.Breaches, "\n  "), strings.Join(r.Tail, "\n  "), tagged(), r.Seed, p.command.Days)
	}
	if every := max(p.command.Seeds/20, 1); len(p.done)%every == 0 {
		bills := 0
		for _, r := range p.done {
			bills += r.Bills
		}
		fmt.Fprintf(p.out, "%d of %d seeds, %d bills, %d with breaches\n", len(p.done), p.command.Seeds, bills, p.failed)
	}
}

func tagged() string {
	if atPoints {
		return " -tags crashpoints"
	}
	return ""
}

// report sums up, in the order of the seeds.
func (p *progress) report() Report {
	slices.SortFunc(p.done, func(a, b *Result) int { return cmp.Compare(a.Seed, b.Seed) })
	var total totals
	for _, r := range p.done {
		total.add(r)
	}
	return total.report()
}
