package web

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/paygraph/paygraph/internal/pay"
)

// internalMessage is all that a client learns of what is our fault.
const internalMessage = "Something went wrong on our side. Give the request's id to whoever runs this server."

// writeError answers what never reached GraphQL as GraphQL would: one error at
// the top level.
func writeError(w http.ResponseWriter, r *http.Request, status int, code, key, message string) {
	extensions := map[string]string{"code": code}
	if key != "" {
		extensions["key"] = key
	}
	if id := RequestID(r.Context()); id != "" {
		extensions["requestId"] = id
	}
	writeJSON(w, status, map[string]any{"errors": []map[string]any{{"message": message, "extensions": extensions}}})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, _ := json.Marshal(value) // maps, lists and text, as every caller's
	writeBody(w, status, "application/json", body)
}

func writeText(w http.ResponseWriter, status int, text string) {
	writeBody(w, status, "text/plain; charset=utf-8", []byte(text))
}

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone: nobody to tell
}

func answerGraphQLPanic(w http.ResponseWriter, r *http.Request) {
	writeError(w, r, http.StatusInternalServerError, string(pay.CodeInternal), "", internalMessage)
}

func answerPanic(w http.ResponseWriter, r *http.Request) {
	writeText(w, http.StatusInternalServerError, "internal error, request "+RequestID(r.Context())+"\n")
}
