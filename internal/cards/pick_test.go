package cards

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestAddedBy(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	inList := func(hash string) listed {
		return listed{SavedCard: providers.SavedCard{Ref: "ref " + hash, Active: true}, hash: hash}
	}
	page := func(known ...string) *ent.CardRegistration {
		return &ent.CardRegistration{
			Status: pay.RegistrationActionRequired, KnownRefs: known, RedirectURL: new("https://vendor.example"), WatchUntil: now.Add(time.Hour),
		}
	}
	ended := func(r *ent.CardRegistration, hash string) *ent.CardRegistration {
		r.Status, r.WatchUntil = pay.RegistrationCompleted, now
		r.Edges.Card = &ent.Card{RefHash: []byte(hash)}
		return r
	}
	unopened := page()
	unopened.RedirectURL = nil
	withCode, inactive, expired := inList("c"), inList("i"), inList("e")
	withCode.RequiresCVV, inactive.Active, expired.Expired = true, false, true

	tests := []struct {
		name     string
		newer    []*ent.CardRegistration
		list     []listed
		want     string
		needsCVV bool
	}{
		{name: "EmptyList"},
		{name: "OnlyKnown", list: []listed{inList("old")}},
		{name: "New", list: []listed{inList("old"), inList("new")}, want: "new"},
		{name: "FirstOfTwo", list: []listed{inList("b"), inList("a")}, want: "b"},
		{name: "Unusable", list: []listed{inactive, expired}},
		{name: "NeedsItsCode", list: []listed{withCode}, needsCVV: true},
		{name: "NeedsItsCodeAndAnotherDoesNot", list: []listed{withCode, inList("new")}, want: "new"},
		{name: "ANewerPageMayHaveAddedIt", newer: []*ent.CardRegistration{page("old")}, list: []listed{inList("new")}},
		{name: "ThereBeforeTheNewerPage", newer: []*ent.CardRegistration{page("old", "new")}, list: []listed{inList("new")}, want: "new"},
		{name: "NewerOneHasNoPage", newer: []*ent.CardRegistration{unopened}, list: []listed{inList("new")}, want: "new"},
		{name: "NewerOneHasAnother", newer: []*ent.CardRegistration{ended(page(), "x")}, list: []listed{inList("new")}, want: "new"},
		{name: "NewerOneHasIt", newer: []*ent.CardRegistration{ended(page(), "\xab")}, list: []listed{inList("ab")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found, needsCVV := addedBy(page("old"), tt.newer, tt.list, now)
			require.Equal(t, tt.want, hashOf(found))
			require.Equal(t, tt.needsCVV, needsCVV)
		})
	}
}

func hashOf(c *listed) string {
	if c == nil {
		return ""
	}
	return c.hash
}

func TestIsOver(t *testing.T) {
	t.Parallel()
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	tests := []struct {
		name        string
		year, month int
		now         time.Time
		want        bool
	}{
		{"Unknown", 0, 0, at(3, 1, 0), false},
		{"InItsMonth", 2026, 3, at(3, 31, 23), false},
		{"NotOverEverywhere", 2026, 3, at(4, 1, 11), false},
		{"OverEverywhere", 2026, 3, at(4, 1, 12), true},
		{"LastYear", 2025, 12, at(1, 2, 0), true},
		{"NextYear", 2027, 1, at(12, 31, 0), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, isOver(tt.year, tt.month, tt.now))
		})
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	tests := []struct{ vendors, kept, shown string }{
		{"411111xxxxxx1112", "411111xxxxxx1112", "411111******1112"},
		{"411111XXXXXX1112", "411111XXXXXX1112", "411111******1112"},
		{"••••1112", "••••1112", "****1112"},
		{"411111******1112", "411111******1112", "411111******1112"},
		{"4111111111111112", "411111xxxxxx1112", "411111******1112"},
		{"4111 1111 1111 1112", "4111 11xx xxxx 1112", "4111 11** **** 1112"},
		{"", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.vendors, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.kept, safeMask(tt.vendors))
			require.Equal(t, tt.shown, ShownMask(&ent.Card{Mask: safeMask(tt.vendors)}))
		})
	}
}

func TestVerification(t *testing.T) {
	t.Parallel()
	at := func(currencies ...pay.Currency) providers.Account {
		return providers.Account{Provider: taker{currencies: currencies}}
	}
	s := &Service{Config: Config{Verification: map[pay.Currency]int64{"KZT": 5000}}}
	require.Equal(t, pay.Of(1000, pay.RUB), s.verification(at()))
	require.Equal(t, pay.Of(1000, pay.RUB), s.verification(at(pay.USD, pay.RUB)))
	require.Equal(t, pay.Of(100, pay.USD), s.verification(at(pay.USD)))
	require.Equal(t, pay.Of(1, "JPY"), s.verification(at("JPY")))
	require.Equal(t, pay.Of(5000, "KZT"), s.verification(at("KZT")))
}

// taker is a provider of which only the currencies are asked.
type taker struct {
	providers.Provider

	currencies []pay.Currency
}

func (p taker) Capabilities() providers.Capabilities {
	return providers.Capabilities{Currencies: p.currencies}
}
