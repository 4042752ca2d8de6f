package ktpaysandbox_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
)

// schedule is when a notification that nobody acknowledges is sent.
func schedule() []time.Duration {
	all := []time.Duration{}
	for _, s := range []int{0, 15, 75, 255, 855, 2655, 6255} {
		all = append(all, time.Duration(s)*time.Second)
	}
	return all
}

func TestNotice(t *testing.T) {
	t.Parallel()

	t.Run("Case10_NothingIsToldBeforeTheEnd", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			require.NoError(t, b.Server.SetNotifyURL("ktpay", appID, "http://shop.example/default"))
			hash := b.open(toService("o1", 2, "1"))
			b.quiet(time.Hour) // pending
			b.pay(hash, cardGood, "abandon")
			b.quiet(time.Hour) // at 3-D Secure
			b.pay(hash, cardGood, "approve")
			b.quiet(89 * time.Second) // authorized
			require.Equal(t, "completed", b.next().status()["status"])
			b.quiet(time.Hour) // and success never
		})
	})

	takes := map[string]reply{
		"Plainly":       acknowledged(),
		"WithCharset":   says(200, "application/json; charset=utf-8", `{"status":"ok"}`),
		"With201":       says(201, "application/json", ` {"status": "ok"}`+"\n"),
		"WithMoreInIt":  says(202, "application/json", `{"status":"ok","id":1}`),
		"SpelledByUTF8": says(200, "application/json", `{"status":"\u006fk"}`),
	}
	for name, a := range takes {
		t.Run("Case11_AcknowledgedOnce"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, options{answers: func(int) reply { return a }})
				defer b.Close()
				b.pay(b.open(ecom("o1", told)), "", "approve")
				b.next()
				b.quiet(24 * time.Hour)
			})
		})
	}

	refuses := map[string]reply{
		"TextOK":          says(200, "application/json", "OK"),
		"CapitalOK":       says(200, "application/json", `{"status":"OK"}`),
		"StatusError":     says(200, "application/json", `{"status":"error"}`),
		"Empty":           says(200, "application/json", ""),
		"HTML":            says(200, "text/html", "<html>ok</html>"),
		"OtherMember":     says(200, "application/json", `{"Status":"ok"}`),
		"StatusTrue":      says(200, "application/json", `{"status":true}`),
		"Array":           says(200, "application/json", `[{"status":"ok"}]`),
		"Text":            says(200, "application/json", `"ok"`),
		"NoContentType":   says(200, "", `{"status":"ok"}`),
		"TextContentType": says(200, "text/plain", `{"status":"ok"}`),
		"Status500":       says(500, "application/json", `{"status":"ok"}`),
		"Redirect":        says(302, "application/json", `{"status":"ok"}`),
	}
	for name, a := range refuses {
		t.Run("Case12_SentAgainAfter"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, options{answers: func(int) reply { return a }})
				defer b.Close()
				b.pay(b.open(ecom("o1", told)), "", "approve")
				first := b.next()
				second := b.next()
				require.Equal(t, 15*time.Second, second.At.Sub(first.At))
				require.Equal(t, first.Body, second.Body)
			})
		})
	}

	t.Run("Case13_SevenAttemptsAndNoMore", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{answers: func(int) reply { return reply{Status: 500} }})
			defer b.Close()
			began := time.Now()
			b.pay(b.open(ecom("o1", told)), "", "approve")
			for _, want := range schedule() {
				require.Equal(t, want, b.next().At.Sub(began))
			}
			b.quiet(30 * 24 * time.Hour)
		})
	})

	t.Run("Case13_RestartLosesAndRepeatsNoAttempt", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state")
			answers := func(int) reply { return reply{Status: 500} }
			b := inBubble(t, options{stateFile: file, answers: answers})
			began := time.Now()
			b.pay(b.open(ecom("o1", told)), "", "approve")
			for _, want := range schedule() {
				require.Equal(t, want, b.next().At.Sub(began))
				synctest.Wait() // the attempt is kept
				b.Close()
				b = inBubble(t, options{stateFile: file, shop: b.shop})
			}
			b.quiet(30 * 24 * time.Hour)
			b.Close()
		})
	})

	t.Run("Case14_AcknowledgedOnTheFourthAttemptStops", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			answers := map[int]reply{1: {Status: 500}, 2: says(200, "application/json", "{}"), 3: says(200, "text/html", "ok"), 4: acknowledged()}
			b := inBubble(t, options{answers: func(n int) reply { return answers[n] }})
			defer b.Close()
			began := time.Now()
			b.pay(b.open(ecom("o1", told)), "", "approve")
			for _, want := range schedule()[:4] {
				require.Equal(t, want, b.next().At.Sub(began))
			}
			b.quiet(30 * 24 * time.Hour)
		})
	})
}

func TestNotice_Address(t *testing.T) {
	t.Parallel()
	const setting, own = "http://shop.example/setting", "http://shop.example/hook/o1"

	tests := []struct{ name, setting, order, want string }{
		{"Case15_OrdersAddressBeatsTheSetting", setting, told, own},
		{"Case15_SettingServesOrdersWithout", setting, "", setting},
		{"Case15_OrdersAddressNeedsNoSetting", "", told, own},
		{"Case15_EmptyAddressIsNone", setting, `,"callback_post_url":""`, setting},
		{"AddressWithoutSchemeIsHTTPS", "", `,"callback_post_url":"shop.example/x"`, "https://shop.example/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				account := ktpaysandbox.DefaultAccounts()[0]
				account.Callbacks.Post = tt.setting
				b := inBubble(t, options{ktpay: ktpaysandbox.Options{Accounts: []ktpaysandbox.Account{account}}})
				defer b.Close()
				b.pay(b.open(ecom("o1", tt.order)), "", "approve")
				require.Equal(t, tt.want, b.next().URL)
			})
		})
	}

	t.Run("Case15_NoAddressNoNotification", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, options{})
			defer b.Close()
			b.pay(b.open(ecom("o1")), "", "approve")
			b.quiet(24 * time.Hour)
		})
	})
}
