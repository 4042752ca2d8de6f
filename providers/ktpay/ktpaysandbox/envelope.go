package ktpaysandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// Code is KTPay's number for what is wrong with a request (client's README).
type Code int

// KTPay's codes. 4220102, a wrong type of encryption, is never answered: the
// documents do not say how a client would choose a type. It can be forced.
const (
	CodeInternal      Code = 5000001
	CodeCreate        Code = 5000105
	CodeAuthData      Code = 5000106
	CodeInfo          Code = 5000107
	CodeReceipt       Code = 5000109
	CodeReceiptModule Code = 5000110
	CodeAppID         Code = 4010103
	CodeParameters    Code = 4220002
	CodeData          Code = 4220101
	CodeEncryption    Code = 4220102
	CodeKeyExpired    Code = 4220104
)

// status is the HTTP status of an error. The documents name none; the first
// three digits of a code look like one.
func (c Code) status() int { return int(c) / 10_000 }

func (c Code) hint() string {
	switch c {
	case CodeInternal:
		return "General internal error"
	case CodeCreate:
		return "The transaction could not be created"
	case CodeAuthData:
		return "The authorisation data could not be read"
	case CodeInfo:
		return "The transaction could not be read"
	case CodeReceipt:
		return "The receipt could not be made"
	case CodeReceiptModule:
		return "The receipt module failed"
	case CodeAppID:
		return "Check Auth-Identifier, it must be your app_id"
	case CodeParameters:
		return "Check the parameters"
	case CodeData:
		return "Seal the JSON with crypto_box_seal to your app_key and send it as base64"
	case CodeEncryption:
		return "Wrong encryption type"
	case CodeKeyExpired:
		return "Ask for a new app_key"
	}
	return ""
}

func codes() []Code {
	return []Code{
		CodeInternal, CodeCreate, CodeAuthData, CodeInfo, CodeReceipt, CodeReceiptModule,
		CodeAppID, CodeParameters, CodeData, CodeEncryption, CodeKeyExpired,
	}
}

// messages are what is wrong, by field; "error" is the whole.
type messages map[string]string

func because(text string) messages { return messages{"error": text} }

// refuse answers with an error in a form that both published clients read: the
// browser's looks at error.code, messages and hint, the PHP one at
// response.success too.
func refuse(w http.ResponseWriter, status int, code Code, m messages) {
	answer(w, status, map[string]any{
		"success": false, "data": []any{},
		"response": map[string]any{"success": false, "data": []any{}},
		"error":    map[string]any{"code": code, "messages": m, "hint": code.hint()},
	})
}

func accept(w http.ResponseWriter, data map[string]any) {
	answer(w, http.StatusOK, map[string]any{
		"error": []any{}, "response": map[string]any{"success": true, "data": data},
	})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // maps of text and numbers, into the host's buffer
}

// errorHeader is our own: a request that carries one of KTPay's codes in it is
// refused with that code, and nothing is done.
const errorHeader = "X-Sandbox-Error"

// forced answers a request that asks for an error, and reports whether it did.
func forced(w http.ResponseWriter, r *http.Request) bool {
	number, err := strconv.Atoi(r.Header.Get(errorHeader))
	if err != nil || !slices.Contains(codes(), Code(number)) {
		return false
	}
	code := Code(number)
	refuse(w, code.status(), code, because("Forced by "+errorHeader))
	return true
}
