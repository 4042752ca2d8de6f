package check

// pairs joins the two sides of a statement that reads two tables whose keys are
// spelt differently. The rows may come in any order; what is equal on both sides
// is forgotten at once, so that only the differences remain.
type pairs[K, V comparable] struct{ ours, theirs map[K]V }

func newPairs[K, V comparable]() pairs[K, V] {
	return pairs[K, V]{ours: make(map[K]V), theirs: make(map[K]V)}
}

// left adds a row of our side, and right one of the other.
func (p pairs[K, V]) left(key K, value V)  { meet(p.ours, p.theirs, key, value) }
func (p pairs[K, V]) right(key K, value V) { meet(p.theirs, p.ours, key, value) }

func meet[K, V comparable](side, other map[K]V, key K, value V) {
	if found, ok := other[key]; ok && found == value {
		delete(other, key)
		return
	}
	side[key] = value
}
