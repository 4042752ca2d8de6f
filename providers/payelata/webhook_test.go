package payelata

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers"
)

// sign is what the vendor does, written again.
func sign(key, body string) string {
	sum := sha1.Sum([]byte(key + body + key))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func notification(body string, signatures ...string) providers.Notification {
	header := http.Header{}
	for _, each := range signatures {
		header.Add("X-Signature", each)
	}
	return providers.Notification{Header: header, Body: []byte(body)}
}

func signed(body string) providers.Notification { return notification(body, sign(canarySigner, body)) }

func TestClient_ParseWebhook(t *testing.T) {
	t.Parallel()

	c := newClient(t, "https://payelata.example")
	t.Run("SignedInvoiceIsAProvenReasonToAsk", func(t *testing.T) {
		t.Parallel()
		events, answer, err := c.ParseWebhook(t.Context(), signed(anInvoice(t, paid(), change{"flow_data": nil})))
		require.NoError(t, err)
		require.Equal(t, []providers.Event{{
			Key: invoiceID + "/processed/1585175100", Kind: "processed", Ref: providers.Ref{OrderNumber: order, ProviderRef: invoiceID},
			At: time.Unix(1585175100, 0).UTC(),
		}}, events)
		require.Equal(t, http.StatusOK, answer.Status)
	})
	t.Run("TokensAreNotToBeStored", func(t *testing.T) {
		t.Parallel()
		body := anInvoice(t, paid(), change{"payload": raw(golden(t, "payload.json")), "descriptor": "a<b & 1.10", "exchange_rate": raw("1.10")})
		events, _, err := c.ParseWebhook(t.Context(), signed(body))
		require.NoError(t, err)
		require.Len(t, events, 1)
		kept := string(events[0].Body)
		requireNoSecret(t, kept)
		require.True(t, json.Valid(events[0].Body))
		require.Contains(t, kept, "512381******0000")
		require.Contains(t, kept, `"a<b & 1.10"`)
		require.Contains(t, kept, `"exchange_rate":1.10`)
		again, err := readInvoice([]byte(kept))
		require.NoError(t, err)
		require.Equal(t, order, string(again.ReferenceID))
	})
	t.Run("WithoutUpdatedEachStateHasAKey", func(t *testing.T) {
		t.Parallel()
		keys := map[string]bool{}
		for _, amount := range []any{1, 2, 1} {
			events, _, err := c.ParseWebhook(t.Context(), signed(anInvoice(t, change{"updated": nil, "refunded_amount": amount})))
			require.NoError(t, err)
			keys[events[0].Key] = true
		}
		require.Len(t, keys, 2)
	})

	forged := []struct {
		name string
		of   func(body string) providers.Notification
	}{
		{"NoSignature", func(body string) providers.Notification { return notification(body) }},
		{"EmptySignature", func(body string) providers.Notification { return notification(body, "") }},
		{"TwoSignatures", func(body string) providers.Notification {
			return notification(body, sign(canarySigner, body), sign(canarySigner, body))
		}},
		{"OtherKey", func(body string) providers.Notification { return notification(body, sign(canaryKey, body)) }},
		{"NoKey", func(body string) providers.Notification { return notification(body, sign("", body)) }},
		{"OneByteChanged", func(body string) providers.Notification {
			return notification(strings.Replace(body, `"amount":100`, `"amount":101`, 1), sign(canarySigner, body))
		}},
		{"BlankAdded", func(body string) providers.Notification { return notification(body+"\n", sign(canarySigner, body)) }},
		{"EncodedAnew", func(body string) providers.Notification {
			return notification(strings.ReplaceAll(body, "/", `\/`), sign(canarySigner, body))
		}},
		{"Hex", func(body string) providers.Notification {
			sum := sha1.Sum([]byte(canarySigner + body + canarySigner))
			return notification(body, hex.EncodeToString(sum[:]))
		}},
		{"Base64OfHex", func(body string) providers.Notification {
			sum := sha1.Sum([]byte(canarySigner + body + canarySigner))
			return notification(body, base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:]))))
		}},
		{"HMAC", func(body string) providers.Notification {
			code := hmac.New(sha1.New, []byte(canarySigner))
			code.Write([]byte(body))
			return notification(body, base64.StdEncoding.EncodeToString(code.Sum(nil)))
		}},
		{"SHA256", func(body string) providers.Notification {
			sum := sha256.Sum256([]byte(canarySigner + body + canarySigner))
			return notification(body, base64.StdEncoding.EncodeToString(sum[:]))
		}},
		{"KeyInFrontOnly", func(body string) providers.Notification {
			sum := sha1.Sum([]byte(canarySigner + body))
			return notification(body, base64.StdEncoding.EncodeToString(sum[:]))
		}},
		{"CutShort", func(body string) providers.Notification { return notification(body, sign(canarySigner, body)[:8]) }},
		{"InTheQuery", func(body string) providers.Notification {
			n := notification(body)
			n.Query = map[string][]string{"X-Signature": {sign(canarySigner, body)}}
			return n
		}},
		{"OtherMode", func(body string) providers.Notification {
			return signed(strings.Replace(body, `"test_mode":true`, `"test_mode":false`, 1))
		}},
		{"ModeNotTold", func(body string) providers.Notification {
			return signed(strings.Replace(body, `"test_mode":true`, `"test_mode":null`, 1))
		}},
	}
	for _, tt := range forged {
		t.Run("Forged/"+tt.name, func(t *testing.T) {
			t.Parallel()
			events, answer, err := c.ParseWebhook(t.Context(), tt.of(anInvoice(t, paid())))
			requireError(t, err, providers.OpWebhook, providers.Auth, "")
			require.Empty(t, events)
			require.Zero(t, answer)
		})
	}

	malformed := []struct{ name, body string }{
		{"Empty", ``},
		{"Text", `canary`},
		{"List", `[]`},
		{"NoData", `{}`},
		{"DataIsAList", `{"data":[]}`},
		{"NoID", `{"data":{"type":"payment-invoices","attributes":{"status":"processed","test_mode":true}}}`},
		{"IDLeadsElsewhere", `{"data":{"type":"payment-invoices","id":"cpi_../../x","attributes":{"status":"processed","test_mode":true}}}`},
		{"NoStatus", `{"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"test_mode":true}}}`},
		{"NotUTF8", "{\"data\":{\"type\":\"payment-invoices\",\"id\":\"\xff\"}}"},
		{"TwoDocuments", `{"data":{}}{"data":{}}`},
		{"TooBig", strings.Repeat(" ", maxNotification+1)},
	}
	for _, tt := range malformed {
		t.Run("Malformed/"+tt.name, func(t *testing.T) {
			t.Parallel()
			events, answer, err := c.ParseWebhook(t.Context(), signed(tt.body))
			requireError(t, err, providers.OpWebhook, providers.Malformed, "")
			require.Empty(t, events)
			require.Zero(t, answer)
		})
	}

	nobody := []struct{ name, body string }{
		{"Payout", `{"data":{"type":"payout-invoices","id":"cpo_1","attributes":{"status":"processed"}}}`},
		{"MadeByHandAtTheVendor", anInvoice(t, change{"reference_id": "Заказ 1"})},
		{"WithoutAReference", anInvoice(t, change{"reference_id": nil})},
	}
	for _, tt := range nobody {
		t.Run("AcknowledgedWithoutAnEvent/"+tt.name, func(t *testing.T) {
			t.Parallel()
			events, answer, err := c.ParseWebhook(t.Context(), signed(tt.body))
			require.NoError(t, err)
			require.Empty(t, events)
			require.Equal(t, http.StatusOK, answer.Status)
		})
	}
}

