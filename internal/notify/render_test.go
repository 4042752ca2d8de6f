package notify_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/notify"
	"github.com/paygraph/paygraph/internal/notify/mailsink"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples lists mails of each kind, with everything in them and with the least.
func samples() []notify.Mail {
	at := storetest.Epoch()
	later := at.AddDate(0, 0, 7)
	next := at.AddDate(0, 1, 0)
	bill, _ := pay.ParseBillID("bill_01kjpkcd00e008000000000000")
	const mask = "411111******1111"
	return []notify.Mail{
		{Kind: notify.KindReceipt, Data: notify.Receipt{
			Bill: bill, Reference: "A-17", Total: pay.Of(123450, pay.RUB), PaidAt: at,
			Lines: []notify.Line{
				{Title: "Книга «Война & мир»", Quantity: 2, Amount: pay.Of(120000, pay.RUB)},
				{Title: "Delivery", Quantity: 1, Amount: pay.Of(3450, pay.RUB)},
			},
		}},
		{Kind: notify.KindReceipt, Data: notify.Receipt{Bill: bill, Total: pay.Of(500, pay.KZT), PaidAt: at}},
		{Kind: notify.KindGiftForRecipient, Secret: "K7QM-2XWD-9HTA-PR4C", Data: notify.GiftForRecipient{
			Product: "News for a year", From: "Айгүл", Message: "Happy birthday!\n\nRead <well>.", Occasion: "birthday",
			RedeemURL: "https://shop.example/redeem", ExpiresAt: &next,
		}},
		{Kind: notify.KindGiftForRecipient, Secret: "K7QM-2XWD-9HTA-PR4C", Data: notify.GiftForRecipient{Product: "News for a year"}},
		{Kind: notify.KindGiftForBuyer, Secret: "K7QM-2XWD-9HTA-PR4C", Data: notify.GiftForBuyer{
			Product: "News for a year", Recipient: "friend@example.org", DeliverAt: &later, RedeemURL: "/redeem", ExpiresAt: &next,
		}},
		{Kind: notify.KindGiftForBuyer, Secret: "K7QM-2XWD-9HTA-PR4C", Data: notify.GiftForBuyer{Product: "News for a year", Recipient: "friend@example.org"}},
		{Kind: notify.KindRenewalComing, Data: notify.RenewalComing{
			Product: "News", Amount: pay.Of(49900, pay.RUB), At: later, Card: mask, ManageURL: "https://shop.example/me",
		}},
		{Kind: notify.KindRenewalComing, Data: notify.RenewalComing{Product: "News", Amount: pay.Of(999, pay.USD), At: later, IsTrial: true, PayURL: "/pay/1"}},
		{Kind: notify.KindRenewalFailed, Data: notify.RenewalFailed{
			Product: "News", Amount: pay.Of(49900, pay.RUB), Card: mask, PayURL: "https://pay.example.com/return/1", NextTryAt: &later, AccessUntil: &next,
		}},
		{Kind: notify.KindRenewalFailed, Data: notify.RenewalFailed{
			Product: "News", Amount: pay.Of(1234567, "UAH"), Card: mask, PayURL: "/pay/1", NeedsNewCard: true, AccessUntil: &next,
		}},
		{Kind: notify.KindRenewalFailed, Data: notify.RenewalFailed{Product: "News", Amount: pay.Of(700, "CHF"), PayURL: "/pay/1", NeedsPayer: true}},
		{Kind: notify.KindCardExpiring, Data: notify.CardExpiring{
			Card: mask, Product: "News", Month: time.March, Year: 2026, RenewsAt: &next, UpdateURL: "https://shop.example/me/cards",
		}},
		{Kind: notify.KindCardExpiring, Data: notify.CardExpiring{Card: mask, Product: "News", IsGone: true}},
		{Kind: notify.KindSubscriptionEnded, Data: notify.SubscriptionEnded{
			Product: "News", EndedAt: at, IsUnpaid: true, RenewURL: "https://shop.example/news",
		}},
		{Kind: notify.KindSubscriptionEnded, Data: notify.SubscriptionEnded{Product: "News", EndedAt: at, AccessUntil: &next}},
	}
}

// Every mail in every language reads as it did when a person last looked at it.
func TestTemplates(t *testing.T) {
	t.Parallel()

	b := setup(t, storetest.SQLite(t), nil)
	for _, locale := range notify.Locales() {
		for n, m := range samples() {
			m.Merchant, m.Key, m.To, m.Locale = b.merchant, fmt.Sprint(locale, n), payer, locale
			b.queue(t, m)
		}
	}
	require.Equal(t, len(samples())*len(notify.Locales()), b.runDue(t))
	require.Empty(t, b.problems(t))
	got := b.sink.Messages()
	for at, locale := range notify.Locales() {
		mails := got[at*len(samples()) : (at+1)*len(samples())]
		var all strings.Builder
		for n, m := range mails {
			fmt.Fprintf(&all, "=== %s\nSubject: %s\n\n%s\n", samples()[n].Kind, m.Subject, m.Text)
			inspect(t, locale, m)
		}
		golden(t, locale+".txt", all.String())
	}
	// The page is the same in every language but for its words: one of each kind.
	golden(t, "receipt.html", got[0].HTML)
	golden(t, "gift-for-recipient.html", got[1*len(samples())+2].HTML)
	golden(t, "gift-for-buyer.html", got[2*len(samples())+4].HTML)
	golden(t, "renewal-coming.html", got[3*len(samples())+6].HTML)
	golden(t, "renewal-failed.html", got[1*len(samples())+8].HTML)
	golden(t, "card-expiring.html", got[2*len(samples())+11].HTML)
	golden(t, "subscription-ended.html", got[3*len(samples())+13].HTML)
}

// inspect demands what is true of every mail.
func inspect(t *testing.T, locale string, m mailsink.Message) {
	t.Helper()
	require.NotEmpty(t, m.Subject)
	require.Contains(t, m.HTML, `<html lang="`+locale+`">`)
	require.Contains(t, m.HTML, "</html>")
	for _, part := range []string{m.Subject, m.Text, m.HTML} {
		for _, wrong := range []string{"{{", "}}", "<no value>", "ZgotmplZ", "%!", "0001", "..", " .", " ,", "  ,"} {
			require.NotContains(t, part, wrong)
		}
	}
	require.NotContains(t, m.Text, "<p")
	require.NotContains(t, m.HTML, "<well>", "what people wrote is escaped")
	require.NotRegexp(t, `<(p|h1|th|td|blockquote)( class="[a-z]+")?>`, m.HTML, "every tag has its own style")
	require.NotRegexp(t, `(?i)<(img|script|link|style)|url\(`, m.HTML, "nothing is loaded")
	for _, sentence := range strings.FieldsFunc(m.Text, func(r rune) bool { return r == '\n' }) {
		require.Equal(t, strings.TrimRightFunc(sentence, unicode.IsSpace), sentence)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "if it is right, go test ./internal/notify -run TestTemplates -update")
}
