package points

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/crashpoint"
	"github.com/paygraph/paygraph/test/crash/rig"
)

func TestParse(t *testing.T) {
	t.Parallel()

	t.Run("DefaultsAreAWholeRunOnSQLite", func(t *testing.T) {
		t.Parallel()
		o, err := parse(nil, &bytes.Buffer{})
		require.NoError(t, err)
		require.Equal(t, rig.SQLite, o.db)
		require.False(t, o.isPart())
		require.NotZero(t, o.seed)
	})

	t.Run("OneTrialCanBeNamed", func(t *testing.T) {
		t.Parallel()
		o, err := parse([]string{"--flow", "page", "--point", "ask.settling#2", "--seed", "7"}, &bytes.Buffer{})
		require.NoError(t, err)
		require.True(t, o.isPart())
		require.Equal(t, uint64(7), o.seed)
	})

	tests := []struct {
		name string
		args []string
		want string
	}{
		{"AnArgument", []string{"page"}, "there is no argument page"},
		{"AnUnknownDatabase", []string{"--db", "oracle"}, "--db is"},
		{"AnUnknownFlow", []string{"--flow", "barter"}, "there is no flow barter"},
		{"AnUnknownFlowAmongOthers", []string{"--flow", "page,barter"}, "there is no flow barter"},
		{"AnUnknownPoint", []string{"--point", "nowhere#1"}, "there is no point nowhere"},
		{"NoTrialAtATime", []string{"--parallel", "0"}, "--parallel is"},
		{"AnUnknownFlag", []string{"--fast"}, "-fast"},
	}
	for _, tt := range tests {
		t.Run(tt.name+"IsMisuse", func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			_, err := parse(tt.args, &said)
			require.ErrorIs(t, err, ErrMisused)
			require.Contains(t, said.String(), tt.want)
		})
	}

	t.Run("HelpListsTheFlows", func(t *testing.T) {
		t.Parallel()
		var said bytes.Buffer
		_, err := parse([]string{"--help"}, &said)
		require.ErrorIs(t, err, flag.ErrHelp)
		require.Contains(t, said.String(), "two-tabs")
	})
}

func TestRun_trials(t *testing.T) {
	t.Parallel()

	page, void := flows()[0], flows()[1]
	dry := []outcome{
		{trial: trial{flow: page}, hits: map[crashpoint.Point]int{crashpoint.Settled: 3, crashpoint.JobRan: 9}},
		{trial: trial{flow: void}, hits: map[crashpoint.Point]int{crashpoint.Settled: 1}, wrong: []string{"broken as it is"}},
	}
	deaths := func(o options) []string {
		var list []string
		for _, at := range (&run{options: o}).trials(rand.New(rand.NewPCG(1, 2)), dry) {
			list = append(list, at.flow.name+" "+at.at.String())
		}
		return list
	}

	t.Run("APointIsVisitedTwiceAndAJobsPointFourTimes", func(t *testing.T) {
		t.Parallel()
		require.ElementsMatch(t, []string{
			"page ask.settled#1", "page ask.settled#2", "page job.ran#1", "page job.ran#2", "page job.ran#3", "page job.ran#4",
		}, deaths(options{}))
	})

	t.Run("OneDeathCanBeChosen", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, []string{"page job.ran#3"}, deaths(options{point: "job.ran#3"}))
		require.Len(t, deaths(options{point: "ask.settled"}), 2)
	})
}

func TestRun_round(t *testing.T) {
	t.Parallel()

	at := func(point crashpoint.Point, nth int) trial { return trial{at: death{point: point, nth: nth}} }
	all := []trial{at(crashpoint.Settled, 1), at(crashpoint.Settled, 2), at(crashpoint.JobRan, 1)}

	t.Run("AllAtOnce", func(t *testing.T) {
		t.Parallel()
		next, rest := (&run{}).round(all, nil)
		require.Equal(t, all, next)
		require.Empty(t, rest)
	})

	t.Run("ShortVisitsEachPointOnceAndAMissedOneAgain", func(t *testing.T) {
		t.Parallel()
		r := &run{options: options{short: true}}
		next, rest := r.round(all, nil)
		require.Equal(t, []trial{at(crashpoint.Settled, 1), at(crashpoint.JobRan, 1)}, next)
		again, rest := r.round(rest, []outcome{{trial: next[0]}, {trial: next[1], died: true}})
		require.Equal(t, []trial{at(crashpoint.Settled, 2)}, again)
		require.Empty(t, rest)
	})

	t.Run("ShortEndsWhenEachPointHasItsDeath", func(t *testing.T) {
		t.Parallel()
		r := &run{options: options{short: true}}
		next, _ := r.round(all, []outcome{{trial: all[0], died: true}, {trial: all[2], died: true}})
		require.Empty(t, next)
	})
}

