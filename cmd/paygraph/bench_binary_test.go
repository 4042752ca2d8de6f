package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How large the program is, how soon `paygraph dev` is ready, on an empty folder
// and on one that it knows, and how much memory it then has.
func BenchmarkBinary(b *testing.B) {
	folder := b.TempDir()
	program := build(b, folder, "paygraph", "")
	stripped := build(b, folder, "paygraph-stripped", "-s -w")
	b.Run("Size", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(megabytes(b, program), "MB")
			b.ReportMetric(megabytes(b, stripped), "stripped-MB")
		}
		b.ReportMetric(0, "ns/op")
	})
	b.Run("FirstStart", func(b *testing.B) {
		measureStart(b, program, func() string { return b.TempDir() })
	})
	b.Run("NextStart", func(b *testing.B) {
		known := b.TempDir()
		startDevIn(b, program, known)
		measureStart(b, program, func() string { return known })
	})
}

func build(b *testing.B, folder, name, ldflags string) string {
	b.Helper()
	program := filepath.Join(folder, name)
	output, err := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags="+ldflags, "-o", program, ".").CombinedOutput()
	require.NoError(b, err, "%s", output)
	return program
}

func megabytes(b *testing.B, file string) float64 {
	b.Helper()
	info, err := os.Stat(file)
	require.NoError(b, err)
	return float64(info.Size()) / 1e6
}

func measureStart(b *testing.B, program string, folder func() string) {
	b.Helper()
	var took []time.Duration
	var memory int64
	for b.Loop() {
		one, bytes := startDevIn(b, program, folder())
		took, memory = append(took, one), max(memory, bytes)
	}
	report(b, "ready-", took)
	b.ReportMetric(float64(memory)/1e6, "RSS-MB")
	b.ReportMetric(0, "ns/op") // of no use: it holds the end too
}

// startDevIn starts `paygraph dev` and ends it when it is ready. It returns how
// long that took and how much memory the process had by then.
func startDevIn(b *testing.B, program, folder string) (time.Duration, int64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program, "dev", "--addr", "127.0.0.1:0", "--data", folder)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	started := time.Now()
	require.NoError(b, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	took := time.Since(started)
	require.NoError(b, err)
	require.True(b, strings.HasPrefix(line, "paygraph ready "), "%s", line)
	memory := resident(strconv.Itoa(cmd.Process.Pid))
	require.NoError(b, cmd.Process.Signal(os.Interrupt))
	require.NoError(b, cmd.Wait())
	return took, memory
}
