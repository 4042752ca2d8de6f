package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChosen(t *testing.T) {
	t.Parallel()

	t.Run("AllIsEachOfThem", func(t *testing.T) {
		t.Parallel()
		found, strange := chosen(allFlows)
		require.Empty(t, strange)
		require.Len(t, found, len(flows()))
	})

	t.Run("SomeAreTakenByName", func(t *testing.T) {
		t.Parallel()
		found, strange := chosen("gifts,cards")
		require.Empty(t, strange)
		require.Len(t, found, 2)
		require.Equal(t, "gifts", found[0].name)
		require.True(t, (&traffic{flows: found}).needsShop())
	})

	t.Run("PaymentsNeedNoMoreThanTheDemoShop", func(t *testing.T) {
		t.Parallel()
		found, _ := chosen("payments")
		require.False(t, (&traffic{flows: found}).needsShop())
	})

	t.Run("StrangeOneIsNamed", func(t *testing.T) {
		t.Parallel()
		_, strange := chosen("payments,barter")
		require.Equal(t, "barter", strange)
	})
}

func TestProductsOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, 100, productsOf(10_000))
	require.Equal(t, 2, productsOf(3), "three subscriptions of two customers at most")
	require.Equal(t, 1, productsOf(1))
}
