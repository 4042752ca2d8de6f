package page_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/paygraph/paygraph/internal/page"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

func TestRequest_Size(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name  string
		first *int
		want  int
		code  pay.Code
	}{
		{name: "AbsentIsTheDefault", want: 20},
		{name: "One", first: new(1), want: 1},
		{name: "Most", first: new(100), want: 100},
		{name: "Zero", first: new(0), code: pay.CodeInvalid},
		{name: "Negative", first: new(-1), code: pay.CodeInvalid},
		{name: "TooMany", first: new(101), code: pay.CodeInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			size, err := page.Request{First: tt.first}.Size(20)
			require.Equal(t, tt.want, size)
			require.Equal(t, tt.code, pay.CodeOf(err))
		})
	}
}

func TestRequest_SizeNamesTheArgument(t *testing.T) {
	t.Parallel()

	_, err := page.Request{First: new(0)}.Size(20)
	var typed *pay.Error
	require.ErrorAs(t, err, &typed)
	require.Equal(t, []string{"first"}, typed.Path)
}

func TestCut(t *testing.T) {
	t.Parallel()

	rows, more := page.Cut([]int{1, 2, 3}, 2)
	require.Equal(t, []int{1, 2}, rows)
	require.True(t, more)

	rows, more = page.Cut([]int{1, 2}, 2)
	require.Equal(t, []int{1, 2}, rows)
	require.False(t, more)
}

func TestInfoOf(t *testing.T) {
	t.Parallel()

	name := func(s string) string { return "at " + s }
	require.Equal(t, page.Info{HasNext: true, Start: "at a", End: "at c"}, page.InfoOf([]string{"a", "b", "c"}, true, false, name))
	require.Equal(t, page.Info{HasPrevious: true}, page.InfoOf(nil, false, true, name))
}

func TestFind(t *testing.T) {
	t.Parallel()

	t.Run("ReadsWhatAtWrote", rapid.MakeCheck(func(t *rapid.T) {
		sort := rapid.Int64().Draw(t, "sort")
		id := pay.NewBillID(storetest.Epoch())
		place, ok := page.Find("bills", page.At("bills", sort, id.String()), pay.ParseBillID)
		if !ok || place.Sort != sort || place.ID != id {
			t.Fatalf("found %v, %t", place, ok)
		}
	}))

	t.Run("ReadsAnInstant", func(t *testing.T) {
		at := storetest.Epoch().Add(123456000)
		place, ok := page.Find("bills", page.AtTime("bills", at, pay.NewBillID(at).String()), pay.ParseBillID)
		require.True(t, ok)
		require.Equal(t, at, place.Time())
	})

	t.Run("TakesNothingElse", rapid.MakeCheck(func(t *rapid.T) {
		if _, ok := page.Find("bills", rapid.String().Draw(t, "cursor"), pay.ParseBillID); ok {
			t.Fatal("garbage was taken for a cursor")
		}
	}))

	id := pay.NewBillID(storetest.Epoch()).String()
	garbage := map[string]string{
		"Empty":          "",
		"OfAnotherList":  page.At("users", 1, id),
		"OfAnotherTable": page.At("bills", 1, pay.NewUserID(storetest.Epoch()).String()),
		"WithoutID":      page.At("bills", 1, ""),
		"WithAFourth":    page.At("bills", 1, id+"~x"),
	}
	for name, cursor := range garbage {
		t.Run(name, func(t *testing.T) {
			_, ok := page.Find("bills", cursor, pay.ParseBillID)
			require.False(t, ok)
		})
	}
}
