package bisyssandbox

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// text is what the pages say in one language. Nothing in the API chooses a
// language, so the payer's browser does: English where it asks for that first,
// else Russian.
type text struct {
	Lang, Sandbox, SandboxSays, Foot                        string
	ToPay, Paid, Held, Check, Supply, Fee, Number, Items    string
	FormTitle, CardTitle, PAN, Exp, ExpHint, Holder, Secret string
	Pay, AddCard, CheckSays, TestCards, TestCardsSay, Use   string
	Date, Behaviour, Busy, WrongPAN, WrongExp               string
	WrongHolder, WrongSecret                                string
	Bank, Confirm, ConfirmSays, Password, PasswordHint      string
	Approve, Refuse, NoPassword, Merchant, Sum, Card        string
	Good, GoodSays, HeldTitle, HeldSays, Added, AddedSays   string
	Bad, Back, BackTitle, MayClose, Waiting, WaitingSays    string
	Given, GivenSays, NotFound, NotFoundSays, ToConfirm     string

	cards, why map[string]string
}

func textFor(r *http.Request) text {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return english()
	}
	return russian()
}

func russian() text {
	return text{ //nolint:gosec // labels of a form and the published test password, no credentials
		Lang: "ru", Sandbox: "Песочница.", SandboxSays: "Деньги не списываются. Только тестовые карты.", Foot: "Симулятор платёжной страницы bisys",
		ToPay: "К оплате", Paid: "Оплачено", Held: "Заморожено", Check: "Проверка карты", Supply: "Сумма", Fee: "Комиссия", Number: "Номер платежа",
		Items:     "Состав заказа",
		FormTitle: "Оплата картой", CardTitle: "Привязка карты", PAN: "Номер карты", Exp: "Срок", ExpHint: "ММ ГГ", Holder: "Имя на карте", Secret: "CVC",
		Pay: "Оплатить", AddCard: "Привязать карту", CheckSays: "Спишем до 5 ₸, чтобы проверить карту, и сразу вернём.",
		TestCards: "Тестовые карты", TestCardsSay: "CVC 123, пароль 3-D Secure 12345678. Другой CVC — отказ банка, RC=05.", Use: "Подставить",
		Date: "Срок", Behaviour: "Что будет", Busy: "Подождите…",
		WrongPAN: "Это не тестовая карта: возьмите номер из списка ниже", WrongExp: "Срок не такой, как в списке тестовых карт",
		WrongHolder: "Имя латиницей, как на карте", WrongSecret: "Три цифры",
		Bank: "Банк песочницы", Confirm: "Подтвердите платёж", ConfirmSays: "Введите пароль 3-D Secure. Для тестовых карт это 12345678.",
		Password: "Пароль", PasswordHint: "8 цифр", Approve: "Подтвердить", Refuse: "Отказаться", NoPassword: "Введите пароль",
		Merchant: "Получатель", Sum: "Сумма", Card: "Карта",
		Good: "Платёж прошёл", GoodSays: "Квитанция сохранена, страницу можно закрыть.", HeldTitle: "Сумма заморожена",
		HeldSays: "Магазин подтвердит платёж или вернёт деньги.", Added: "Карта привязана", AddedSays: "Проверочная сумма возвращена.",
		Bad: "Платёж не прошёл", Back: "Вернуться в магазин", BackTitle: "Браузер сам вернётся в магазин", MayClose: "Эту страницу можно закрыть.",
		Waiting: "Ждём подтверждения", WaitingSays: "Банк просит подтвердить платёж паролем 3-D Secure.", ToConfirm: "Подтвердить",
		Given: "Деньги возвращены", GivenSays: "Вся сумма вернулась на карту.",
		NotFound: "Платёж не найден", NotFoundSays: "Проверьте ссылку или начните оплату заново в магазине.",
		cards: map[string]string{
			"3ds": "Успех с 3-D Secure", "3ds-charge": "Успех с 3-D Secure, и сохранённая просит его", "plain": "Успех без 3-D Secure",
			"3ds-status": "Успех с 3-D Secure, и сохранённая просит его при запросе статуса",
		},
		why: map[string]string{
			"05": "Банк отклонил платёж.", "54": "Срок карты истёк.", "1002": "Пароль 3-D Secure неверный.",
			"1003": "Время на подтверждение в банке вышло.", "1004": "Время на оплату заказа вышло.",
			"1005": "Карте нужен 3-D Secure, а магазин его отключил.", "1006": "Вы отказались от платежа.",
		},
	}
}

