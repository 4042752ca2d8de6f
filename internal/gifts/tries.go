package gifts

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// tries limits how many wrong codes a caller may name a minute. Each process
// counts for itself. A code has 100 bits and is not guessed anyway: this keeps
// those who try from being a load, and stands in their way when a part of a code
// is known.
type tries struct {
	clock     pay.Clock
	perMinute int

	mu sync.Mutex
	of map[string]*rate.Limiter
}

// mostCallers bounds how many are remembered.
const mostCallers = 10_000

func newTries(clock pay.Clock, perMinute int) *tries {
	return &tries{clock: clock, perMinute: perMinute, of: map[string]*rate.Limiter{}}
}

// take takes a try from a caller's, and returns what gives it back: whoever named
// a good code has not tried; until it is known to be good it counts. It returns CodeLimitExceeded, and when to come back,
// when there is none left.
func (t *tries) take(who string) (giveBack func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock.Now()
	limiter, known := t.of[who]
	if !known {
		if len(t.of) >= mostCallers {
			t.makeRoom(now)
		}
		limiter = rate.NewLimiter(rate.Every(time.Minute/time.Duration(t.perMinute)), t.perMinute)
		t.of[who] = limiter
	}
	taken := limiter.ReserveN(now, 1)
	if wait := taken.DelayFrom(now); wait > 0 {
		taken.CancelAt(now)
		e := pay.Errorf(pay.CodeLimitExceeded, "gift.too_many_tries", "Too many wrong codes. Try again later.").At("code")
		e.Detail = pay.LimitDetail{RetryAfter: wait}
		return nil, e
	}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		taken.CancelAt(now) // at the instant it was taken: a later one would keep it
	}, nil
}

// makeRoom looks at a few callers (a map gives them in no order) and forgets those
// that have all their tries, or the last of them when none has.
func (t *tries) makeRoom(now time.Time) {
	const sample = 16
	looked, dropped, last := 0, false, ""
	for who, limiter := range t.of {
		if limiter.TokensAt(now) >= float64(t.perMinute) {
			delete(t.of, who)
			dropped = true
		}
		last = who
		if looked++; looked == sample {
			break
		}
	}
	if !dropped {
		delete(t.of, last)
	}
}

// who names a caller: the same principal from the same place. One publishable key
// is in all browsers of a shop, and one network is many people's.
func (s *Service) who(ctx context.Context, v viewer.Viewer) string {
	address := s.Address(ctx)
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil { // one customer of a provider has them all
			address = network.String()
		}
	}
	return v.Merchant.String() + " " + v.Principal + " " + address
}
