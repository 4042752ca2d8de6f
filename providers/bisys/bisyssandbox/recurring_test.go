package bisyssandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	asksAtOnce   = "5479270000000000"
	asksAtStatus = "2201382000000062"
)

func TestUsers(t *testing.T) {
	t.Parallel()

	t.Run("Case13_SameLoginIsTheSameUser", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		in := body{"login": "79020000000", "email": "ana@mi.ru", "name": "Ана", "surName": "Иванова", "middleName": "П"}
		first := b.must("/user/registration", in)
		require.NotEmpty(t, first["userToken"])
		require.Equal(t, with(in, "state", "active", "userToken", first["userToken"]), first)
		again := b.must("/user/registration", body{"login": "79020000000", "name": "Анна"})
		require.Equal(t, with(first, "name", "Анна"), again)
		require.Equal(t, again, b.must("/user/status", body{"login": "79020000000"}))
	})

	t.Run("Case13_UnknownLogin", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		out := b.refused("/user/status", body{"login": "79150000000"}, 9001)
		require.True(t, strings.HasPrefix(fmt.Sprint(out["message"]), "UserNotRegisteredForShop"))
	})

	t.Run("RefusesBadLogins", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.refused("/user/registration", body{"login": "+79020000000"}, 9005)
		b.refused("/user/registration", body{}, 9005)
		b.refused("/user/registration", body{"login": "79020000000", "email": "no"}, 9005)
	})
}

func TestCards(t *testing.T) {
	t.Parallel()

	t.Run("Case14_CheckIsTakenAndReturned", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		b.listen()
		user := b.user("79020000000")
		require.Empty(t, b.cards(user))
		out := b.must("/card/registration", body{"userToken": user, "clientType": "web"})
		require.Equal(t, []any{"GET", user}, []any{out["methodType"], out["userToken"]})
		o := b.opened(out)
		a := b.submit(o, "operation", "checkpay")
		require.Empty(t, b.cards(user), "not before the payment is confirmed")
		b.Post(a.Header.Get("Location"), "password", "12345678")

		cards := b.cards(user)
		require.Len(t, cards, 1)
		require.Equal(t, body{"cardMask": "411111******1111", "cardToken": cards[0]["cardToken"], "cardType": "visa", "state": "active"}, cards[0])
		require.Equal(t, map[string]string{
			"userToken": user, "cardToken": fmt.Sprint(cards[0]["cardToken"]), "cardMask": "411111******1111", "cardType": "visa",
		}, b.next().body)
		e := b.entry(o.num)
		require.Equal(t, "verification", e.Kind)
		require.LessOrEqual(t, e.CapturedMinor, int64(500))
		require.Positive(t, e.CapturedMinor)
		require.Equal(t, e.CapturedMinor, e.RefundedMinor)
		require.Equal(t, "payed", b.state(o.num))
		b.clock.Advance(2 * time.Second)
		require.Equal(t, "refunded", b.state(o.num), "its word follows later")
	})

	t.Run("RefusedCheckSavesNothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		out := b.must("/card/registration", body{"userToken": user})
		b.submit(b.opened(out), "operation", "checkpay", "secret", "999")
		require.Equal(t, "rejected", b.state(b.opened(out).num))
		require.Empty(t, b.cards(user))
		require.Empty(t, b.Book())
	})

	t.Run("SameCardAgainKeepsItsToken", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		token := b.card(user, good)
		b.must("/card/deactivation", body{"userToken": user, "cardToken": token})
		require.Equal(t, token, b.card(user, good))
		require.Equal(t, "active", b.cards(user)[0]["state"])
	})

	t.Run("TypesOfCards", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		for _, pan := range []string{asksAtOnce, good, "6011000000000004", "2201382000000013"} {
			b.card(user, pan)
		}
		var types []any
		for _, c := range b.cards(user) {
			types = append(types, c["cardType"])
		}
		require.Equal(t, []any{"master_card", "visa", "maestro", "mir"}, types)
	})

	t.Run("FormOfARegistrationPaysNothingElse", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		o := b.opened(b.must("/card/registration", body{"userToken": b.user("79020000000")}))
		require.Equal(t, http.StatusNotFound, b.submit(o, "operation", "pay").Status)
		require.Equal(t, http.StatusNotFound, b.submit(b.anonymous(), "operation", "checkpay").Status)
	})

	t.Run("UnknownUser", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		for _, path := range []string{"/card/registration", "/ver3/get/cards"} {
			b.refused(path, body{"userToken": "nobody"}, 9001)
			b.refused(path, body{}, 9005)
		}
		b.refused("/card/deactivation", body{"userToken": "nobody", "cardToken": "x"}, 9001)
	})
}

