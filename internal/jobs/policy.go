package jobs

import (
	"hash/fnv"
	"strings"
	"time"
	"unicode"

	"github.com/paygraph/paygraph/internal/pay"
)

// Policy says when a job that went wrong is tried again, and when it is given
// up. It is data: which delays are right is known where the handler is. The
// zero Policy tries once.
type Policy struct {
	Delays  []time.Duration // before the second try, before the third, …; the last one repeats
	Last    int             // the number of the last try, after which the job is parked; 0: one more than Delays; below 0: never parked
	Jitter  int             // percent by which a delay may grow, so that jobs that failed together do not return together
	Timeout time.Duration   // the longest that one run may take, then its context ends; 0: five minutes
}

// Patient returns the policy for calls to other people's machines, such as telling
// a merchant's server of a payment: work that their outage must not lose, and that
// is given up when they stay away. Jobs of money are never given up and have
// policies of their own. It is tried again after 1 s, 5 s, 30 s, 2 min, 10 min, 30 min, 1 h and then
// every 3 h, each up to a tenth later, and parked after three days.
func Patient() Policy {
	return Policy{
		Delays: []time.Duration{
			time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute,
			10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour,
		},
		Last:   32,
		Jitter: 10,
	}
}

// defaultTimeout is Policy.Timeout where none is given.
const defaultTimeout = 5 * time.Minute

func (p Policy) timeout() time.Duration {
	if p.Timeout > 0 {
		return p.Timeout
	}
	return defaultTimeout
}

// isLast reports whether a job is given up when this try of it fails.
func (p Policy) isLast(try int) bool {
	if p.Last == 0 {
		return try > len(p.Delays)
	}
	return p.Last > 0 && try >= p.Last
}

// delay is how long a job waits after its failed try, the first being 1. The
// jitter comes from the job's id and the try: the same job waits the same.
func (p Policy) delay(id pay.JobID, try int) time.Duration {
	if len(p.Delays) == 0 {
		return time.Minute // only Last asked for more than one try
	}
	d := p.Delays[min(try, len(p.Delays))-1]
	if p.Jitter <= 0 {
		return d
	}
	h := fnv.New32a()
	_, _ = h.Write(append(id.Bytes(), byte(try))) //nolint:gosec // cut on purpose: it only spreads
	return d + d*time.Duration(p.Jitter)/100*time.Duration(h.Sum32()%1000)/1000
}

// verdict is what becomes of a job after a run.
type verdict struct {
	done    bool      // its row goes, unless it was scheduled again meanwhile
	park    bool      // it waits for a person, unless it was scheduled again meanwhile
	runAt   time.Time // when it runs again, if neither
	tries   int
	problem string // for a person; "" when nothing went wrong
}

// judge decides by what the handler returned at now.
func (p Policy) judge(job Job, err error, now time.Time) verdict {
	if err == nil {
		return verdict{done: true}
	}
	if snoozed, ok := asSnooze(err); ok {
		return verdict{runAt: snoozed.until}
	}
	try := job.Tries + 1
	_, parked := asPark(err)
	return verdict{
		park:    parked || p.isLast(try),
		runAt:   now.Add(p.delay(job.ID, try)),
		tries:   try,
		problem: oneLine(err.Error()),
	}
}

// maxProblem is how many bytes of an error a row keeps.
const maxProblem = 500

// oneLine makes text fit for last_error: printable, of one line, and short.
func oneLine(text string) string {
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text)
	line := strings.Join(strings.Fields(printable), " ")
	if len(line) <= maxProblem {
		return line
	}
	const more = "…"
	return strings.ToValidUTF8(line[:maxProblem-len(more)], "") + more
}
