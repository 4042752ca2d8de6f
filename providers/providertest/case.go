package providertest

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

// group is what the cases of one subject have in common: a part of their names.
type group struct {
	name  string
	title string // in the table
	cases []testCase
}

// testCase is one fact that an adapter has to show. Its name, after its group's, is
// constant: the records and the table are kept by it.
type testCase struct {
	name  string
	fact  string // one sentence, in the table
	needs []need
	run   func(*bench) string // returns why the vendor cannot show it; "" when it did
}

// groups lists all cases, in the order of the table.
func groups() []group {
	return []group{
		{"contract", "The contract", contractCases()},
		{"payment", "A payment", paymentCases()},
		{"secure", "3-D Secure", secureCases()},
		{"sync", "Asking", syncCases()},
		{"mismatch", "What does not fit", mismatchCases()},
		{"doubt", "Doubt", doubtCases()},
		{"hold", "Holds", holdCases()},
		{"refund", "Refunds", refundCases()},
		{"card", "Saved cards", cardCases()},
		{"notice", "Notifications", noticeCases()},
		{"answer", "Bad answers", answerCases()},
		{"secret", "Secrets", secretCases()},
		{"money", "Exact money", moneyCases()},
	}
}

// need is something that a case cannot do without.
type need struct {
	why      string // what is told when it is missing
	twoStage bool   // the case wants the account that holds
	isPlayed bool   // it is no matter of the account: the sandbox has to play it
	met      func(*suite, providers.Capabilities) bool
}

// can is the need of operations.
func can(ops ...providers.Op) need {
	words := make([]string, 0, len(ops))
	for _, op := range ops {
		words = append(words, "`"+string(op)+"`")
	}
	return need{why: "no " + strings.Join(words, " or no "), met: func(_ *suite, c providers.Capabilities) bool {
		for _, op := range ops {
			if !c.Can(op) {
				return false
			}
		}
		return true
	}}
}

// holds is the need of an account that holds money.
func holds() need {
	return need{why: "no two-stage payments", twoStage: true, met: func(_ *suite, c providers.Capabilities) bool {
		return c.TwoStage && c.Can(providers.OpCapture)
	}}
}

// flag is the need of a capability that is no operation.
func flag(why string, has func(providers.Capabilities) bool) need {
	return need{why: why, met: func(_ *suite, c providers.Capabilities) bool { return has(c) }}
}

// card is the need of a test card, or of something else that does its work.
func card(kind string, has func(Target) bool) need {
	return played("has no card "+kind, has)
}

// played is the need of something that the sandbox must be able to play.
func played(why string, has func(Target) bool) need {
	return need{why: "the target " + why, isPlayed: true, met: func(s *suite, _ providers.Capabilities) bool { return has(s.target) }}
}

// another is the need of a second account.
func another() need {
	return need{why: "the sandbox has one account", met: func(s *suite, _ providers.Capabilities) bool { return s.hasAnother }}
}

// savesCards is the need of saved cards, however they are saved.
func savesCards() need {
	return flag("no saved cards", func(c providers.Capabilities) bool {
		return (c.Can(providers.OpSaveCard) || c.Can(providers.OpSavePaid)) && c.Can(providers.OpChargeSaved)
	})
}

// suite is one run over one target.
type suite struct {
	target     Target
	name       providers.Name
	plain      providers.Capabilities
	twoStage   providers.Capabilities
	hasAnother bool

	mu       sync.Mutex
	verdicts map[string]verdict
}

// The words of a verdict.
const (
	wordPassed      = "passed"
	wordNotPossible = "not possible" // of the account or the vendor: it never does, or never says, what the case is about
	wordNotPlayed   = "not played"   // of the sandbox: the vendor's documents do not tell how it comes about
)

// verdict is how a case ended; one that failed has none.
type verdict struct {
	ID      string `json:"id"`
	Verdict string `json:"verdict"`
	Why     string `json:"why,omitempty"`
}

func newSuite(t *testing.T, target Target) *suite {
	t.Helper()
	require.NotEmpty(t, target.Vendor, "Target.Vendor")
	require.NotNil(t, target.Open, "Target.Open")
	known := map[string]bool{}
	for _, g := range groups() {
		for _, c := range g.cases {
			known[g.name+"/"+c.name] = true
		}
	}
	for id := range target.NotPlayed {
		require.True(t, known[id], "Target.NotPlayed names %q, which is no case", id)
	}
	plain, twoStage := openBench(t, target, Options{}), openBench(t, target, Options{TwoStage: true})
	require.NotNil(t, plain.main, "World.Account.Provider")
	return &suite{
		target: target, name: plain.main.Name(), plain: plain.caps, twoStage: twoStage.caps,
		hasAnother: len(plain.world.Another) > 0, verdicts: map[string]verdict{},
	}
}

// run runs a case, or records why it cannot be.
func (s *suite) run(t *testing.T, id string, c testCase) {
	t.Helper()
	twoStage := false
	for _, n := range c.needs {
		twoStage = twoStage || n.twoStage
	}
	caps := s.plain
	if twoStage {
		caps = s.twoStage
	}
	for _, n := range c.needs { // what the account cannot do comes before what is not played
		if !n.isPlayed && !n.met(s, caps) {
			s.conclude(verdict{ID: id, Verdict: wordNotPossible, Why: n.why})
			return
		}
	}
	lacks := s.target.NotPlayed[id]
	for _, n := range c.needs {
		if n.isPlayed && !n.met(s, caps) {
			if lacks != "" {
				s.conclude(verdict{ID: id, Verdict: wordNotPlayed, Why: lacks})
				return
			}
			fails(t, c.name, n.why+": give it, or say in Target.NotPlayed what the vendor's documents lack")
			return
		}
	}
	if lacks != "" {
		fails(t, c.name, "the target gives all that it takes to play it, and Target.NotPlayed says that nobody can")
		return
	}
	t.Run(c.name, func(t *testing.T) {
		t.Parallel()
		b := openBench(t, s.target, Options{TwoStage: twoStage})
		why := c.run(b)
		b.keepsSecrets()
		b.requireStruck()
		if why != "" {
			s.conclude(verdict{ID: id, Verdict: wordNotPossible, Why: why})
			return
		}
		s.conclude(verdict{ID: id, Verdict: wordPassed})
	})
}

// fails is a case that cannot begin for a mistake in the target.
func fails(t *testing.T, name, why string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		require.Fail(t, why)
	})
}

func (s *suite) conclude(v verdict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.verdicts[v.ID] = v
}
