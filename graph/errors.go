package graph

import (
	"context"
	"errors"
	"log/slog"
	"maps"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/paygraph/paygraph/internal/pay"
)

// The sentences for what is not a person's to read.
const (
	internalMessage = "Something went wrong on our side. Give the request's id to whoever runs this server."
	inputMessage    = "An input value cannot be read."
	awayMessage     = "The database cannot work just now. Nothing was acknowledged: repeat the call a moment later, with the same idempotency key."
)

// codeUnavailable is a code of top-level errors only, as the transports have it.
const codeUnavailable = "UNAVAILABLE"

// Presenter returns how top-level errors are shown. A pay.Error is shown with its
// code, and with the argument that it blames as extensions.path. What gqlgen says
// of a document or a value keeps its text. What isAway knows as a database that
// cannot work is UNAVAILABLE, everything else INTERNAL with a bland sentence; both
// are logged here, once: no other place logs what a resolver returned. The
// transport adds the request's id to all.
func Presenter(logger *slog.Logger, isAway func(error) bool) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
		extensions := map[string]any{}
		if raised, ok := errors.AsType[*gqlerror.Error](err); ok {
			shown.Path, shown.Locations, shown.Rule = raised.Path, raised.Locations, raised.Rule
			shown.Message = raised.Message
			maps.Copy(extensions, raised.Extensions)
		}
		typed := pay.Readable(err)
		switch {
		case typed != nil:
			shown.Message = typed.Message
			extensions["code"] = typed.Code
			if typed.Path != nil {
				extensions["path"] = typed.Path
			}
		case extensions["code"] != nil:
		case isInput(ctx, shown):
			shown.Message = inputMessage
			extensions["code"] = pay.CodeInvalid
		case isAway(err):
			logInternal(ctx, logger, shown, err)
			shown.Message = awayMessage
			extensions["code"] = codeUnavailable
		default:
			logInternal(ctx, logger, shown, err)
			shown.Message = internalMessage
			extensions["code"] = pay.CodeInternal
		}
		shown.Extensions = extensions
		return shown
	}
}

// isInput reports whether an error is about an argument: its path goes on from
// the field into what was sent.
func isInput(ctx context.Context, shown *gqlerror.Error) bool {
	field := graphql.GetFieldContext(ctx)
	return field != nil && len(shown.Path) > len(field.Path())
}

// logInternal logs err, unless it is the stand-in of a panic, which was logged
// with its stack, or nobody waits for the answer any more.
func logInternal(ctx context.Context, logger *slog.Logger, shown *gqlerror.Error, err error) {
	typed, ok := errors.AsType[*pay.Error](err)
	if ok && typed.Err == nil || ctx.Err() != nil {
		return
	}
	logger.ErrorContext(ctx, "a field could not be answered",
		slog.String("path", shown.Path.String()), slog.String("error", err.Error()))
}
