package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/paygraph/paygraph/test/crash/rig"
)

// common are the flags that the modes with servers share.
type common struct {
	db        string
	processes int
	clients   int
	seed      uint64
	binary    string
	dir       string
	within    time.Duration
	limit     time.Duration
}

// newFlags returns the flags of a mode, the common ones among them.
func newFlags(out io.Writer, name, about string, clients int) (*flag.FlagSet, *common) {
	flags := flag.NewFlagSet("crash "+name, flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = fmt.Fprintf(out, "Usage: go run ./test/crash %s [flags]\n\n%s\n\nFlags:\n", name, about)
		flags.PrintDefaults()
	}
	c := &common{}
	flags.StringVar(&c.db, "db", rig.SQLite, "the database: sqlite or postgres (a throw-away cluster, from the programs installed here)")
	flags.IntVar(&c.processes, "processes", 1, "servers on the one database; more than one needs postgres")
	flags.IntVar(&c.clients, "clients", clients, "clients at a time")
	flags.Uint64Var(&c.seed, "seed", 0, "the seed of every random choice; 0 draws one, and prints it")
	flags.StringVar(&c.binary, "binary", "", "a paygraph that is built already; empty: built from here")
	flags.StringVar(&c.dir, "dir", "", "the folder of the run, empty or new; empty: one that is removed when all went well")
	flags.DurationVar(&c.within, "within", 30*time.Second, "how long after the faults stop a strict check may find anything but payments that no notification told of, and card pages whose opening died with its process")
	flags.DurationVar(&c.limit, "limit", 2*time.Minute, "how long to wait for that, to tell late from never")
	return flags, c
}

// parse reads the flags and judges the common ones, then has the mode judge its
// own: it says what is wrong, or nothing.
func parse(flags *flag.FlagSet, c *common, args []string, own func() string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errMisused // the flag package has said what is wrong
	}
	var wrong string
	switch {
	case flags.NArg() > 0:
		wrong = "there is no argument " + flags.Arg(0)
	case c.db != rig.SQLite && c.db != rig.OnPostgres:
		wrong = "--db is sqlite or postgres"
	case c.processes > 1 && c.db == rig.SQLite:
		wrong = "SQLite is for one server: use --db postgres"
	case c.processes < 1:
		wrong = "--processes is 1 or more"
	case c.clients < 1:
		wrong = "--clients is 1 or more"
	case c.within <= 0:
		wrong = "--within is more than 0"
	case c.limit <= 0:
		wrong = "--limit is more than 0"
	default:
		wrong = own()
	}
	if wrong != "" {
		_, _ = fmt.Fprintf(flags.Output(), "%s: %s\n", flags.Name(), wrong)
		return errMisused
	}
	if c.seed == 0 {
		c.seed = rand.Uint64N(1 << 32) //nolint:gosec // no secret
	}
	return nil
}

// options are what a rig is made by.
func (c *common) options() rig.Options {
	return rig.Options{Dir: c.dir, Binary: c.binary, DB: c.db, Processes: c.processes}
}
