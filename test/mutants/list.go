package main

import "slices"

// mutants lists them all.
func mutants() []Mutant {
	return slices.Concat(moneyMutants(), doubtMutants(), chargeMutants(), refundMutants(), evidenceMutants(), keyMutants(), jobMutants(), storeMutants())
}