func TestRun_conclude(t *testing.T) {
	t.Parallel()

	everywhere := func(wrong ...string) []outcome {
		var list []outcome
		for _, point := range crashpoint.Points() {
			list = append(list, outcome{trial: trial{flow: flows()[0], at: death{point: point, nth: 1}}, died: true})
		}
		list[0].wrong = wrong
		return list
	}

	t.Run("EveryPointDiedAtIsRight", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.NoError(t, (&run{out: &out}).conclude(rig.SQLite, nil, everywhere(), 0))
		require.Contains(t, out.String(), "0 broken")
	})

	t.Run("ABrokenPromiseFails", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		require.ErrorIs(t, (&run{out: &out}).conclude(rig.SQLite, nil, everywhere("lost"), 0), errBroken)
		require.Contains(t, out.String(), "BREACH")
	})

	t.Run("APromiseBrokenWithoutACrashFails", func(t *testing.T) {
		t.Parallel()
		dry := []outcome{{trial: trial{flow: flows()[0]}, wrong: []string{"lost"}}}
		require.ErrorIs(t, (&run{out: &bytes.Buffer{}}).conclude(rig.SQLite, dry, everywhere(), 0), errBroken)
	})

	t.Run("APointThatNoFlowReachesFails", func(t *testing.T) {
		t.Parallel()
		err := (&run{out: &bytes.Buffer{}}).conclude(rig.SQLite, nil, everywhere()[1:], 0)
		require.ErrorIs(t, err, errBroken)
		require.ErrorContains(t, err, string(crashpoint.BillInserting))
	})

	t.Run("APartMayLeavePointsOut", func(t *testing.T) {
		t.Parallel()
		o := options{flow: "page"}
		require.NoError(t, (&run{options: o, out: &bytes.Buffer{}}).conclude(rig.SQLite, nil, everywhere()[1:], 0))
	})

	t.Run("APlannedDeathThatDidNotComeIsNoProof", func(t *testing.T) {
		t.Parallel()
		list := everywhere()
		list[0].died = false
		var out bytes.Buffer
		require.ErrorIs(t, (&run{out: &out}).conclude(rig.SQLite, nil, list, 0), errBroken)
		require.Contains(t, out.String(), "missed")
	})
}

func TestJudgeBook(t *testing.T) {
	t.Parallel()

	taken := rig.Capture{OrderRef: "a", State: "Charged", CapturedMinor: 5, Captures: 1}
	tests := []struct {
		name string
		book []rig.Capture
		want []int64
		says string
	}{
		{"NothingTakenIsRight", []rig.Capture{{State: "Voided"}}, nil, ""},
		{"TheRightMoneyIsRight", []rig.Capture{taken}, []int64{5}, ""},
		{"MissingMoneyIsTold", nil, []int64{5}, "the provider took []"},
		{"OtherMoneyIsTold", []rig.Capture{taken}, []int64{6}, "the provider took [5], want [6]"},
		{"MoneyTakenTwiceIsTold", []rig.Capture{{OrderRef: "a", CapturedMinor: 10, Captures: 2}}, []int64{10}, "taken 2 times"},
		{"ACheckOfACardIsNoPayment", []rig.Capture{taken, {Kind: "verification", CapturedMinor: 101, Captures: 1}}, []int64{5}, ""},
		{"AForgottenHoldIsTold", []rig.Capture{taken, {OrderRef: "b", State: "Authorized"}}, []int64{5}, "holds money for [b]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			says := judgeBook(tt.book, tt.want)
			require.Equal(t, tt.says == "", says == "")
			require.Contains(t, says, tt.says)
		})
	}
}

func TestReadTrace(t *testing.T) {
	t.Parallel()

	t.Run("EachLineIsAVisit", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "reached")
		require.NoError(t, os.WriteFile(path, []byte("ask.settled\njob.ran\nask.settled\n"), 0o600))
		hits, err := readTrace(path)
		require.NoError(t, err)
		require.Equal(t, map[crashpoint.Point]int{crashpoint.Settled: 2, crashpoint.JobRan: 1}, hits)
	})

	t.Run("NoFileIsNoVisit", func(t *testing.T) {
		t.Parallel()
		hits, err := readTrace(filepath.Join(t.TempDir(), "none"))
		require.NoError(t, err)
		require.Empty(t, hits)
	})
}

func TestDeath_folder(t *testing.T) {
	t.Parallel()
	require.Equal(t, "ask.settled-2", death{point: crashpoint.Settled, nth: 2}.folder())
	require.Equal(t, "no-crash", death{}.folder())
}
