package main

import "slices"

// mutants lists them all.
func mutants() []Mutant {
	return slices.Concat(moneyMutants(), doubtMutants(), evidenceMutants(), keyMutants(), jobMutants(), storeMutants())
}
