package bisys

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers/vendortest"
)

// shop is a small Bisys that keeps state, for the conformance cases: what the
// adapter says is judged by a vendor's rules and not by canned answers. A test plays
// the payer by setting a payment's state.
type shop struct {
	*vendortest.Server
	mu       sync.Mutex
	now      time.Time
	payments map[string]*shopPayment
	users    map[string]string   // login to token
	cards    map[string]shopCard // token to card
	down     bool                // creations are done and answered with 502
}

type shopPayment struct {
	state, errorCode, errorText string
	total, left                 int64
	bestBefore                  int64
	proof                       bool // the owner has to pass 3-D Secure first
	note                        string
}

type shopCard struct {
	user, state string
	proof       bool
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{
		now: noon, payments: map[string]*shopPayment{}, users: map[string]string{}, cards: map[string]shopCard{},
	}
	s.Server = vendortest.New(t, s.serve)
	return s
}

func (s *shop) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	return newClient(t, s.URL, change...)
}

// set plays what happens to a payment.
func (s *shop) set(number string, change func(*shopPayment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.payments[number])
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.payments)
}

// addCard plays a registration that was finished: the user's card is active.
func (s *shop) addCard(login, token string, proof bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cards[token] = shopCard{user: s.user(login), state: "active", proof: proof}
}

func (s *shop) user(login string) string {
	if s.users[login] == "" {
		s.users[login] = fmt.Sprint("user-", len(s.users)+1)
	}
	return s.users[login]
}

// exceptional is an answer that is an exception.
type exceptional struct {
	status, code int
	message      string
	more         map[string]any
}

func refuse(code int, message string) (map[string]any, *exceptional) {
	return nil, &exceptional{status: http.StatusBadRequest, code: code, message: message}
}

func (s *shop) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body map[string]json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	text := func(name string) string { return strings.Trim(string(body[name]), `"`) }
	answer, refused := s.route(r, body, text)
	status := http.StatusOK
	if refused != nil {
		status, answer = refused.status, map[string]any{"code": refused.code, "message": refused.message, "userMessage": "?"}
		for name, value := range refused.more {
			answer[name] = value
		}
	}
	if s.down && strings.Contains(r.URL.Path, "/do/payment") {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *shop) route(r *http.Request, body map[string]json.RawMessage, text func(string) string) (map[string]any, *exceptional) {
	if login, password, _ := r.BasicAuth(); login != canaryToken || password != canarySecKey {
		return nil, &exceptional{status: http.StatusUnauthorized, code: 9401, message: "Unauthorized"}
	}
	switch r.URL.Path {
	case "/rs/shop/do/payment/anonymous":
		return s.create(body, text, "guest", nil)
	case "/rs/shop/do/payment":
		return s.recurrent(body, text)
	case "/rs/shop/check/payment/state":
		return s.state(text("regPayNum"))
	case "/user/registration":
		return map[string]any{"login": text("login"), "email": text("email"), "state": "active", "userToken": s.user(text("login"))}, nil
	case "/user/status":
		if s.users[text("login")] == "" {
			return refuse(9001, "UserNotRegisteredForShop")
		}
		return map[string]any{"login": text("login"), "state": "active", "userToken": s.users[text("login")]}, nil
	case "/card/registration":
		return s.opened(&shopPayment{state: "created", total: 500}, text("userToken")), nil
	case "/ver3/get/cards":
		list := []map[string]any{}
		for token, card := range s.cards {
			if card.user == text("userToken") {
				list = append(list, map[string]any{"cardMask": "411111******1111", "cardToken": token, "cardType": "visa", "state": card.state})
			}
		}
		return map[string]any{"userToken": text("userToken"), "cards": list}, nil
	case "/card/deactivation":
		card, ok := s.cards[text("cardToken")]
		if !ok || card.user != text("userToken") {
			return refuse(9002, "CardNotFound")
		}
		card.state = "inactive"
		s.cards[text("cardToken")] = card
		return map[string]any{"resultState": "success", "desc": "", "userToken": text("userToken")}, nil
	case "/rs/shop/payment/refund":
		return s.refund(text)
	}
	return nil, &exceptional{status: http.StatusNotFound}
}

