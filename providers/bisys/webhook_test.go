package bisys

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

func parse(body string, of *providers.Ref) ([]providers.Event, providers.Reply, error) {
	return new(Client).ParseWebhook(context.Background(), providers.Notification{Body: []byte(body), Order: of})
}

func TestClient_ParseWebhook(t *testing.T) {
	t.Parallel()

	hint := func(kind string, ref providers.Ref) []providers.Event {
		return []providers.Event{{Kind: kind, Hint: true, Ref: ref}}
	}
	theirs := providers.Ref{ProviderRef: payment}

	t.Run("DocumentedSampleIsAHint", func(t *testing.T) {
		t.Parallel()
		events, reply, err := parse(golden(t, "notification-payment.json"), nil)
		require.NoError(t, err)
		require.Equal(t, hint("payed", theirs), events)
		require.Equal(t, http.StatusOK, reply.Status)
		require.Equal(t, "OK", string(reply.Body))
	})
	hints := []struct{ name, body, kind string }{
		{"NumbersAsNumbers", `{"regPayNum":1310958041,"amount":450,"comission":13300,"state":"payed"}`, "payed"},
		{"Refusal", `{"regPayNum":"1310958041","state":"rejected","errorCode":"05","errorMsg":"RC=05"}`, "rejected"},
		{"WithoutState", `{"regPayNum":"1310958041"}`, ""},
		{"StateIsNoWord", `{"regPayNum":"1310958041","state":"<b>"}`, ""},
		{"MembersOfTheSibling", `{"regPayNum":"1310958041","state":"PAYED","property":{"a":[1,null]},"result":{"code":0},"rrn":"1"}`, "PAYED"},
	}
	for _, tt := range hints {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			events, _, err := parse(tt.body, nil)
			require.NoError(t, err)
			require.Equal(t, hint(tt.kind, theirs), events)
		})
	}

	orders := []struct {
		name     string
		of, want providers.Ref
	}{
		{"NumberWasLost", providers.Ref{OrderNumber: orderNumber, OfCustomer: true}, providers.Ref{OrderNumber: orderNumber, ProviderRef: payment, OfCustomer: true}},
		{"NumberIsKnown", providers.Ref{OrderNumber: orderNumber, ProviderRef: payment}, providers.Ref{OrderNumber: orderNumber, ProviderRef: payment}},
		{"OrderHasAnotherNumber", providers.Ref{OrderNumber: orderNumber, ProviderRef: "2"}, theirs},
	}
	for _, tt := range orders {
		t.Run("AtTheOrdersOwnAddress"+tt.name, func(t *testing.T) {
			t.Parallel()
			events, _, err := parse(golden(t, "notification-payment.json"), &tt.of)
			require.NoError(t, err)
			require.Equal(t, hint("payed", tt.want), events)
		})
	}

	t.Run("CardIsAcknowledgedWithoutEvent", func(t *testing.T) {
		t.Parallel()
		events, reply, err := parse(golden(t, "notification-card.json"), nil)
		require.NoError(t, err)
		require.Empty(t, events)
		require.Equal(t, http.StatusOK, reply.Status)
	})
	t.Run("TokensAndCardNumbersAreNotStored", func(t *testing.T) {
		t.Parallel()
		events, _, err := parse(`{"regPayNum":"1","state":"payed","cardToken":"CANARY","sign":"CANARY","more":[{"UserToken":"CANARY"},"4111111111111111",5105105105105100],"n":12345678901234567890}`, nil)
		require.NoError(t, err)
		require.JSONEq(t, `{"regPayNum":"1","state":"payed","cardToken":"","sign":"","more":[{"UserToken":""},"",""],"n":12345678901234567890}`, string(events[0].Body))
		requireNoSecret(t, string(events[0].Body))
	})

	unreadable := map[string]string{
		"Empty": "", "Form": "regPayNum=1310958041&state=payed", "List": `[{"regPayNum":"1"}]`, "NoNumber": `{"state":"payed"}`,
		"NumberIsNull": `{"regPayNum":null,"state":"payed"}`, "NumberIsAnObject": `{"regPayNum":{"a":1}}`, "NumberWithBlanks": `{"regPayNum":"1 2"}`,
		"TwoNumbers": `{"regPayNum":"1","regPayNum":"2"}`, "TwoObjects": `{"regPayNum":"1"}{"regPayNum":"2"}`, "HTML": "<html></html>",
		"TooLong": `{"regPayNum":"1310958041","x":"` + strings.Repeat("x", 64<<10) + `"}`, "TooDeep": strings.Repeat(`{"a":`, 20000), "NumberTooLong": `{"regPayNum":"` + strings.Repeat("1", 65) + `"}`,
	}
	for name, body := range unreadable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, reply, err := parse(body, nil)
			requireError(t, err, providers.OpWebhook, providers.Malformed, "")
			require.Empty(t, events)
			require.Zero(t, reply)
		})
	}
}

func FuzzParseWebhook(f *testing.F) {
	for _, seed := range []string{
		`{"regPayNum":"1310958041","amount":"100000","comission":"1000","state":"payed"}`,
		`{"userToken":"USER_TOKEN","cardMask":"546949******9929","cardToken":"77a3adeb-1f50-400a-88a9-7127dc9ea9f3","cardType":"master_card"}`,
		`{"regPayNum":1,"cardToken":"4111111111111111","a":[{"token":{}}]}`, `{"regPayNum":"\u0000"}`, `{"regPayNum":"1","regPayNum":"2"}`, `[]`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, reply, err := new(Client).ParseWebhook(t.Context(), providers.Notification{Body: body})
		if err != nil {
			require.Equal(t, providers.Malformed, providers.KindOf(err))
			require.Empty(t, events)
			return
		}
		require.Equal(t, http.StatusOK, reply.Status)
		for _, event := range events {
			require.True(t, event.Hint, "nothing unsigned proves anything")
			require.Nil(t, event.Result)
			require.True(t, isID(event.Ref.ProviderRef))
			require.Equal(t, event.Kind, word(event.Kind))
			kept := event.Body
			if kept == nil {
				kept = body
			}
			said, err := readObject(kept)
			require.NoError(t, err)
			require.Empty(t, said.text("cardToken"))
			require.False(t, pay.HoldsCardNumber(said.text("errorMsg")))
		}
	})
}
