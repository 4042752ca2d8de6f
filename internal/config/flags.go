package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// setting is one thing a command can be told: by its flag, else by its
// variable, else it is the default.
type setting struct {
	Flag        string // without dashes; "": by the variable only
	Env         string // "": by the flag only
	Placeholder string // stands for the value in the help; "": what the type calls it
	Default     string
	Usage       string // one line, lower case
	Required    bool
}

// name is how mistakes call it.
func (s setting) name() string {
	switch {
	case s.Flag == "":
		return s.Env
	case s.Env == "":
		return "--" + s.Flag
	default:
		return "--" + s.Flag + " (" + s.Env + ")"
	}
}

// flags collects the settings of one command and all that is wrong with them.
// It is for one parse.
type flags struct {
	command, about string
	getenv         func(string) string
	set            *flag.FlagSet
	entries        []*entry
	mistakes       []error
}

type entry struct {
	setting
	value *rawValue
	parse func(text string) error
}

// newFlags returns the settings of `paygraph command`, none yet. About is the
// first paragraph of its help.
func newFlags(command, about string, getenv func(string) string) *flags {
	set := flag.NewFlagSet(command, flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return &flags{command: command, about: about, getenv: getenv, set: set}
}

// take adds a setting whose text parse takes. Parse is called once, with a text
// that is not empty, and its error must not quote a secret.
func (f *flags) take(s setting, parse func(text string) error) {
	added := &entry{setting: s, value: new(rawValue), parse: parse}
	f.entries = append(f.entries, added)
	if s.Flag != "" {
		f.set.Var(added.value, s.Flag, s.Usage)
	}
}

// HelpError is the error of a command line that asks for help: no mistake.
type HelpError struct{ Text string }

// Error is the text to print on standard output.
func (h *HelpError) Error() string { return h.Text }

// parse reads args and the variables. It returns a *HelpError when args ask for it,
// or what is wrong with the flags' own spelling; all other mistakes wait for
// err, so that more checks can join them.
func (f *flags) parse(args []string) error {
	var spelling []error
	for len(args) > 0 {
		before := args
		err := f.set.Parse(args)
		args = f.set.Args()
		switch {
		case errors.Is(err, flag.ErrHelp):
			return &HelpError{Text: f.help()}
		case err != nil && strings.HasPrefix(err.Error(), "bad flag syntax"): // of an argument that Parse leaves there
			spelling = append(spelling, misspelt(args[0], err))
			args = args[1:]
		case err != nil:
			spelling = append(spelling, misspelt(before[len(before)-len(args)-1], err))
			if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
				args = args[1:] // the value of the flag that we do not know
			}
		case len(args) > 0:
			spelling = append(spelling, errors.New("an argument stands where a flag should; values with blanks need quotes"))
			args = args[1:]
		}
	}
	if len(spelling) > 0 {
		f.mistakes = append(f.mistakes, spelling...)
		return f.err()
	}
	for _, s := range f.entries {
		f.settle(s)
	}
	return nil
}

// misspelt says what is wrong with a flag and leaves its value out.
func misspelt(arg string, err error) error {
	name, _, _ := strings.Cut(arg, "=")
	if strings.HasPrefix(err.Error(), "flag needs an argument") {
		return fmt.Errorf("%s: it needs a value", name)
	}
	return fmt.Errorf("%s: there is no such flag; --help lists them", name)
}

// settle finds the text of s and parses it.
func (f *flags) settle(s *entry) {
	text := s.text(f.getenv)
	if text == "" {
		if s.Required {
			f.mistake("%s: it must be set: %s", s.name(), s.Usage)
		}
		return
	}
	if err := s.parse(text); err != nil {
		f.mistake("%s: %w", s.name(), err)
	}
}

func (s *entry) text(getenv func(string) string) string {
	if s.value.given {
		return s.value.text
	}
	if s.Env != "" {
		if text := getenv(s.Env); text != "" {
			return text
		}
	}
	return s.Default
}

func (f *flags) mistake(format string, args ...any) {
	f.mistakes = append(f.mistakes, fmt.Errorf(format, args...))
}

func (f *flags) wrong(errs ...error) {
	for _, err := range errs {
		if err != nil {
			f.mistakes = append(f.mistakes, err)
		}
	}
}

// err returns everything that was wrong, a line each, or nil.
func (f *flags) err() error { return errors.Join(f.mistakes...) }

func (f *flags) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: paygraph %s [flags]\n\n%s\n", f.command, f.about)
	for _, s := range f.entries {
		b.WriteString("\n  ")
		if s.Flag != "" {
			b.WriteString("--" + s.Flag + " " + s.Placeholder)
		}
		if s.Flag != "" && s.Env != "" {
			b.WriteString("  ")
		}
		if s.Env != "" {
			b.WriteString("$" + s.Env)
		}
		b.WriteString("\n      " + s.Usage)
		switch {
		case s.Required:
			b.WriteString(" (required)")
		case s.Default != "":
			b.WriteString(" (default " + s.Default + ")")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// rawValue keeps a flag's text for later: the flag package would stop at the
// first that is wrong.
type rawValue struct {
	text  string
	given bool
}

// Set is part of flag.Value.
func (v *rawValue) Set(text string) error {
	v.text, v.given = text, true
	return nil
}

// String is part of flag.Value. It shows nothing: the text may be a secret.
func (v *rawValue) String() string { return "" }
