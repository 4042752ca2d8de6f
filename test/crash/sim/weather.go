package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// storm is an outage between the program and the provider.
type storm struct {
	command string // "": all of them
	rate    float64
}

// strikes reports whether a call of the command finds no connection.
func (s *storm) strikes(w *world, command string) bool {
	return s != nil && (s.command == "" || s.command == command) && w.chance(s.rate)
}

// fault is a rule of the sandbox's injector.
type fault struct {
	Provider string  `json:"provider"`
	Op       string  `json:"op"`
	Fault    string  `json:"fault"`
	Rate     float64 `json:"rate"`
	Seed     int64   `json:"seed"`
}

// climate is what always goes wrong a little.
func climate() []fault {
	return []fault{
		{Op: "start", Fault: "drop_reply", Rate: 0.03},
		{Op: "charge", Fault: "drop_reply", Rate: 0.08},
		{Op: "sync", Fault: "drop_reply", Rate: 0.01},
		{Op: "*", Fault: "http_500", Rate: 0.01},
		{Op: "*", Fault: "garbage", Rate: 0.005},
		{Op: "*", Fault: "refuse_connect", Rate: 0.01},
		{Op: "charge", Fault: "wrong_amount", Rate: 0.01},
		{Op: "payer", Fault: "drop_reply", Rate: 0.03},
	}
}

// setWeather gives the sandbox its rules anew, the extra ones first.
func (w *world) setWeather(extra ...fault) {
	w.ask(http.MethodDelete, "/_control/faults", nil, nil)
	for _, rule := range append(extra, climate()...) {
		rule.Provider, rule.Seed = "payture", w.random.Int64()
		w.ask(http.MethodPost, "/_control/faults", rule, nil)
	}
}

// outage begins minutes to hours of trouble.
func (w *world) outage() {
	length := w.dice(2*time.Minute, 3*time.Hour)
	rate := pick(w, weighed[float64]{3, 1}, weighed[float64]{1, 0.5})
	if w.chance(0.4) {
		command := pick(w, weighed[string]{4, ""}, weighed[string]{1, "Init"}, weighed[string]{1, "GetState"}, weighed[string]{1, "Charge"}, weighed[string]{1, "Pay"}, weighed[string]{1, "GetList"})
		w.say("outage: no connection for %q, %v, for %s", command, rate, length)
		w.storm = &storm{command: command, rate: rate}
		w.in(length, func() {
			w.say("outage: over")
			w.storm = nil
		})
		return
	}
	rule := fault{
		Op:    pick(w, weighed[string]{3, "*"}, weighed[string]{2, "start"}, weighed[string]{2, "sync"}, weighed[string]{3, "charge"}),
		Fault: pick(w, weighed[string]{3, "drop_reply"}, weighed[string]{2, "http_500"}, weighed[string]{1, "garbage"}, weighed[string]{2, "refuse_connect"}),
		Rate:  rate,
	}
	w.say("outage: %s of %s, %v, for %s", rule.Fault, rule.Op, rate, length)
	w.setWeather(rule)
	w.in(length, func() {
		if !w.calm {
			w.say("outage: over")
			w.setWeather()
		}
	})
}

// jump puts the program's clock wrong, and right again after a while.
func (w *world) jump() {
	if w.calm {
		return
	}
	skew := w.dice(time.Second, time.Hour)
	if w.chance(0.5) {
		skew = -skew
	}
	w.result.Jumps++
	w.say("the clock jumps by %s", skew)
	w.clock.jump(skew)
	w.in(w.dice(time.Minute, 4*time.Hour), func() {
		w.say("the clock is right again")
		w.clock.jump(0)
	})
}

// calmDown ends all faults and deaths.
func (w *world) calmDown() {
	w.say("the faults stop")
	w.calm, w.storm = true, nil
	w.clock.jump(0)
	w.ask(http.MethodDelete, "/_control/faults", nil, nil)
	for _, c := range w.customers { // the shop decides about what it still holds
		if !c.bill.IsZero() && !w.chance(forgotten) {
			c.looks = 0
			c.soon(time.Minute, 2*time.Hour, c.merchant)
		}
	}
}

// forgotten is how many holds nobody decides about even then.
const forgotten = 0.02

// ask uses the sandbox's control API, and returns the status.
func (w *world) ask(method, path string, body, into any) int {
	status, err := w.asked(method, path, body, into)
	if err != nil {
		w.fail(fmt.Errorf("%s %s: %w", method, path, err))
	}
	return status
}

func (w *world) asked(method, path string, body, into any) (int, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(w.ctx, method, sandboxURL+path, bytes.NewReader(encoded))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.control.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusBadRequest {
		return 0, fmt.Errorf("it answers %d: %s", response.StatusCode, text)
	}
	if into == nil || response.StatusCode >= http.StatusMultipleChoices {
		return response.StatusCode, nil
	}
	return response.StatusCode, json.Unmarshal(text, into)
}
