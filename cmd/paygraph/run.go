package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// environment is what a command takes from outside, so that a test can run the
// whole program in its own process.
type environment struct {
	Getenv func(string) string
	Stdout io.Writer // results, one thing a line, for machines too
	Stderr io.Writer // everything for people
}

// command is one subcommand.
type command struct {
	name  string // "migrate up" has two words
	about string // one line, for the list
	run   func(ctx context.Context, args []string, env environment) error
}

func commands() []command {
	return []command{
		{"dev", "everything in one process, with simulated providers and a demo shop", runDev},
		{"serve", "the server for production", runServe},
		{"sandbox", "the simulated providers alone", runSandbox},
		{"migrate up", "bring a database to the newest version", runMigrateUp},
		{"migrate status", "list the versions and which of them a database has", runMigrateStatus},
		{"merchant create", "make a merchant", runMerchantCreate},
		{"merchant list", "list the merchants", runMerchantList},
		{"key create", "make a publishable and a secret key for a merchant, shown once", runKeyCreate},
		{"key revoke", "end a key", runKeyRevoke},
		{"origin add", "register a web origin that payers may be sent back to", runOriginAdd},
		{"token", "sign a token for development, printed alone on standard output", runToken},
		{"check", "check the invariants of the money, exit 1 on any breach", runCheck},
		{"jobs list", "list the jobs that wait for a person, and count the others", runJobsList},
		{"jobs retry", "run parked jobs again", runJobsRetry},
	}
}

// The exit codes.
const (
	exitOK      = 0
	exitFailed  = 1
	exitMisused = 2
)

// errMisused says that the command line was wrong; what is wrong has been said.
var errMisused = errors.New("the command line is wrong")

// errBreach says that a check found something; what it found has been printed.
var errBreach = errors.New("an invariant is broken")

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, env environment) int {
	if len(args) == 0 || wantsHelp(args) {
		usage(env.Stderr)
		if len(args) == 0 {
			return exitMisused
		}
		return exitOK
	}
	found, rest := find(args)
	if group := groupOf(args); found == nil && group != "" && wantsHelp(args[1:]) {
		_, _ = fmt.Fprint(env.Stderr, group)
		return exitOK
	}
	if found == nil {
		_, _ = fmt.Fprintf(env.Stderr, "paygraph: there is no command %q\n\n", strings.Join(args[:min(2, len(args))], " "))
		usage(env.Stderr)
		return exitMisused
	}
	err := found.run(ctx, rest, env)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errMisused):
		return exitMisused
	case errors.Is(err, errBreach):
		return exitFailed
	}
	_, _ = fmt.Fprintf(env.Stderr, "paygraph %s: %s\n", found.name, explain(err))
	return exitFailed
}

// find returns the command that the arguments begin with, and what follows.
func find(args []string) (*command, []string) {
	for _, c := range commands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return &c, args[len(words):]
		}
	}
	return nil, nil
}

func wantsHelp(args []string) bool {
	return len(args) > 0 && slices.Contains([]string{"help", "-h", "--help", "-help"}, args[0])
}

// groupOf lists the commands that begin with the first argument, as in "paygraph
// merchant --help"; "" when none does.
func groupOf(args []string) string {
	var list strings.Builder
	for _, c := range commands() {
		if first, _, two := strings.Cut(c.name, " "); two && first == args[0] {
			_, _ = fmt.Fprintf(&list, "  paygraph %-16s %s\n", c.name, c.about)
		}
	}
	return list.String()
}

// explain is an error as a person at the terminal reads it.
func explain(err error) string {
	if e := pay.Readable(err); e != nil {
		return e.Message
	}
	return err.Error()
}

func usage(w io.Writer) {
	_, _ = fmt.Fprint(w, "Paygraph: one GraphQL API in front of many payment providers.\n\nStart here:  paygraph dev\n\nCommands:\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-16s %s\n", c.name, c.about)
	}
	_, _ = fmt.Fprint(w, "\npaygraph COMMAND --help tells a command's flags.\n")
}

// newFlags returns the flags of a command, with help that is enough to use it.
func newFlags(env environment, name, synopsis, about string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(env.Stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprintf(env.Stderr, "Usage: paygraph %s %s\n\n%s\n\nFlags:\n", name, synopsis, about)
		flags.PrintDefaults()
	}
	return flags
}

// parse reads the flags and demands exactly the given number of arguments.
func parse(flags *flag.FlagSet, args []string, arguments int) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errMisused // the flag package has said what is wrong
	}
	if flags.NArg() != arguments {
		_, _ = fmt.Fprintf(flags.Output(), "paygraph %s: want %d arguments, got %d\n\n", flags.Name(), arguments, flags.NArg())
		flags.Usage()
		return errMisused
	}
	return nil
}

// systemClock is the machine's clock: where every other clock comes from.
func systemClock() pay.Clock {
	return pay.ClockFunc(time.Now)
}
