package points

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paygraph/paygraph/internal/crashpoint"
)

// progress prints a line every few seconds.
type progress struct {
	run  *run
	what string
	all  int
	from time.Time

	mu       sync.Mutex
	finished int
	broken   int
	stop     chan struct{}
	stopped  chan struct{}
}

func newProgress(r *run, what string, all int) *progress {
	p := &progress{run: r, what: what, all: all, from: time.Now(), stop: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		defer close(p.stopped)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-tick.C:
				p.print()
			}
		}
	}()
	return p
}

func (p *progress) print() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run.printf("%5.0f s  %s: %d of %d trials, %d broken\n", time.Since(p.from).Seconds(), p.what, p.finished, p.all, p.broken)
}

func (p *progress) done(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	if len(o.wrong) > 0 {
		p.broken++
	}
}

func (p *progress) close() {
	close(p.stop)
	<-p.stopped
	p.print()
}

// cell is one flow at one point.
type cell struct{ died, missed, broken int }

func (c cell) String() string {
	switch {
	case c.broken > 0:
		return "BREACH"
	case c.died > 1:
		return "ok " + strconv.Itoa(c.died)
	case c.died == 1:
		return "ok"
	case c.missed > 0:
		return "missed"
	}
	return "."
}

// conclude prints the matrix and the figures of one database and returns errBroken
// when a promise was broken or a point is on no flow's way.
func (r *run) conclude(db string, dry, results []outcome, took time.Duration) error {
	cells := map[string]map[crashpoint.Point]cell{}
	reached := map[crashpoint.Point]int{}
	broken, died := 0, 0
	var missed, slowest []outcome
	for _, o := range results {
		if cells[o.flow.name] == nil {
			cells[o.flow.name] = map[crashpoint.Point]cell{}
		}
		c := cells[o.flow.name][o.at.point]
		switch {
		case len(o.wrong) > 0:
			c.broken++
			broken++
		case o.died:
			c.died++
		default:
			c.missed++
			missed = append(missed, o)
		}
		if o.died {
			died++
			reached[o.at.point]++
		}
		cells[o.flow.name][o.at.point] = c
		slowest = append(slowest, o)
	}
	for _, o := range dry {
		if len(o.wrong) > 0 {
			broken++
		}
	}
	r.printf("\n%s", r.matrix(cells))
	for _, o := range missed {
		r.printf("missed: %s was not at %s this time\n", o.flow.name, o.at)
	}
	slices.SortFunc(slowest, func(a, b outcome) int { return int(b.took - a.took) })
	for _, o := range slowest[:min(3, len(slowest))] {
		r.printf("slowest: %s at %s, %.1f s\n", o.flow.name, o.at, o.took.Seconds())
	}
	var unreached []string
	for _, point := range crashpoint.Points() {
		if reached[point] == 0 && !r.isPart() {
			unreached = append(unreached, string(point))
		}
	}
	r.printf("%s: %d flows, %d of %d points died at, %d deaths, %d missed, %d broken, in %.0f s, seed %d\n",
		db, len(dry), len(reached), len(crashpoint.Points()), died, len(missed), broken, took.Seconds(), r.seed)
	switch {
	case broken > 0:
		return fmt.Errorf("%w: %d trials on %s", errBroken, broken, db)
	case len(unreached) > 0:
		return fmt.Errorf("%w: on %s no flow died at %s", errBroken, db, strings.Join(unreached, ", "))
	}
	return nil
}

// matrix is a line for each point and a column for each flow.
func (r *run) matrix(cells map[string]map[crashpoint.Point]cell) string {
	var text strings.Builder
	columns := []flow{}
	for _, f := range flows() {
		if cells[f.name] != nil {
			columns = append(columns, f)
		}
	}
	_, _ = fmt.Fprintf(&text, "%-24s", "")
	for _, f := range columns {
		_, _ = fmt.Fprintf(&text, " %*s", width(f), f.name)
	}
	_, _ = text.WriteString("\n")
	for _, point := range crashpoint.Points() {
		_, _ = fmt.Fprintf(&text, "%-24s", point)
		for _, f := range columns {
			_, _ = fmt.Fprintf(&text, " %*s", width(f), cells[f.name][point])
		}
		_, _ = text.WriteString("\n")
	}
	return text.String()
}

// width is that of a flow's column.
func width(f flow) int { return max(len("BREACH"), len(f.name)) }
