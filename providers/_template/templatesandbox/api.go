package templatesandbox

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// view is a payment as the API shows it.
type view struct {
	ID       string `json:"id"`
	Order    string `json:"order"`
	Amount   string `json:"amount"`
	Refunded string `json:"refunded"`
	Currency string `json:"currency"`
	State    string `json:"state"`
	Code     string `json:"code,omitempty"`
	Page     string `json:"page,omitempty"`
	Test     bool   `json:"test"`
}

func (p *payment) view() view {
	return view{
		ID: p.ID, Order: p.Order, Amount: major(p.Amount), Refunded: major(p.Refunded), Currency: p.Currency,
		State: p.State, Code: p.Code, Test: p.Test,
	}
}

// major and minor are the vendor's own arithmetic: its currencies have hundredths.
func major(minor int64) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

func minor(major string) (int64, bool) {
	whole, fraction, _ := strings.Cut(major, ".")
	if len(fraction) != 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(whole+fraction, 10, 53)
	return int64(n), err == nil && n > 0
}

// shop finds who calls.
func (v *Vendor) shop(r *http.Request) (Account, bool) {
	key, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	for _, a := range v.accounts {
		if hmac.Equal([]byte(a.APIKey), []byte(key)) {
			return a, true
		}
	}
	return Account{}, false
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	reply(w, status, map[string]string{"error": code})
}

// open makes a payment. Its order number is used up for good.
func (v *Vendor) open(w http.ResponseWriter, r *http.Request) {
	shop, known := v.shop(r)
	if !known {
		refuse(w, http.StatusUnauthorized, "unauthorized")
		return
	}
	var in struct {
		Order     string `json:"order"`
		Amount    string `json:"amount"`
		Currency  string `json:"currency"`
		ReturnURL string `json:"returnUrl"`
		NotifyURL string `json:"notifyUrl"`
	}
	amount, ok := int64(0), json.NewDecoder(r.Body).Decode(&in) == nil
	if ok {
		amount, ok = minor(in.Amount)
	}
	if !ok || in.Order == "" || in.Currency != shop.Currency {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	p := &payment{
		ID: rand.Text(), Shop: shop.Name, Order: in.Order, Amount: amount, Refunds: map[string]int64{}, Currency: in.Currency, Test: shop.Test,
		State: "new", NotifyURL: in.NotifyURL, ReturnURL: in.ReturnURL, At: v.host.Now(),
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.payments[p.key()] != nil {
		refuse(w, http.StatusConflict, "duplicate_order")
		return
	}
	v.payments[p.key()] = p
	v.commit(p, 0, 0)
	shown := p.view()
	shown.Page = v.host.BaseURL(r) + "/" + name + "/page/" + p.ID
	reply(w, http.StatusOK, map[string]view{"payment": shown})
}

// find returns the payment of the path, aged. v.mu must be held.
func (v *Vendor) find(w http.ResponseWriter, r *http.Request) *payment {
	shop, known := v.shop(r)
	if !known {
		refuse(w, http.StatusUnauthorized, "unauthorized")
		return nil
	}
	p := v.payments[shop.Name+"/"+r.PathValue("order")]
	if p == nil {
		refuse(w, http.StatusNotFound, "not_found")
		return nil
	}
	v.age(p)
	return p
}

func (v *Vendor) get(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if p := v.find(w, r); p != nil {
		reply(w, http.StatusOK, map[string]view{"payment": p.view()})
	}
}

// refund gives back a part of what is left, once for each number.
func (v *Vendor) refund(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := v.find(w, r)
	if p == nil {
		return
	}
	var in struct {
		Number string `json:"number"`
		Amount string `json:"amount"`
	}
	amount, ok := int64(0), json.NewDecoder(r.Body).Decode(&in) == nil && in.Number != ""
	if ok {
		amount, ok = minor(in.Amount)
	}
	_, done := p.Refunds[in.Number]
	switch {
	case !ok:
		refuse(w, http.StatusBadRequest, "invalid_request")
	case p.State != "paid":
		refuse(w, http.StatusConflict, "wrong_state")
	case done:
		reply(w, http.StatusOK, map[string]view{"payment": p.view()})
	case amount > p.Amount-p.Refunded:
		refuse(w, http.StatusUnprocessableEntity, "amount_too_high")
	default:
		p.Refunds[in.Number] = amount
		p.Refunded += amount
		v.commit(p, 0, amount)
		reply(w, http.StatusOK, map[string]view{"payment": p.view()})
	}
}

// notice is the notification of a payment's state, signed with its shop's key. An
// order that names no address uses its shop's.
func (v *Vendor) notice(p *payment) sandbox.Notification {
	body, err := json.Marshal(p.view())
	if err != nil {
		panic(err) // text only
	}
	var key string
	for _, a := range v.accounts {
		if a.Name == p.Shop {
			key = a.HookKey
		}
	}
	code := hmac.New(sha256.New, []byte(key))
	code.Write(body)
	return sandbox.Notification{
		Account: p.Shop, URL: p.NotifyURL, Body: string(body),
		Header:  map[string]string{"Content-Type": "application/json", "X-Signature": hex.EncodeToString(code.Sum(nil))},
		Retries: []time.Duration{time.Minute, 10 * time.Minute},
	}
}
