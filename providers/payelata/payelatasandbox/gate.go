package payelatasandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/paygraph/paygraph/providers/sandbox"
)

const gateKeyBits = 2048

// gateHeader is a token's header in the order of the vendor's sample.
const gateHeader = `{"typ":"JWT","alg":"RS512"}`

// gateClaims are what a token of the card gate says, sid first.
type gateClaims struct {
	SID string `json:"sid"`
	Exp int64  `json:"exp"`
}

// makeKey makes the card gate's key. It lasts as long as the state file. v.mu
// must be held.
func (v *Vendor) makeKey() sandbox.Record {
	key, err := rsa.GenerateKey(rand.Reader, gateKeyBits)
	if err != nil {
		panic(err) // the system has no randomness: nothing can go on
	}
	v.key = key
	return sandbox.Record{Kind: recordKey, ID: "cardgate", Value: x509.MarshalPKCS1PrivateKey(key)}
}

// signGateToken makes the token that a sale for the invoice needs. v.mu must be
// held.
func (v *Vendor) signGateToken(i *invoice) string {
	claims, err := json.Marshal(gateClaims{SID: i.SID, Exp: i.ExpiresAt.Unix()})
	if err != nil {
		panic(err) // our own type: cannot fail
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(gateHeader)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	signature, err := jwt.SigningMethodRS512.Sign(text, v.key)
	if err != nil {
		panic(err) // our own key: cannot fail
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// bearer finds the invoice of a request's token. v.mu must be held.
func (v *Vendor) bearer(r *http.Request) (*invoice, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || v.key == nil {
		return nil, false
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return &v.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS512"}), jwt.WithTimeFunc(v.host.Now), jwt.WithExpirationRequired())
	if err != nil {
		return nil, false
	}
	sid, _ := claims["sid"].(string)
	i := v.sessions[sid]
	return i, i != nil
}

// sale charges the saved card of an instant invoice, or a test card in the
// host-to-host form (another brand of the platform documents its attributes). A
// token of an invoice that has no card to charge is no right to a sale. Its answer
// is not published: it names the session and how it went.
func (v *Vendor) sale(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		refuse(w, http.StatusMethodNotAllowed, problem{Code: "method_not_allowed", Title: "Method Not Allowed"})
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	i, ok := v.bearer(r)
	if !ok {
		refuseSale(w)
		return
	}
	var in struct {
		Data struct {
			Type       string `json:"type"`
			Attributes struct {
				Number string `json:"card_number"`
				Holder string `json:"card_holder"`
				CVV    string `json:"cvv"`
				Month  string `json:"exp_month"`
				Year   string `json:"exp_year"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if !decode(w, r, &in) {
		return
	}
	if in.Data.Type != "sale-operation" {
		refuse(w, http.StatusUnprocessableEntity, invalid("/data/type", "sale-operation is expected."))
		return
	}
	given := in.Data.Attributes
	var a attempt
	byToken := given.Number == ""
	switch {
	case byToken && (!i.Instant || i.Token == ""):
		refuseSale(w)
		return
	case byToken:
		a = v.savedAttempt(i)
		a.threeDS = a.proof // nobody is there to be asked, but some banks do
	default:
		f := cardForm{pan: given.Number, expiry: given.Month + given.Year, cvv: given.CVV, holder: given.Holder}
		card, wrong := f.check()
		if len(wrong) > 0 {
			refuse(w, http.StatusUnprocessableEntity, saleProblems(wrong)...)
			return
		}
		a = newAttempt(card, f)
	}
	v.age(i)
	if !i.takesCards() {
		refuse(w, http.StatusUnprocessableEntity, problem{Code: "already_processed", Title: "Already processed", Detail: "This payment takes no more sales."})
		return
	}
	v.submit(i, a)
	reply(w, http.StatusCreated, v.saleAnswer(i))
}

func refuseSale(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="PayElata sandbox"`)
	refuse(w, http.StatusUnauthorized, problem{Code: "unauthorized", Title: "Unauthorized", Detail: "A token of this payment is expected."})
}

// saleProblems points at the attributes of the host-to-host form.
func saleProblems(wrong map[string]string) []problem {
	var all []problem
	for _, field := range []string{fieldNumber, fieldExpiry, fieldCVV, fieldHolder} {
		pointer := attributesAt + field
		if field == fieldExpiry {
			pointer = attributesAt + "exp_month"
		}
		if why := wrong[field]; why != "" {
			all = append(all, invalid(pointer, why))
		}
	}
	return all
}

// authPayload is how the payer's browser gets to the bank.
type authPayload struct {
	Action string    `json:"action"`
	Method string    `json:"method"`
	Params [0]string `json:"params"`
}

type saleResource struct {
	Data struct {
		Type       string `json:"type"`
		ID         string `json:"id"`
		Attributes struct {
			Status      Status       `json:"status"`
			Resolution  string       `json:"resolution"`
			AuthPayload *authPayload `json:"auth_payload"`
		} `json:"attributes"`
	} `json:"data"`
}

func (v *Vendor) saleAnswer(i *invoice) saleResource {
	var a saleResource
	a.Data.Type, a.Data.ID = "sale-operation", i.SID
	a.Data.Attributes.Status, a.Data.Attributes.Resolution = i.Status, i.Resolution
	if i.Challenge != "" {
		a.Data.Attributes.AuthPayload = &authPayload{Action: v.base(i) + bankPath(i.Challenge), Method: "GET"}
	}
	return a
}