func (s *shop) create(body map[string]json.RawMessage, text func(string) string, user string, change func(*shopPayment)) (map[string]any, *exceptional) {
	for _, name := range []string{"serviceCode", "amount", "comission", "properties"} {
		if body[name] == nil {
			return refuse(9005, "ValidationException: "+name)
		}
	}
	amount, err := strconv.ParseInt(text("amount"), 10, 64)
	if err != nil || amount <= 0 {
		return refuse(9005, "ValidationException: amount")
	}
	fee, err := strconv.ParseInt(text("comission"), 10, 64)
	if err != nil || fee < 0 {
		return refuse(9005, "ValidationException: comission")
	}
	if text("serviceCode") != "109-5804-1" {
		return refuse(9003, "ServiceNotFound")
	}
	best, _ := strconv.ParseInt(text("orderBestBefore"), 10, 64)
	if best < s.now.Unix() {
		return refuse(9006, "OrderExpired")
	}
	made := &shopPayment{state: "created", total: amount + fee, left: amount + fee, bestBefore: best, note: text("orderNote")}
	if change != nil {
		change(made)
	}
	return s.opened(made, user), nil
}

func (s *shop) opened(made *shopPayment, user string) map[string]any {
	number := strconv.Itoa(1310958041 + len(s.payments))
	s.payments[number] = made
	return map[string]any{"regPayNum": number, "methodType": "GET", "payUrl": s.URL + "/cardpay/card?order=" + number, "userToken": user}
}

func (s *shop) recurrent(body map[string]json.RawMessage, text func(string) string) (map[string]any, *exceptional) {
	if text("cardToken") == "" {
		return s.create(body, text, text("userToken"), nil)
	}
	card := s.cards[text("cardToken")]
	if card.user != text("userToken") || card.state != "active" {
		return refuse(9002, "CardNotFound")
	}
	answer, refused := s.create(body, text, text("userToken"), func(p *shopPayment) {
		p.proof = card.proof
		if !card.proof {
			p.state = "payed"
		}
	})
	if refused == nil && card.proof {
		number, _ := answer["regPayNum"].(string)
		return nil, s.demandProof(number)
	}
	return answer, refused
}

func (s *shop) demandProof(number string) *exceptional {
	return &exceptional{
		status: http.StatusBadRequest, code: 2365, message: "NeedPass3dsException: pass 3ds",
		more: map[string]any{"regPayNum": number, "securePageURL": s.URL + "/acs?order=" + number},
	}
}

func (s *shop) state(number string) (map[string]any, *exceptional) {
	p := s.payments[number]
	switch {
	case p == nil:
		return refuse(9004, "PaymentNotFound")
	case p.proof:
		return nil, s.demandProof(number)
	case p.state == "created" && p.bestBefore < s.now.Unix():
		p.state, p.errorCode, p.errorText = "rejected", "9006", "OrderExpired"
	}
	return map[string]any{
		"state": p.state, "totalAmount": strconv.FormatInt(p.total, 10), "provisionServices": "true", "createdDate": "2026-11-21 12:00:00",
		"providerServCode": "109-5804-1", "providerName": "x", "errorCode": p.errorCode, "error": p.errorText, "message": nil, "procDate": nil,
	}, nil
}

func (s *shop) refund(text func(string) string) (map[string]any, *exceptional) {
	p := s.payments[text("regPayNum")]
	amount, _ := strconv.ParseInt(text("refundAmount"), 10, 64)
	rest, _ := strconv.ParseInt(text("remainingAmount"), 10, 64)
	switch {
	case p == nil:
		return refuse(9004, "PaymentNotFound")
	case p.state != "payed" && p.state != "processed", amount <= 0, amount+rest != p.left:
		return refuse(9007, "RefundNotAllowed")
	}
	p.left = rest
	if rest == 0 {
		p.state = "refunded"
	}
	return map[string]any{"resultState": "success", "desc": "", "regPayNum": text("regPayNum"), "refundAmount": text("refundAmount"), "remainingAmount": text("remainingAmount")}, nil
}

// shopClock is a clock that the shop and its client share.
func (s *shop) shopClock() pay.Clock {
	return pay.ClockFunc(func() time.Time {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.now
	})
}

func (s *shop) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}
