package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// readyTime is how long a process may take until it listens.
const readyTime = 60 * time.Second

// ErrEnded says that a process ended before it listened.
var ErrEnded = errors.New("the process ended before it was ready")

// Command says what process to start.
type Command struct {
	Name string // in errors
	Path string
	Args []string
	Env  []string // added to this process's own
	Log  string   // the file that its standard error is added to
}

// Process is one that printed its ready line.
type Process struct {
	Ready map[string]string // what stood in the line
	Took  time.Duration     // from its start to the line

	name string
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait, once done is closed
}

// Start starts a process in a group of its own, so that an interrupt at the
// keyboard does not reach it, and waits for its ready line. The end of ctx kills
// it. It returns ErrEnded when the process ended instead.
func Start(ctx context.Context, c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", c.Name, err)
	}
	defer log.Close()
	p := &Process{name: c.Name, done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, c.Path, c.Args...) //nolint:gosec // the program under test
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stderr = log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	line := make(chan string, 1)
	go p.watch(stdout, line)
	timeout := time.NewTimer(readyTime)
	defer timeout.Stop()
	select {
	case text := <-line:
		p.Took = time.Since(began)
		if p.Ready, err = ParseReady(text); err != nil {
			return nil, errors.Join(fmt.Errorf("start %s: %w", c.Name, err), p.Kill())
		}
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("start %s: %w: %w; its log ends: %s", c.Name, ErrEnded, errOr(p.err), tail(c.Log))
	case <-timeout.C:
		return nil, errors.Join(fmt.Errorf("start %s: not ready in %s; its log ends: %s", c.Name, readyTime, tail(c.Log)), p.Kill())
	}
}

// watch hands on the first line, and reads on until the process has ended.
func (p *Process) watch(stdout io.Reader, line chan<- string) {
	r := bufio.NewReader(stdout)
	if text, err := r.ReadString('\n'); err == nil {
		line <- text
	}
	_, _ = io.Copy(io.Discard, r)
	p.err = p.cmd.Wait()
	close(p.done)
}

// Done is closed when the process has ended, whoever ended it.
func (p *Process) Done() <-chan struct{} { return p.done }

// Kill ends the process as kill -9 does and waits until it has. It may be
// repeated.
func (p *Process) Kill() error { return p.signal(syscall.SIGKILL) }

// Term asks the process to end in order and waits until it has.
func (p *Process) Term() error { return p.signal(syscall.SIGTERM) }

func (p *Process) signal(s syscall.Signal) error {
	err := p.cmd.Process.Signal(s)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

func errOr(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

// tail is the end of a log, for an error.
func tail(file string) string {
	text, err := os.ReadFile(file) //nolint:gosec // the run's own log
	if err != nil {
		return err.Error()
	}
	const most = 2000
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}
