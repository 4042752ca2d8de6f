package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"time"
)

// Sandbox is a `paygraph sandbox` of its own process, which keeps the book that
// the servers are judged by.
type Sandbox struct {
	URL     string
	Process *Process

	http *http.Client
}

// StartSandbox starts a sandbox that keeps its state in dir.
func StartSandbox(ctx context.Context, binary, dir string) (*Sandbox, error) {
	p, err := Start(ctx, Command{
		Name: "sandbox", Path: binary, Log: filepath.Join(dir, "sandbox.log"),
		Args: []string{"sandbox", "--addr", "127.0.0.1:0", "--state", filepath.Join(dir, "sandbox.jsonl")},
	})
	if err != nil {
		return nil, err
	}
	return &Sandbox{URL: "http://" + p.Ready["addr"], Process: p, http: newHTTP(30 * time.Second)}, nil
}

// Fault is one rule of the sandbox's injector; docs/sandbox.md explains it.
type Fault struct {
	Provider string  `json:"provider"`
	Op       string  `json:"op"`
	Fault    string  `json:"fault"`
	Rate     float64 `json:"rate"`
	Count    int     `json:"count,omitempty"`
	DelayMs  int64   `json:"delayMs,omitempty"`
	Seed     int64   `json:"seed,omitempty"`
	Hits     int     `json:"hits,omitempty"` // answered only: how often it struck
}

// Break adds fault rules.
func (s *Sandbox) Break(ctx context.Context, faults ...Fault) error {
	for _, f := range faults {
		f.Hits = 0
		if err := s.call(ctx, http.MethodPost, "/_control/faults", f, nil); err != nil {
			return err
		}
	}
	return nil
}

// Faults returns the rules, with how often each struck.
func (s *Sandbox) Faults(ctx context.Context) ([]Fault, error) {
	var answer struct {
		Faults []Fault `json:"faults"`
	}
	err := s.call(ctx, http.MethodGet, "/_control/faults", nil, &answer)
	return answer.Faults, err
}

// Mend removes all fault rules.
func (s *Sandbox) Mend(ctx context.Context) error {
	return s.call(ctx, http.MethodDelete, "/_control/faults", nil, nil)
}

// Speed has the sandbox repeat its notifications so many times as fast as the vendors
// do.
func (s *Sandbox) Speed(ctx context.Context, times int) error {
	return s.call(ctx, http.MethodPost, "/_control/clock", map[string]int{"speed": times}, nil)
}

// What a payer may do on the provider's page.
const (
	Approve = "approve"
	Decline = "decline"
	Abandon = "abandon"
)

// Paid is what became of a visit to the provider's page.
type Paid struct {
	State     string `json:"state"`     // in the vendor's words
	OrderRef  string `json:"orderRef"`  // our order number
	ReturnURL string `json:"returnUrl"` // where the payer's browser would go
	ErrCode   string `json:"errCode"`
}

// Pay plays the payer on the page at url.
func (s *Sandbox) Pay(ctx context.Context, url, outcome string) (Paid, error) {
	return s.PayBy(ctx, url, "", outcome)
}

// PayBy plays the payer on the page at url with a test card; "": the page's own
// choice.
func (s *Sandbox) PayBy(ctx context.Context, url, card, outcome string) (Paid, error) {
	in := map[string]string{"url": url, "outcome": outcome}
	if card != "" {
		in["card"] = card
	}
	var paid Paid
	err := s.call(ctx, http.MethodPost, "/_control/pay", in, &paid)
	return paid, err
}

// Card has the bank or the vendor do something to all cards with a number: refuse
// them with a code, accept them, expire or remove them.
func (s *Sandbox) Card(ctx context.Context, number, action, code string) error {
	in := map[string]string{"provider": "payture", "card": number, "action": action}
	if code != "" {
		in["code"] = code
	}
	return s.call(ctx, http.MethodPost, "/_control/cards", in, nil)
}

// Capture is one entry of the book.
type Capture struct {
	Seq           int64  `json:"seq"`
	OrderRef      string `json:"orderRef"`
	Kind          string `json:"kind"`
	State         string `json:"state"`
	AmountMinor   int64  `json:"amountMinor"`
	CapturedMinor int64  `json:"capturedMinor"`
	RefundedMinor int64  `json:"refundedMinor"`
	Captures      int    `json:"captures"` // how often money was taken: 2 is a double payment
}

// Book reads all of the sandbox's book.
func (s *Sandbox) Book(ctx context.Context) ([]Capture, error) {
	return s.BookAfter(ctx, 0)
}

// BookAfter reads the entries of the book that came after one, by its Seq.
func (s *Sandbox) BookAfter(ctx context.Context, after int64) ([]Capture, error) {
	var book []Capture
	for {
		var page []Capture
		path := "/_control/captures?limit=1000&after=" + strconv.FormatInt(after, 10)
		if err := s.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return book, nil
		}
		book = append(book, page...)
		after = page[len(page)-1].Seq
	}
}

func (s *Sandbox) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("ask the sandbox %s: %w", path, err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return fmt.Errorf("ask the sandbox %s: %w", path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sandbox %s: %w", path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("ask the sandbox %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the sandbox %s: %s: %s", path, response.Status, bytes.TrimSpace(text))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the sandbox's answer to %s: %w", path, err)
	}
	return nil
}

// newHTTP is a client that never goes through a proxy, follows no redirect and
// keeps as many connections as it opens.
func newHTTP(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 256},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
