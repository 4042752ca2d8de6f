package gqlhttp

import "math"

// graph is what the guard knows of a document's definitions: how deep each
// goes and which fragments it spreads where. It bounds what following the
// spreads would cost, which the tokens alone do not: twenty fragments, each
// spreading the next one twice, are a million selection sets.
type graph struct {
	definitions []definition
}

// definition is one operation or fragment.
type definition struct {
	fragment string // "" for an operation
	depth    int    // of its own braces
	spreads  []spread

	state  int // of the walk: notWalked, walking, walked
	total  int // expansions below it
	bottom int // depth with everything spread into it
}

type spread struct {
	fragment string
	depth    int // of the selection set it stands in
}

const (
	notWalked = iota
	walking
	walked
)

// begin starts the definition of a fragment. Only a "fragment" that is the
// first word of a definition says so: `query fragment($A: ID)` is an operation,
// and taking it for fragment A would hide the true one.
func (g *graph) begin(fragment string) {
	g.definitions = append(g.definitions, definition{fragment: fragment})
}

// descend sees every opening brace of a selection set.
func (g *graph) descend(braces int) {
	last := len(g.definitions) - 1
	if braces == 1 && (last < 0 || g.definitions[last].depth > 0) {
		g.definitions = append(g.definitions, definition{})
		last++
	}
	if last >= 0 {
		g.definitions[last].depth = max(g.definitions[last].depth, braces)
	}
}

// spread sees every spread of a named fragment.
func (g *graph) spread(fragment string, braces int) {
	if last := len(g.definitions) - 1; last >= 0 {
		d := &g.definitions[last]
		d.spreads = append(d.spreads, spread{fragment, braces})
	}
}

// judge returns the limit that following all spreads passes, if any. Every
// definition is followed, used or not: validation visits each.
func (g *graph) judge(limits Limits) (passed string, limit, value int) {
	for i := range g.definitions {
		d := &g.definitions[i]
		g.walk(d)
		if d.total > limits.Expansions {
			return "expansions", limits.Expansions, d.total
		}
		if d.bottom > limits.Depth {
			return "depth", limits.Depth, d.bottom
		}
	}
	return "", 0, 0
}

// walk fills in d's total and bottom. Each definition is walked once, however
// often it is spread. A cycle counts as if it ended where it closes: the
// validator refuses it by name.
func (g *graph) walk(d *definition) {
	if d.state != notWalked {
		return
	}
	d.state = walking
	d.bottom = d.depth
	for _, s := range d.spreads {
		d.total = saturatingAdd(d.total, 1)
		target := g.find(s.fragment)
		if target == nil {
			continue
		}
		g.walk(target)
		if target.state == walking {
			continue
		}
		d.total = saturatingAdd(d.total, target.total)
		d.bottom = max(d.bottom, s.depth+target.bottom-1)
	}
	d.state = walked
}

// find returns the first fragment of that name: a second one is invalid.
func (g *graph) find(fragment string) *definition {
	for i := range g.definitions {
		if g.definitions[i].fragment == fragment {
			return &g.definitions[i]
		}
	}
	return nil
}

func saturatingAdd(a, b int) int {
	if a > math.MaxInt32-b {
		return math.MaxInt32
	}
	return a + b
}
