package pay_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
)

func TestErrorf_UsualRetry(t *testing.T) {
	t.Parallel()

	tests := []struct {
		code pay.Code
		want pay.Retry
	}{
		{pay.CodeInvalid, pay.DoNotRetry},
		{pay.CodeNotFound, pay.DoNotRetry},
		{pay.CodeForbidden, pay.DoNotRetry},
		{pay.CodeUnauthenticated, pay.DoNotRetry},
		{pay.CodeConflict, pay.RetryNewKey},
		{pay.CodeStateConflict, pay.RetryNewKey},
		{pay.CodeIdempotencyMismatch, pay.RetryNewKey},
		{pay.CodeIdempotencyInFlight, pay.RetrySameKey},
		{pay.CodeProviderUnavailable, pay.RetrySameKey},
		{pay.CodeLimitExceeded, pay.RetrySameKey},
		{pay.CodeInternal, pay.RetrySameKey},
		{pay.CodeDeclined, pay.RetryOtherMethod},
		{pay.CodeInsufficientFunds, pay.RetryOtherMethod},
		{pay.CodeUnsupported, pay.RetryOtherMethod},
		{"NO_CODE", pay.DoNotRetry},
	}
	for _, tt := range tests {
		t.Run(string(tt.code), func(t *testing.T) {
			require.Equal(t, tt.want, pay.Errorf(tt.code, "some.key", "Nothing.").Retry)
		})
	}
}

func TestError(t *testing.T) {
	t.Parallel()

	t.Run("CopiesKeepTheFirstAsItIs", func(t *testing.T) {
		t.Parallel()
		first := pay.Errorf(pay.CodeInvalid, "text.too_long", "At most %d characters.", 5)
		second := first.At("lines", "0", "title").Because(io.EOF)
		require.Equal(t, &pay.Error{Code: pay.CodeInvalid, Key: "text.too_long", Message: "At most 5 characters.", Retry: pay.DoNotRetry}, first)
		require.Equal(t, []string{"lines", "0", "title"}, second.Path)
		require.ErrorIs(t, second, io.EOF)
		require.NotErrorIs(t, first, io.EOF)
	})
	t.Run("TheLogReadsCodeMessageAndCause", func(t *testing.T) {
		t.Parallel()
		e := pay.NotFound("bill", "bill")
		require.Equal(t, "NOT_FOUND: There is no such bill.", e.Error())
		require.Equal(t, "NOT_FOUND: There is no such bill.: EOF", e.Because(io.EOF).Error())
		require.Equal(t, "bill.not_found", e.Key)
		require.Equal(t, []string{"bill"}, e.Path)
	})
	t.Run("InvalidDoesNotFormatItsMessage", func(t *testing.T) {
		t.Parallel()
		e := pay.Invalid("amount.malformed", "100% is no amount", "amount")
		require.Equal(t, "100% is no amount", e.Message)
		require.Equal(t, pay.CodeInvalid, e.Code)
	})
}

func TestCodeOf(t *testing.T) {
	t.Parallel()

	conflict := pay.Errorf(pay.CodeConflict, "bill.changed", "The bill changed.")
	tests := []struct {
		name string
		err  error
		want pay.Code
	}{
		{"None", nil, ""},
		{"OfAPerson", conflict, pay.CodeConflict},
		{"Wrapped", fmt.Errorf("pay bill: %w", conflict), pay.CodeConflict},
		{"Joined", errors.Join(io.EOF, conflict), pay.CodeConflict},
		{"TheOuterOne", pay.NotFound("bill").Because(conflict), pay.CodeNotFound},
		{"AnyOther", io.EOF, pay.CodeInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, pay.CodeOf(tt.err))
		})
	}
}
