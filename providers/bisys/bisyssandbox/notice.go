package bisyssandbox

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// retries is a sibling's schedule: twelve pauses that grow from 1 to 180
// minutes. The seed says only that the interval grows.
func retries() []time.Duration {
	var all []time.Duration
	for _, m := range []time.Duration{1, 2, 5, 10, 15, 30, 45, 60, 90, 120, 150, 180} {
		all = append(all, m*time.Minute)
	}
	return all
}

// notice tells a shop how a payment ended (seed, "Уведомление об оплате").
// Nothing signs it. Amounts are text, as in the seed's sample. When another sum
// was taken than ordered, amount tells it and comission stays.
func (v *Vendor) notice(p *payment) []sandbox.Notification {
	comission := min(p.Comission, p.totalNow())
	body := struct {
		RegPayNum string `json:"regPayNum"`
		Amount    string `json:"amount"`
		Comission string `json:"comission"`
		State     State  `json:"state"`
		ErrorCode string `json:"errorCode,omitempty"`
		ErrorMsg  string `json:"errorMsg,omitempty"`
	}{
		p.RegPayNum, strconv.FormatInt(p.totalNow()-comission, 10), strconv.FormatInt(comission, 10),
		p.State, p.Failure.Code, p.Failure.Text,
	}
	return []sandbox.Notification{p.notification(body)}
}

// cardNotice tells a shop that a card was saved (seed, "Уведомление о
// регистрации карты"). It names the user and no payment.
func (v *Vendor) cardNotice(p *payment, saved *card) sandbox.Notification {
	return p.notification(struct {
		UserToken string `json:"userToken"`
		CardToken string `json:"cardToken"`
		CardMask  string `json:"cardMask"`
		CardType  string `json:"cardType"`
	}{p.UserToken, saved.Token, saved.Mask, cardByMask(saved.Mask).scheme})
}

// notification sends body to the payment's own address, or to its shop's. Only
// 200 acknowledges it.
func (p *payment) notification(body any) sandbox.Notification {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // text only
	}
	return sandbox.Notification{
		Account: p.Shop, URL: p.NotifyURL, Header: map[string]string{"Content-Type": "application/json"},
		Body: string(text), Retries: retries(),
	}
}
