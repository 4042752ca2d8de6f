package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// routes is the control API. Everything it answers is JSON; an error is
// {"error": "field: what is wrong with it"}.
func (s *Server) routes() *http.ServeMux {
	api := http.NewServeMux()
	api.HandleFunc("GET /_control/captures", s.getCaptures)
	api.HandleFunc("POST /_control/pay", s.postPay)
	api.HandleFunc("GET /_control/cards", s.getCards)
	api.HandleFunc("POST /_control/cards", s.postCards)
	api.HandleFunc("GET /_control/faults", s.getFaults)
	api.HandleFunc("POST /_control/faults", s.postFaults)
	api.HandleFunc("DELETE /_control/faults", s.deleteFaults)
	api.HandleFunc("POST /_control/clock", s.postClock)
	api.HandleFunc("POST /_control/notify", s.postNotify)
	api.HandleFunc("/_control/", func(w http.ResponseWriter, r *http.Request) {
		s.reply(w, http.StatusNotFound, failure("no such control: "+r.Method+" "+r.URL.Path))
	})

	mux := http.NewServeMux()
	// A page in somebody's browser must not be able to drive a sandbox on
	// their machine.
	mux.Handle("/_control/", http.NewCrossOriginProtection().Handler(api))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		s.reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	return mux
}

func failure(text string) map[string]string { return map[string]string{"error": text} }

// reply keeps the state and then answers.
func (s *Server) reply(w http.ResponseWriter, status int, body any) {
	if err := s.store.flush(); err != nil {
		s.log.Error("sandbox state is not kept", "err", err)
		status, body = http.StatusInternalServerError, failure("the state file cannot be written")
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client hung up; nobody to tell
}

// read decodes a control request strictly and answers 400 when it cannot.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) bool {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("one JSON object, and nothing after it")
		}
	}
	if err == nil {
		return true
	}
	text := "body: " + strings.TrimPrefix(err.Error(), "json: ")
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) && wrong.Field != "" {
		text = fmt.Sprintf("%s: a JSON %s is not expected here", wrong.Field, wrong.Value)
	}
	s.reply(w, http.StatusBadRequest, failure(text))
	return false
}

func (s *Server) getCaptures(w http.ResponseWriter, r *http.Request) {
	number := func(name string, otherwise, low, high int64) (int64, error) {
		text := r.URL.Query().Get(name)
		if text == "" {
			return otherwise, nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("%s: %q is not a whole number from %d to %d", name, text, low, high)
		}
		return n, nil
	}
	after, err := number("after", 0, 0, 1<<53)
	limit, err2 := number("limit", 100, 1, 1000)
	if err := errors.Join(err, err2); err != nil {
		s.reply(w, http.StatusBadRequest, failure(err.Error()))
		return
	}
	s.reply(w, http.StatusOK, s.book.After(after, int(limit)))
}

