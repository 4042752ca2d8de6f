package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// flow is one kind of what clients do; weight is how often, of all.
type flow struct {
	name   string
	weight int
	play   func(t *traffic, ctx context.Context, r *rand.Rand)
}

func flows() []flow {
	return []flow{
		{"payments", 60, (*traffic).mixed},
		{"cards", 15, (*traffic).buyByCard},
		{"wallets", 10, (*traffic).buyFromWallet},
		{"gifts", 8, (*traffic).give},
		{"subscriptions", 7, (*traffic).subscribe},
		{"refunds", 14, (*traffic).giveBack},
		{"vendors", 16, (*traffic).buyAnywhere},
	}
}

// allFlows is the --flows that stands for each of them.
const allFlows = "all"

// chosen returns the flows of a list of names, and a name that is none.
func chosen(list string) (found []flow, strange string) {
	if list == allFlows {
		return flows(), ""
	}
	for _, name := range strings.Split(list, ",") {
		at := slices.IndexFunc(flows(), func(f flow) bool { return f.name == name })
		if at < 0 {
			return nil, name
		}
		found = append(found, flows()[at])
	}
	return found, ""
}

func flowNames() string {
	names := []string{}
	for _, f := range flows() {
		names = append(names, f.name)
	}
	return strings.Join(names, ",")
}

// play plays one of the flows, by their weights.
func (t *traffic) play(ctx context.Context, r *rand.Rand) {
	sum := 0
	for _, f := range t.flows {
		sum += f.weight
	}
	n := r.IntN(sum)
	for _, f := range t.flows {
		if n -= f.weight; n < 0 {
			f.play(t, ctx, r)
			return
		}
	}
}

// needsShop reports whether any of the flows is more than payments for an amount or a page.
func (t *traffic) needsShop() bool {
	return slices.ContainsFunc(t.flows, func(f flow) bool { return f.name != "payments" && f.name != "vendors" })
}

func unknownFlow(name string) string {
	return fmt.Sprintf("--flows has no %q: want %s or some of %s", name, allFlows, flowNames())
}
