# What CI runs is `make check`, by .ci/run. With CI=true a target that would
# change a file fails instead and shows the change.
SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory
IN_CI       := $(filter true,$(CI))
CHECKS      := fmt generate tidy lint test fuzz deadcode crash
COUNT       ?= 10
BENCH       ?= .
BENCHTIME   ?= 1s
# The race detector watches our code and not SQLite's, which is C translated to
# Go with locks of its own: with it the tests on SQLite took three times as long.
RACE        := -race -gcflags='modernc.org/...=-race=false'

.PHONY: check tools $(CHECKS) bench mutants

check: tools ; @for t in $(CHECKS); do echo "== $$t"; from=$$SECONDS; $(MAKE) $$t; echo "== $$t: $$((SECONDS - from)) s"; done

tools: ; @.ci/tools

fmt: tools ; bin/golangci-lint fmt $(if $(IN_CI),--diff)

generate: ; go generate ./... $(if $(IN_CI),&& git diff --exit-code && test -z "$$(git ls-files --others --exclude-standard | tee /dev/stderr)")

tidy: ; go mod tidy $(if $(IN_CI),-diff)

lint: tools ; bin/golangci-lint run

test: ; go test $(RACE) -shuffle=on ./... && go test ./test/crash/sim

# About ten seconds each of what providers send.
fuzz: ; .ci/fuzz 50000x 150000x

# ent asks a schema's methods while it generates; no program of ours calls them.
deadcode: tools ; found=$$(bin/deadcode -test ./...); ! grep -v -e '^ent/schema/' -e '^$$' <<<"$$found"

# bench/README.md says what they measure. BENCH chooses some.
bench: ; mkdir -p artifacts && go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem -count $(COUNT) -timeout 0 ./... | tee artifacts/bench.txt

# The crash harness in short, on both databases.
crash: ; .ci/crash

# Seeded faults that the tests must catch: test/mutants says how it judges. MUTANTS='--only x' tries one.
mutants: ; go run ./test/mutants $(MUTANTS)
