package providers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// capable is a provider of which only its capabilities matter.
type capable struct {
	providers.Provider

	can providers.Capabilities
}

func (c capable) Capabilities() providers.Capabilities { return c.can }

func TestAccount_Capabilities(t *testing.T) {
	t.Parallel()
	type limits = map[pay.Currency]int64
	tests := []struct {
		name                       string
		vendorsMin, vendorsMax     limits
		operatorsMin, operatorsMax limits
		wantMin, wantMax           limits
		allows, tooLittle, tooMuch int64
	}{
		{"TheVendorsAlone", limits{pay.RUB: 100}, limits{pay.RUB: 500}, nil, nil, limits{pay.RUB: 100}, limits{pay.RUB: 500}, 100, 99, 501},
		{"TheOperatorsAlone", nil, nil, limits{pay.RUB: 100}, limits{pay.RUB: 500}, limits{pay.RUB: 100}, limits{pay.RUB: 500}, 500, 99, 501},
		{
			"TheStricterOfBoth",
			limits{pay.RUB: 100, pay.USD: 1},
			limits{pay.RUB: 500},
			limits{pay.RUB: 200},
			limits{pay.RUB: 600, pay.KZT: 9},
			limits{pay.RUB: 200, pay.USD: 1},
			limits{pay.RUB: 500, pay.KZT: 9},
			200, 199, 501,
		},
		{"NoneIsLessThanNothing", nil, nil, nil, nil, nil, nil, 1, 0, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			account := providers.Account{Provider: capable{can: providers.Capabilities{Min: tt.vendorsMin, Max: tt.vendorsMax}}, Min: tt.operatorsMin, Max: tt.operatorsMax}
			can := account.Capabilities()
			require.Equal(t, tt.wantMin, can.Min)
			require.Equal(t, tt.wantMax, can.Max)
			require.True(t, can.Allows(pay.Of(tt.allows, pay.RUB)))
			require.False(t, can.Allows(pay.Of(tt.tooLittle, pay.RUB)))
			require.False(t, can.Allows(pay.Of(tt.tooMuch, pay.RUB)))
		})
	}
}