func (s *Server) postPay(w http.ResponseWriter, r *http.Request) {
	var in struct {
		URL     string  `json:"url"`
		Card    string  `json:"card"`
		Outcome Outcome `json:"outcome"`
	}
	if !s.read(w, r, &in) {
		return
	}
	if in.Outcome == "" {
		in.Outcome = OutcomeApprove
	}
	if !slices.Contains([]Outcome{OutcomeApprove, OutcomeDecline, OutcomeAbandon}, in.Outcome) {
		s.reply(w, http.StatusBadRequest, failure(fmt.Sprintf("outcome: %q is not approve, decline or abandon", in.Outcome)))
		return
	}
	if in.URL == "" {
		s.reply(w, http.StatusBadRequest, failure("url: the payer's redirect URL is required"))
		return
	}
	u, err := url.Parse(in.URL)
	if err != nil {
		s.reply(w, http.StatusBadRequest, failure("url: not a URL"))
		return
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	v, ok := s.vendor(name)
	if !ok {
		s.reply(w, http.StatusNotFound, failure("url: "+ErrNoPage.Error()))
		return
	}
	card := strings.NewReplacer(" ", "", "-", "").Replace(in.Card)
	paid, err := v.Pay(context.WithoutCancel(r.Context()), Payer{URL: u, Card: card, Outcome: in.Outcome})
	switch {
	case errors.Is(err, ErrNoPage):
		s.reply(w, http.StatusNotFound, failure("url: "+err.Error()))
	case errors.Is(err, ErrCard):
		s.reply(w, http.StatusBadRequest, failure("card: "+err.Error()))
	case err != nil:
		s.reply(w, http.StatusServiceUnavailable, failure(err.Error()))
	default:
		s.reply(w, http.StatusOK, paid)
	}
}

func (s *Server) getFaults(w http.ResponseWriter, _ *http.Request) {
	s.reply(w, http.StatusOK, map[string][]Fault{"faults": s.faults.list()})
}

func (s *Server) postFaults(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Provider *string  `json:"provider"`
		Op       *Op      `json:"op"`
		Fault    Kind     `json:"fault"`
		Rate     *float64 `json:"rate"`
		Count    int      `json:"count"`
		DelayMs  int64    `json:"delayMs"`
		Seed     int64    `json:"seed"`
	}
	if !s.read(w, r, &in) {
		return
	}
	f := Fault{Provider: "*", Op: OpAny, Fault: in.Fault, Rate: 1, Count: in.Count, DelayMs: in.DelayMs, Seed: in.Seed}
	if in.Provider != nil {
		f.Provider = *in.Provider
	}
	if in.Op != nil {
		f.Op = *in.Op
	}
	if in.Rate != nil {
		f.Rate = *in.Rate
	}
	known := func(name string) bool { _, ok := s.vendor(name); return ok }
	if err := f.check(known); err != nil {
		s.reply(w, http.StatusBadRequest, failure(err.Error()))
		return
	}
	s.faults.add(f)
	s.getFaults(w, r)
}

func (s *Server) deleteFaults(w http.ResponseWriter, r *http.Request) {
	s.faults.clear()
	s.getFaults(w, r)
}

func (s *Server) postClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Speed     *float64 `json:"speed"`
		AdvanceMs int64    `json:"advanceMs"`
	}
	if !s.read(w, r, &in) {
		return
	}
	const year = int64(366 * 24 * time.Hour / time.Millisecond)
	speed := 0.0 // keep it
	switch {
	case in.Speed == nil && in.AdvanceMs == 0:
		s.reply(w, http.StatusBadRequest, failure("speed: give a speed, or advanceMs"))
		return
	case in.Speed != nil && (*in.Speed < 0.001 || *in.Speed > 1e6):
		s.reply(w, http.StatusBadRequest, failure("speed: not from 0.001 to 1000000"))
		return
	case in.AdvanceMs < 0 || in.AdvanceMs > year:
		s.reply(w, http.StatusBadRequest, failure("advanceMs: time goes forward, at most a year at once"))
		return
	case in.Speed != nil:
		speed = *in.Speed
	}
	state := s.pace.set(speed, time.Duration(in.AdvanceMs)*time.Millisecond)
	s.store.put(record{kind: kindClock, value: state})
	s.reply(w, http.StatusOK, map[string]any{"speed": state.Speed, "now": s.pace.now()})
}

func (s *Server) postNotify(w http.ResponseWriter, r *http.Request) {
	var in target
	if !s.read(w, r, &in) {
		return
	}
	err := s.setTarget(in)
	switch {
	case errors.Is(err, errUnknown):
		s.reply(w, http.StatusNotFound, failure(err.Error()))
	case err != nil:
		s.reply(w, http.StatusBadRequest, failure(err.Error()))
	default:
		s.reply(w, http.StatusOK, in)
	}
}

var errUnknown = errors.New("not known to this sandbox")

// setTarget checks t and sends its account's notifications there.
func (s *Server) setTarget(t target) error {
	v, ok := s.vendor(t.Provider)
	if !ok {
		return fmt.Errorf("provider: %q is %w", t.Provider, errUnknown)
	}
	if !slices.Contains(v.Accounts(), t.Account) {
		return fmt.Errorf("account: %q is %w", t.Account, errUnknown)
	}
	u, err := url.Parse(t.URL)
	if t.URL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		return errors.New("url: not an absolute http or https URL")
	}
	if t.Retries != nil && (*t.Retries < 0 || *t.Retries > 100) {
		return errors.New("retries: not from 0 to 100")
	}
	if t.IntervalMs < 0 {
		return errors.New("intervalMs: below 0")
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	s.store.put(s.notify.setTarget(t))
	return nil
}
