package graph

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph/model"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func TestShownLimits(t *testing.T) {
	t.Parallel()
	of := func(amount int64, currency pay.Currency) *pay.Money { return new(pay.Of(amount, currency)) }
	tests := []struct {
		name     string
		min, max map[pay.Currency]int64
		want     []*model.ProviderLimit
	}{
		{"NoLimitIsAnEmptyList", nil, nil, []*model.ProviderLimit{}},
		{"CurrenciesAreInTheirOrder", map[pay.Currency]int64{pay.RUB: 100, pay.KZT: 500}, map[pay.Currency]int64{pay.RUB: 1_000_000}, []*model.ProviderLimit{
			{Min: of(500, pay.KZT)}, {Min: of(100, pay.RUB), Max: of(1_000_000, pay.RUB)},
		}},
		{"AMostAlone", nil, map[pay.Currency]int64{pay.USD: 9}, []*model.ProviderLimit{{Max: of(9, pay.USD)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, shownLimits(providers.Capabilities{Min: test.min, Max: test.max}))
		})
	}
}