func english() text {
	return text{
		Lang: "en", Sandbox: "Sandbox.", SandboxSays: "No money is taken. Test cards only.", Foot: "A simulator of the bisys payment page",
		ToPay: "To pay", Paid: "Paid", Held: "On hold", Check: "Card check", Supply: "Amount", Fee: "Fee", Number: "Payment", Items: "In this order",
		FormTitle: "Pay by card", CardTitle: "Save a card", PAN: "Card number", Exp: "Expiry", ExpHint: "MM YY", Holder: "Name on card", Secret: "CVC",
		Pay: "Pay", AddCard: "Save card", CheckSays: "Up to 5 ₸ is taken to check the card, and given back at once.",
		TestCards: "Test cards", TestCardsSay: "CVC 123, 3-D Secure password 12345678. With another CVC the bank refuses, RC=05.", Use: "Use",
		Date: "Expiry", Behaviour: "What happens", Busy: "One moment…",
		WrongPAN: "Not a test card: take a number from the list below", WrongExp: "Not the date in the list of test cards",
		WrongHolder: "The name in Latin letters, as on the card", WrongSecret: "Three digits",
		Bank: "Sandbox Bank", Confirm: "Confirm the payment", ConfirmSays: "Enter your 3-D Secure password. The test cards' is 12345678.",
		Password: "Password", PasswordHint: "8 digits", Approve: "Confirm", Refuse: "Refuse", NoPassword: "Enter the password",
		Merchant: "Paid to", Sum: "Amount", Card: "Card",
		Good: "Payment received", GoodSays: "Your receipt is kept; you can close this page.", HeldTitle: "Amount on hold",
		HeldSays: "The shop will confirm the payment or let the money go.", Added: "Card saved", AddedSays: "The check was given back.",
		Bad: "Payment failed", Back: "Back to the shop", BackTitle: "Your browser goes back to the shop by itself", MayClose: "You can close this page.",
		Waiting: "Waiting for you", WaitingSays: "Your bank asks you to confirm the payment by 3-D Secure.", ToConfirm: "Confirm",
		Given: "Money returned", GivenSays: "All of it went back to the card.",
		NotFound: "No such payment", NotFoundSays: "Check the link, or start again at the shop.",
		cards: map[string]string{
			"3ds": "Success with 3-D Secure", "3ds-charge": "Success with 3-D Secure, which it asks for when saved too",
			"plain": "Success without 3-D Secure", "3ds-status": "Success with 3-D Secure; when saved, the status asks for it",
		},
		why: map[string]string{
			"05": "The bank refused the payment.", "54": "The card has expired.", "1002": "The 3-D Secure password was wrong.",
			"1003": "The time to confirm at the bank is over.", "1004": "The time to pay this order is over.",
			"1005": "The card needs 3-D Secure and the shop has switched it off.", "1006": "You refused the payment.",
		},
	}
}

// wrong says what to do about a field of the form.
func (t text) wrong(field string) string {
	return map[string]string{"pan": t.WrongPAN, "exp": t.WrongExp, "holder": t.WrongHolder, "secret": t.WrongSecret}[field]
}

// failed says why a payment failed; a code that was given by /_control/cards is
// the bank's.
func (t text) failed(code string) string {
	if s, ok := t.why[code]; ok {
		return s
	}
	return t.why["05"] + " (" + code + ")"
}

// tenge writes minor units with the language's separators.
func (t text) tenge(minor int64) string {
	group, point := "\u00a0", ","
	if t.Lang == "en" {
		group, point = ",", "."
	}
	return sandbox.InThousands(strconv.FormatInt(minor/100, 10), group) + point + strconv.FormatInt(100+minor%100, 10)[1:] + "\u00a0₸"
}