func TestRecurrent(t *testing.T) {
	t.Parallel()

	t.Run("Case15_SavedCardPaysWithoutThePayer", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		card := b.card(user, good)
		b.listen()
		out := b.must(recurrentPath, b.recurring(user, card))
		require.Len(t, out, 4)
		require.Regexp(t, `/bisys/cardpay/receipt\?order=`, out["payUrl"])
		o := b.opened(out)
		require.Equal(t, "payed", b.state(o.num))
		require.InDelta(t, 23300, b.status(o.num)["totalAmount"], 0)
		require.Equal(t, "10000", b.next().body["amount"])
		page := b.Get("/bisys/cardpay/receipt?order=" + o.id)
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Body, `data-state="payed"`)
	})

	for name, sms := range map[string]any{"Absent": nil, "Text": "true", "Flag": true} {
		t.Run("Case16_3DSCardNeedsThePayer_"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, options{})
			user := b.user("79020000000")
			out := b.refused(recurrentPath, b.recurring(user, b.card(user, asksAtOnce), "enableSMSConfirm", sms), 2365)
			require.True(t, strings.HasPrefix(fmt.Sprint(out["message"]), "NeedPass3dsException"))
			num, page := fmt.Sprint(out["regPayNum"]), strings.TrimPrefix(fmt.Sprint(out["securePageURL"]), b.URL)
			again := b.refused(statusPath, body{"regPayNum": num}, 2365)
			require.Equal(t, out, again)
			require.Equal(t, http.StatusOK, b.Get(page).Status)
			b.Post(page, "password", "12345678")
			require.Equal(t, "payed", b.state(num))
			require.Equal(t, 1, b.entry(num).Captures)
		})
	}

	t.Run("Case16_3DSAtTheStatusOnly", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		o := b.opened(b.must(recurrentPath, b.recurring(user, b.card(user, asksAtStatus))))
		require.Contains(t, o.url, "/receipt")
		out := b.refused(statusPath, body{"regPayNum": o.num}, 2365)
		require.Contains(t, b.Get("/bisys/cardpay/receipt?order="+o.id).Body, "to-secure")
		require.Equal(t, "payed", b.Pay(fmt.Sprint(out["securePageURL"]), "", "").State)
		require.Equal(t, "payed", b.state(o.num))
	})

	t.Run("3DSSwitchedOffRejects", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		o := b.opened(b.must(recurrentPath, b.recurring(user, b.card(user, asksAtOnce), "enableSMSConfirm", "false")))
		require.Equal(t, "1005", b.status(o.num)["errorCode"])
	})

	t.Run("3DSAbandonedLapses", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		out := b.refused(recurrentPath, b.recurring(user, b.card(user, asksAtOnce)), 2365)
		require.Equal(t, "created", b.Pay(fmt.Sprint(out["securePageURL"]), "", "abandon").State)
		b.clock.Advance(15 * time.Minute)
		require.Equal(t, "rejected", b.state(fmt.Sprint(out["regPayNum"])))
	})

	t.Run("Case17_InactiveCardDoesNotPay", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		card := b.card(user, good)
		for range 2 {
			out := b.must("/card/deactivation", body{"userToken": user, "cardToken": card})
			require.Equal(t, []any{"success", user}, []any{out["resultState"], out["userToken"]})
			require.NotEmpty(t, out["desc"])
		}
		require.Equal(t, "inactive", b.cards(user)[0]["state"])
		b.refused(recurrentPath, b.recurring(user, card), 9002)
		require.Len(t, b.Book(), 1, "the check only")
	})

	t.Run("Case18_AnotherUsersCardIsNotFound", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		card := b.card(b.user("79020000000"), good)
		other := b.user("79020000001")
		theirs := b.refused(recurrentPath, b.recurring(other, card), 9002)
		require.Equal(t, theirs, b.refused(recurrentPath, b.recurring(other, "nothing"), 9002), "as if it did not exist")
		b.refused("/card/deactivation", body{"userToken": other, "cardToken": card}, 9002)
	})

	t.Run("WithoutACardThePayerGetsAForm", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		o := b.opened(b.must(recurrentPath, b.recurring(user, "")))
		require.Contains(t, o.url, "/cardpay/card?")
		require.Equal(t, "payed", b.Pay(o.url, "", "").State)
		require.Empty(t, b.cards(user))
		kept := b.opened(b.must(recurrentPath, b.recurring(user, "", "needRegCard", true)))
		b.Pay(kept.url, "", "")
		require.Len(t, b.cards(user), 1, "needRegCard saves the card that paid")
	})

	t.Run("ReadsWhatItIsTold", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		card := b.card(user, good)
		sample, err := os.ReadFile("testdata/client_info.txt")
		require.NoError(t, err)
		info := body{"ipAddress": "10.0.0.1", "agentName": "Mozilla/5.0", "authenticationInfo": strings.TrimSpace(string(sample))}
		b.must(recurrentPath, b.recurring(user, card, "clientAuInfo", info))
		bad := b.refused(recurrentPath, b.recurring(user, card, "clientAuInfo", with(info, "authenticationInfo", "{}")), 9005)
		require.Equal(t, "ValidationException: clientAuInfo.authenticationInfo", bad["message"])
		b.refused(recurrentPath, b.recurring(user, card, "clientAuInfo", "x"), 9005)
		b.refused(recurrentPath, b.recurring(user, card, "enableSMSConfirm", "yes"), 9005)
		b.refused(recurrentPath, b.recurring("", card), 9005)
		b.refused(recurrentPath, b.recurring("nobody", card), 9001)
	})

	t.Run("FaultsTellAChargeFromAForm", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		card := b.card(user, good)
		b.Control("faults", `{"provider":"bisys","op":"charge","fault":"http_500"}`)
		b.must(recurrentPath, b.recurring(user, ""))
		text, err := json.Marshal(b.recurring(user, card))
		require.NoError(t, err)
		require.Equal(t, http.StatusInternalServerError, b.Ask("POST", "/bisys"+recurrentPath, string(text),
			"Authorization", "Basic c2FuZGJveC1zaG9wOnNhbmRib3gta2V5", "Content-Type", "application/json").Status)
	})

	t.Run("WhatABankDoesToACard", func(t *testing.T) {
		t.Parallel()
		b := setup(t, options{})
		user := b.user("79020000000")
		card := b.card(user, good)
		var o order
		charge := func() any {
			b.Helper()
			o = b.opened(b.must(recurrentPath, b.recurring(user, card)))
			return b.status(o.num)["errorCode"]
		}
		change := func(action string) {
			b.Helper()
			a := b.Control("cards", fmt.Sprintf(`{"provider":"bisys","customer":"79020000000","card":"4111111111111111",%s}`, action))
			require.Equal(t, http.StatusOK, a.Status, a.Body)
		}
		change(`"action":"refuse","code":"51"`)
		require.Equal(t, "51", charge())
		require.Contains(t, b.asked("/bisys/cardpay/receipt?order="+o.id).Body, "The bank refused the payment. (51)")
		change(`"action":"accept"`)
		require.Nil(t, charge())
		change(`"action":"expire"`)
		require.Equal(t, "54", charge())
		change(`"action":"deactivate"`)
		b.refused(recurrentPath, b.recurring(user, card), 9002)
		change(`"action":"activate"`)
		var kept []struct{ ID, Status, Name, Expiry string }
		require.NoError(t, json.Unmarshal([]byte(b.Get("/_control/cards?provider=bisys&customer="+user).Body), &kept))
		require.Equal(t, "411111******1111 active 12/24", kept[0].Name+" "+kept[0].Status+" "+kept[0].Expiry)
		change(`"action":"remove"`)
		require.Empty(t, b.cards(user))
		require.Equal(t, http.StatusNotFound, b.Control("cards", `{"provider":"bisys","card":"x","action":"remove"}`).Status)
	})
}
