package rig

import (
	"errors"
	"os/exec"
	"syscall"
)

// Ended waits until the process has ended and returns how: nil with exit code 0.
func (p *Process) Ended() error {
	<-p.done
	return p.err
}

// WasKilled reports whether err says that SIGKILL ended a process.
func WasKilled(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}
