// Command mutants proves that the tests can fail: `go run ./test/mutants` puts one
// fault after the other into the program, each a way to lose, double or give away
// money, and runs the tests that must notice. It ends with 1 when fewer than 95 %
// are caught, when one that was not expected to survives, or when one does not
// apply or build any more.
//
// The faults are data, in the list_*.go files. No file of the working tree is
// changed: the compiler is given others by `go build -overlay`. It judges nothing
// itself, and a test that fails without any fault ends the run. Start with Mutant,
// then run.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"
)

// wanted is the share of mutants, in percent, that must be caught.
const wanted = 95

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run runs the mutants that the arguments ask for and returns the exit code.
func run(ctx context.Context, args []string, out io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = fmt.Fprint(out, `Usage: go run ./test/mutants [flags]

Puts one fault after the other into the program, in no file of the tree, and runs the tests that must notice.
make mutants tries all; make mutants MUTANTS='--only x' tries the one named x, and --list names them.

Flags:
`)
		flags.PrintDefaults()
	}
	only := flags.String("only", "", "the names of the mutants to run, with commas between; empty: all")
	show := flags.Bool("list", false, "print what there is and run nothing")
	parallel := flags.Int("parallel", 1, "how many to try at a time")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	chosen, unknown := choose(mutants(), *only)
	if unknown != "" || flags.NArg() > 0 || *parallel < 1 {
		_, _ = fmt.Fprintln(out, "the command line is wrong:", strings.Join(append(flags.Args(), unknown), " "))
		return 2
	}
	if *show {
		list(chosen, out)
		return 0
	}
	root, err := moduleRoot()
	if err == nil {
		err = sound(ctx, root, chosen, out)
	}
	if err != nil {
		_, _ = fmt.Fprintln(out, "FAILED:", err)
		return 1
	}
	from := time.Now()
	verdicts := tryAll(ctx, root, chosen, *parallel, out)
	if !report(verdicts, time.Since(from), out) {
		return 1
	}
	return 0
}

// choose returns the mutants of the names, and a name that none has.
func choose(all []Mutant, names string) (chosen []Mutant, unknown string) {
	if names == "" {
		return all, ""
	}
	for _, name := range strings.Split(names, ",") {
		at := slices.IndexFunc(all, func(m Mutant) bool { return m.Name == name })
		if at < 0 {
			return nil, name
		}
		chosen = append(chosen, all[at])
	}
	return chosen, ""
}

func list(chosen []Mutant, out io.Writer) {
	for _, m := range chosen {
		_, _ = fmt.Fprintf(out, "%s\n    %s\n    %s\n", m.Name, m.Harm, strings.Join(m.Tests, " "))
		if m.Accepted != "" {
			_, _ = fmt.Fprintf(out, "    not caught: %s\n", m.Accepted)
		}
	}
}

// sound reports an error unless the tests pass without a mutant: what fails anyway
// catches nothing.
func sound(ctx context.Context, root string, chosen []Mutant, out io.Writer) error {
	from := time.Now()
	for _, pkg := range packagesOf(chosen) {
		_, _ = fmt.Fprintf(out, "without a mutant: %s\n", pkg)
		if output, err := test(ctx, root, "", narrowest(chosen, pkg), pkg); err != nil {
			return fmt.Errorf("the tests of %s fail without a mutant: %w\n%s", pkg, err, output)
		}
	}
	_, _ = fmt.Fprintf(out, "all pass, in %.0f s; now %d mutants\n", time.Since(from).Seconds(), len(chosen))
	return nil
}

// packagesOf lists the packages whose tests the mutants are tried on.
func packagesOf(chosen []Mutant) []string {
	var packages []string
	for _, m := range chosen {
		packages = append(packages, m.Tests...)
	}
	slices.Sort(packages)
	return slices.Compact(packages)
}

// narrowest is the -run that covers what the mutants run of a package: empty, which
// is everything, when one of them does.
func narrowest(chosen []Mutant, pkg string) string {
	var runs []string
	for _, m := range chosen {
		if slices.Contains(m.Tests, pkg) {
			runs = append(runs, m.Run)
		}
	}
	slices.Sort(runs)
	if runs[0] == "" {
		return ""
	}
	return strings.Join(slices.Compact(runs), "|")
}

// tryAll tries the mutants, so many at a time, and returns the verdicts in the
// order of the list.
func tryAll(ctx context.Context, root string, chosen []Mutant, parallel int, out io.Writer) []verdict {
	verdicts := make([]verdict, len(chosen))
	next := make(chan int)
	var workers sync.WaitGroup
	var printing sync.Mutex
	done := 0
	for range parallel {
		workers.Go(func() {
			for at := range next {
				v := try(ctx, root, chosen[at])
				verdicts[at] = v
				printing.Lock()
				done++
				_, _ = fmt.Fprintf(out, "%2d/%d %-8s %4.0f s  %-26s %s\n", done, len(chosen), v.outcome, v.took.Seconds(), v.Name, v.by)
				printing.Unlock()
			}
		})
	}
	for at := range chosen {
		next <- at
	}
	close(next)
	workers.Wait()
	return verdicts
}

// report prints the table and reports whether all is as it must be.
func report(verdicts []verdict, took time.Duration, out io.Writer) bool {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprint(table, "\nmutant\toutcome\tseconds\tby\n")
	n, accepted, right := 0, 0, true
	for _, v := range verdicts {
		by, _, _ := strings.Cut(v.by, "\n")
		switch {
		case v.outcome == caught:
			n++
		case v.outcome == survived && v.Accepted != "":
			accepted++
			by = "accepted: " + v.Accepted
		default:
			right = false
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.0f\t%s\n", v.Name, v.outcome, v.took.Seconds(), by)
	}
	_ = table.Flush()
	share := 100 * float64(n) / float64(max(1, len(verdicts)))
	_, _ = fmt.Fprintf(out, "\n%d of %d mutants caught: %.1f %%; accepted %d; %.0f s\n", n, len(verdicts), share, accepted, took.Seconds())
	return right && share >= wanted
}
