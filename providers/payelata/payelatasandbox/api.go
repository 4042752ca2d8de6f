package payelatasandbox

import (
	"bytes"
	"cmp"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// caller is who asks the private API, and with which of the two keys.
type caller struct {
	account  Account
	testMode bool
}

// command is one command of the private API, called for an authorised caller.
type command func(w http.ResponseWriter, r *http.Request, by caller)

// byMethod are the commands of one path.
type byMethod map[string]command

// private serves a path of the private API: Basic, the account's id and one of
// its two secret keys.
func (v *Vendor) private(commands byMethod) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		by, ok := v.authorise(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="PayElata sandbox"`)
			refuse(w, http.StatusUnauthorized, problem{Code: "unauthorized", Title: "Unauthorized", Detail: "Wrong commerce account or API key."})
			return
		}
		if len(commands) == 0 {
			refuse(w, http.StatusNotFound, notFound())
			return
		}
		do, ok := commands[r.Method]
		if !ok {
			refuse(w, http.StatusMethodNotAllowed, problem{Code: "method_not_allowed", Title: "Method Not Allowed"})
			return
		}
		do(w, r, by)
	}
}

func (v *Vendor) authorise(r *http.Request) (caller, bool) {
	login, password, ok := r.BasicAuth()
	if !ok {
		return caller{}, false
	}
	a := v.accounts[login] // an account that is not there has no key
	switch {
	case same(password, a.TestKey):
		return caller{a, true}, true
	case same(password, a.LiveKey):
		return caller{a, false}, true
	}
	return caller{}, false
}

// same compares secrets; an empty one is nobody's.
func same(given, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// get answers with one invoice. Another account's does not exist for the caller.
func (v *Vendor) get(w http.ResponseWriter, r *http.Request, by caller) {
	v.mu.Lock()
	defer v.mu.Unlock()
	i, ok := v.owned(r, by)
	if !ok {
		refuse(w, http.StatusNotFound, notFound())
		return
	}
	reply(w, http.StatusOK, document{v.resource(i)})
}

// owned finds the invoice of the path and lets time act on it. v.mu must be held.
func (v *Vendor) owned(r *http.Request, by caller) (*invoice, bool) {
	i := v.invoices[r.PathValue("id")]
	if i == nil || i.Account != by.account.ID {
		return nil, false
	}
	v.age(i)
	return i, true
}

// maxList is how many invoices a list holds at most, the newest.
const maxList = 50

// list answers with the account's invoices, newest first. The vendor's pages do
// not state its filters: filter[reference_id] is our choice. What is not known is
// refused, so that a misspelt filter does not find another order.
func (v *Vendor) list(w http.ResponseWriter, r *http.Request, by caller) {
	const filter = "filter[reference_id]"
	query := r.URL.Query()
	for name := range query {
		if name != filter {
			refuse(w, http.StatusBadRequest, problem{Code: "invalid_request", Title: "Bad Request", Detail: "This parameter is not known.", Source: &source{Parameter: name}})
			return
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	found := []*invoice{}
	for _, i := range v.invoices {
		if i.Account == by.account.ID && (!query.Has(filter) || i.ReferenceID == query.Get(filter)) {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *invoice) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	all := []resource{}
	for _, i := range found[:min(len(found), maxList)] {
		v.age(i)
		all = append(all, v.resource(i))
	}
	reply(w, http.StatusOK, struct {
		Data []resource `json:"data"`
	}{all})
}

func (v *Vendor) listServices(w http.ResponseWriter, _ *http.Request, by caller) {
	all := []serviceResource{}
	for _, name := range by.account.Services {
		all = append(all, newService(name))
	}
	reply(w, http.StatusOK, struct {
		Data []serviceResource `json:"data"`
	}{all})
}

func (v *Vendor) getService(w http.ResponseWriter, r *http.Request, by caller) {
	name := r.PathValue("id")
	if !slices.Contains(by.account.Services, name) {
		refuse(w, http.StatusNotFound, notFound())
		return
	}
	reply(w, http.StatusOK, struct {
		Data serviceResource `json:"data"`
	}{newService(name)})
}

// problem is one error of JSON:API. The shape of PayElata's is not reliably
// stated; this is the one of the JSON:API specification.
type problem struct {
	Status string  `json:"status"`
	Code   string  `json:"code"`
	Title  string  `json:"title"`
	Detail string  `json:"detail,omitempty"`
	Source *source `json:"source,omitempty"`
}

type source struct {
	Pointer   string `json:"pointer,omitempty"`
	Parameter string `json:"parameter,omitempty"`
}

// attributesAt is where JSON:API keeps what a caller fills in.
const attributesAt = "/data/attributes/"

// invalid is a problem with one member of the request.
func invalid(pointer, detail string) problem {
	return problem{Code: "invalid", Title: "Invalid value", Detail: detail, Source: &source{Pointer: pointer}}
}

// missing is a required attribute that is not there.
func missing(pointer string) problem {
	return problem{Code: "required", Title: "Required value", Detail: "This value should not be blank.", Source: &source{Pointer: pointer}}
}

// duplicate is a merchant's number used before.
func duplicate() problem {
	return problem{
		Code: "duplicate", Title: "Duplicate request", Detail: "This reference_id is used already.",
		Source: &source{Pointer: attributesAt + "reference_id"},
	}
}

func notFound() problem { return problem{Code: "not_found", Title: "Not Found"} }

// refuse answers with errors, each with the answer's status.
func refuse(w http.ResponseWriter, status int, problems ...problem) {
	for at := range problems {
		problems[at].Status = strconv.Itoa(status)
	}
	reply(w, status, struct {
		Errors []problem `json:"errors"`
	}{problems})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(encode(body)) // into a buffer of the host's
}

// encode writes JSON as PHP does by default but for the letters: slashes are
// escaped, UTF-8 stays as it is. What a callback's signature covers is exactly
// this, so that a receiver who encodes again fails.
func encode(body any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic(err) // our own types: cannot fail
	}
	return bytes.ReplaceAll(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("/"), []byte(`\/`))
}

// decode reads a JSON request and answers 400 or 422 when it cannot.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) && wrong.Field != "" {
		pointer := "/" + strings.ReplaceAll(wrong.Field, ".", "/")
		refuse(w, http.StatusUnprocessableEntity, invalid(pointer, "A JSON "+wrong.Value+" is not expected here."))
		return false
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, problem{Code: "invalid_request", Title: "Bad Request", Detail: "The body is not a JSON object."})
		return false
	}
	return true
}