func TestWithoutTokens(t *testing.T) {
	t.Parallel()

	require.Nil(t, withoutTokens([]byte(`{"a":[{"token":null}],"b":"token"}`)))
	require.Nil(t, withoutTokens([]byte(`not json`)))
	require.JSONEq(t, `{"a":[{"ToKen":""}],"token":"","n":12345678901234567890.10}`,
		string(withoutTokens([]byte(`{"a":[{"ToKen":{"x":"y"}}],"token":7,"n":12345678901234567890.10}`))))
}

func FuzzClient_ParseWebhook(f *testing.F) {
	f.Add([]byte(golden(f, "invoice.json")))
	f.Add([]byte(anInvoice(f, paid(), change{"payload": raw(golden(f, "payload.json"))})))
	f.Add([]byte(`{"data":{"type":"payment-invoices","id":"cpi_1","attributes":{"status":"processed","test_mode":1,"reference_id":7,"payload":[],"token":{}}}}`))
	f.Add([]byte(`{"data":{"type":"payout-invoices"}}`))
	f.Add([]byte("\ufeff{\"data\":[]}"))
	c := newClient(f, "https://payelata.example")
	f.Fuzz(func(t *testing.T, body []byte) {
		if events, _, err := c.ParseWebhook(t.Context(), notification(string(body), "PgYZPUFbt1jYaLklK2KBOhoOd3k=")); err == nil || len(events) > 0 {
			t.Fatal("a forged callback is taken")
		}
		events, answer, err := c.ParseWebhook(t.Context(), signed(string(body)))
		if err != nil {
			require.Contains(t, []providers.Kind{providers.Malformed, providers.Auth}, providers.KindOf(err))
			require.Empty(t, events)
			return
		}
		require.Equal(t, http.StatusOK, answer.Status)
		require.LessOrEqual(t, len(events), 1)
		for _, event := range events {
			require.False(t, event.Hint)
			require.Nil(t, event.Result)
			require.True(t, strings.HasPrefix(event.Key, event.Ref.ProviderRef+"/"))
			require.True(t, isName(event.Ref.OrderNumber) && isInvoiceID(event.Ref.ProviderRef))
			require.Nil(t, withoutEmptyTokens(event.Body), "%s", event.Body)
		}
	})
}

// withoutEmptyTokens is nil when every token of a stored body is empty.
func withoutEmptyTokens(body []byte) any {
	var document any
	if len(body) == 0 || json.Unmarshal(body, &document) != nil {
		return nil
	}
	return firstToken(document)
}

func firstToken(value any) any {
	switch value := value.(type) {
	case []any:
		for _, each := range value {
			if found := firstToken(each); found != nil {
				return found
			}
		}
	case map[string]any:
		for name, each := range value {
			if strings.EqualFold(name, "token") && each != "" && each != nil {
				return each
			}
			if found := firstToken(each); found != nil {
				return found
			}
		}
	}
	return nil
}
