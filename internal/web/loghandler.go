package web

import (
	"context"
	"log/slog"
)

// requestIDAttr is what the log calls a request's id.
const requestIDAttr = "requestId"

// LogHandler returns a handler that adds the request's id to every line that is
// logged with a request's context, whoever logs it.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle adds the id unless the line has it.
func (h logHandler) Handle(ctx context.Context, line slog.Record) error {
	id, has := RequestID(ctx), false
	line.Attrs(func(a slog.Attr) bool {
		has = a.Key == requestIDAttr
		return !has
	})
	if id != "" && !has {
		line = line.Clone()
		line.AddAttrs(slog.String(requestIDAttr, id))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs keeps the id being added.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the id being added.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
