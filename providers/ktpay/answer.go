package ktpay

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
)

// verdict is whether an answer says that a transaction was created.
type verdict int

// The verdicts.
const (
	saysNothing verdict = iota // not told, or told both ways
	saysYes
	saysNo
)

// answer is what KTPay said to a creation.
type answer struct {
	verdict verdict
	hash    string   // as it came; "" when not told, or told twice and differently
	code    string   // of an error; "" when not told or not a code
	fields  []string // which fields an error is about, by the names that we sent; sorted
	others  bool     // an error names further fields
}

// rawAnswer has the places where the published shapes keep things. Each may hold
// another JSON type than expected: PHP writes an empty object as [].
type rawAnswer struct {
	Success  json.RawMessage `json:"success"`
	Data     json.RawMessage `json:"data"`
	Response json.RawMessage `json:"response"`
	Error    json.RawMessage `json:"error"`
}

// readAnswer reads the one success and the three errors that are published:
//
//	{"error":[],"response":{"success":true,"data":{"transaction_hash":"…"}}}               KTWidget docs, mobile API
//	{"success":false,"data":[],"error":{"code":0,"messages":{"error":"…"},"hint":"…"}}     KTWidget docs, errors
//	{"response":{"success":false},"error":{"code":0,"messages":{…},"hint":"…"}}            ktwidget-api-php
//	{"success":false,"error":{"code":0,"message":"…","validation":{"x":["…"]},"hint":"…"}} api-reference
//
// It takes nothing of KTPay's texts: they may repeat what we sent. Its error says
// that the answer is not a JSON object.
func readAnswer(body []byte) (answer, error) {
	var raw rawAnswer
	if !readObject(body, &raw) {
		return answer{}, errors.New("the answer is not a JSON object")
	}
	var inner rawAnswer
	readObject(raw.Response, &inner)
	said := answer{
		verdict: both(verdictOf(raw.Success), verdictOf(inner.Success)),
		hash:    sameHash(hashOf(raw.Data), hashOf(inner.Data)),
	}
	said.readError(raw.Error)
	if said.verdict == saysYes && said.code != "" {
		said.verdict = saysNothing
	}
	return said, nil
}

// readObject reads a JSON object and reports whether there is one.
func readObject(raw []byte, into any) bool {
	return strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{") && json.Unmarshal(raw, into) == nil
}

func verdictOf(raw json.RawMessage) verdict {
	switch string(raw) {
	case "true":
		return saysYes
	case "false":
		return saysNo
	}
	return saysNothing
}

// both is what two places say together; what only one says counts.
func both(one, other verdict) verdict {
	switch {
	case one == saysNothing:
		return other
	case other == saysNothing, one == other:
		return one
	}
	return saysNothing
}

func hashOf(raw json.RawMessage) string {
	var data struct {
		Hash json.RawMessage `json:"transaction_hash"`
	}
	var hash string
	if !readObject(raw, &data) || json.Unmarshal(data.Hash, &hash) != nil {
		return ""
	}
	return hash
}

func sameHash(one, other string) string {
	switch {
	case one == "":
		return other
	case other == "", one == other:
		return one
	}
	return ""
}

// readError reads the code of an error and which fields it complains about.
func (a *answer) readError(raw json.RawMessage) {
	var told struct {
		Code       json.RawMessage `json:"code"`
		Messages   json.RawMessage `json:"messages"`
		Validation json.RawMessage `json:"validation"`
	}
	if !readObject(raw, &told) {
		return
	}
	a.code = codeOf(unquoted(told.Code))
	for _, list := range []json.RawMessage{told.Messages, told.Validation} {
		var byField map[string]json.RawMessage
		readObject(list, &byField)
		for name := range byField {
			a.complains(name)
		}
	}
	slices.Sort(a.fields)
	a.fields = slices.Compact(a.fields)
}

// complains notes one field, which may be told by its path, e.g. order.service.service_id.
func (a *answer) complains(name string) {
	if name == "error" { // not a field: where the plain text of an error stands
		return
	}
	last := name[strings.LastIndex(name, ".")+1:]
	switch last {
	case "order_id", "amount", "type", "service", "service_id", "contract_value", "description", "show_close_button", "phone", "email",
		"callback_post_url", "callback_back_url", "callback_success_url", "callback_failed_url",
		"callback_force_back_url", "callback_force_success_url", "callback_force_failed_url":
		a.fields = append(a.fields, last)
	default:
		a.others = true
	}
}

// codes are what may be told of a code: KTPay's own have seven digits, an acquirer's
// two or three, or a digit and a letter.
var codes = regexp.MustCompile(`^([45][0-9]{6}|-?[0-9]{1,3}|[0-9][A-Z])$`)

// codeOf is a code of KTPay's or its acquirer's, "" for all else: whatever stands
// there may repeat what we sent.
func codeOf(text string) string {
	code := strings.Replace(text, "−", "-", 1) // the page of codes is typeset
	if !codes.MatchString(code) {
		return ""
	}
	return code
}
