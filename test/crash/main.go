// Command crash tortures the real program and proves afterwards that no payment
// was lost or doubled: `go run ./test/crash kill` kills its servers with -9 under
// load, `outage` takes their database away, `storm` repeats notifications, `renew`
// has thousands of renewals fall due at once, `points` has them die at each named
// point, `sim` plays months in memory. Each mode prints its seed and its figures and
// ends with 1 on any violation; those of real processes then leave the folder with
// everything in it.
//
// It owns no judgement of its own: the sandbox's book, `paygraph check` and what
// clients were told (rig.History of bills, facts of the rest) decide. Start with
// modes, then kill.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// mode is one way to torture.
type mode struct {
	name  string
	about string
	run   func(ctx context.Context, args []string, out io.Writer) error
}

func modes() []mode {
	return []mode{
		{"kill", "SIGKILL the servers under load, with lost replies and bad notifications (the default)", runKill},
		{"outage", "take Postgres away under load, and bring it back", runOutage},
		{"storm", "one notification 1,000 times, then every way to settle racing on every bill", runStorm},
		{"renew", "kill the servers while thousands of renewals are due at once: one charge for each, no more", runRenew},
		{"points", "die once at every named point of every flow of money, start again, and be right", runPoints},
		{"sim", "play months of a shop on a simulated clock, with faults, outages and deaths, many times over", runSim},
	}
}

// errViolated says that something promised did not hold; what, has been printed.
var errViolated = errors.New("promises were broken")

// errMisused says that the command line was wrong; what is wrong has been said.
var errMisused = errors.New("the command line is wrong")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// Nobody may read on, as of `| head`. The signal of that would end this process and
	// leave its children behind: it is taken, and the write tells run.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	code := run(ctx, modes(), os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run runs that of all modes that the arguments name and returns the exit code. When out takes
// no more it ends as by an interrupt, with every process that it has started.
func run(ctx context.Context, all []mode, args []string, out io.Writer) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out = listener{Writer: out, gone: cancel}
	name := "kill"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	} else if len(args) > 0 && strings.Contains("-help --help -h", args[0]) {
		name = "help"
	}
	for _, m := range all {
		if m.name != name {
			continue
		}
		err := m.run(ctx, args, out)
		switch {
		case err == nil, errors.Is(err, flag.ErrHelp):
			return 0
		case errors.Is(err, errMisused):
			return 2
		}
		_, _ = fmt.Fprintf(out, "FAILED: %s: %v\n", name, err)
		return 1
	}
	if name != "help" {
		_, _ = fmt.Fprintf(out, "there is no mode %s\n\n", name)
	}
	_, _ = fmt.Fprint(out, "Usage: go run ./test/crash [MODE] [flags]; MODE --help tells its flags.\n\nModes:\n")
	for _, m := range all {
		_, _ = fmt.Fprintf(out, "  %-8s %s\n", m.name, m.about)
	}
	if name == "help" {
		return 0
	}
	return 2
}

// listener is an output that tells when nobody reads it any more.
type listener struct {
	io.Writer

	gone func()
}

func (l listener) Write(p []byte) (int, error) {
	n, err := l.Writer.Write(p)
	if err != nil {
		l.gone()
	}
	return n, err
}
