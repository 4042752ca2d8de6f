package payturesandbox

import (
	"fmt"
	"strconv"

	"github.com/paygraph/paygraph/providers/sandbox"
)

// text is what the pages say in one language.
type text struct {
	Sandbox, SandboxSays, Foot                                                    string
	ToPay, Product, Description, Order, HoldNote                                  string
	CardTitle, CardNumber, Expiry, ExpiryHint, CVC, Holder, HolderHint            string
	Pay, Busy, TriesLeft, Cancel, Declined, Unfinished, Continue                  string
	NumberShort, NumberUnknown, ExpiryWrong, CVCWrong, HolderWrong                string
	TestCards, TestCardsSay, Behaviour, Use                                       string
	Paid, HeldDue, Done, DoneSays, Held, HeldSays, Failed, Return, Back, MayClose string
	Bank, Confirm, ConfirmSays, Merchant, Sum, Card, Date, Approve, Refuse        string
	NotFound, NotFoundSays, Stale, StaleSays, ToPayment                           string
	AddTitle, AddDue, AddNote, Add, Added, AddedSays, AddedDue, NotAdded          string
	SaveNote, SavedTitle, OtherCard, BackToShop, ConfirmCard, ConfirmCardSays     string

	codes map[Code]string // why a card was refused
	other string          // any code without a sentence of its own
	cards map[string]string
}

func texts(language string) text {
	if language == "EN" {
		return english()
	}
	return russian()
}

func english() text {
	return text{
		Sandbox: "Sandbox.", SandboxSays: "No real money moves here. Use a test card, never your own.",
		Foot:  "A simulated payment page for development and tests",
		ToPay: "To pay", Product: "For", Description: "Details", Order: "Order",
		HoldNote:  "The amount is only held on the card now. It is charged when the shop confirms the order.",
		CardTitle: "Pay by card", CardNumber: "Card number", Expiry: "Expiry date", ExpiryHint: "MM/YY", CVC: "CVC / CVV",
		Holder: "Cardholder", HolderHint: "As on the card", Pay: "Pay", Busy: "One moment…",
		TriesLeft: "Attempts left:", Cancel: "Cancel and return to the shop", Declined: "The payment did not go through.",
		Unfinished: "Your bank is still waiting for your confirmation.", Continue: "Go on",
		NumberShort: "Enter the whole card number", NumberUnknown: "Only the test cards listed below work here",
		ExpiryWrong: "Check the date, MM/YY", CVCWrong: "3 digits on the back", HolderWrong: "At least 3 Latin letters",
		TestCards: "Test cards", TestCardsSay: "These numbers belong to nobody. Each behaves as described.",
		Behaviour: "What happens", Use: "Use",
		Done: "Payment received", DoneSays: "Thank you! The money is on its way to the shop.", Paid: "Paid", HeldDue: "Held",
		Held: "Amount held", HeldSays: "Thank you. The card is charged when the shop confirms.",
		Failed: "Payment not completed", Return: "Return to the shop", Back: "You will be taken back in %d s",
		MayClose: "You can close this page.",
		Bank:     "Sandbox Bank", Confirm: "Confirm the payment", ConfirmSays: "Your bank asks whether it is really you who is paying.",
		Merchant: "Shop", Sum: "Amount", Card: "Card", Date: "Date", Approve: "Confirm", Refuse: "Cancel",
		NotFound: "No such payment", NotFoundSays: "The link is not complete, or the payment does not exist. Go back to the shop and start again.",
		Stale: "This confirmation is out of date", StaleSays: "The payment went on with another card, or the time to confirm ran out.",
		ToPayment: "Back to the payment",
		AddTitle:  "Save a card", AddDue: "To check the card",
		AddNote: "This amount is taken to check the card and goes back to it at once. Later payments will not ask for the card again.",
		Add:     "Save the card", Added: "Card saved", AddedSays: "Thank you! The amount is on its way back to the card.", AddedDue: "Taken and returned",
		NotAdded: "The card was not saved", SaveNote: "The card will be saved for later payments.",
		SavedTitle: "Your saved card", OtherCard: "Pay by another card", BackToShop: "Your bank has answered",
		ConfirmCard: "Confirm the card", ConfirmCardSays: "Your bank asks whether it is really you who is saving it.",
		codes: map[Code]string{
			CodeProcessingError:   "The bank could not process the request. Try again or use another card.",
			CodeAmountExceed:      "Not enough money on the card. Try another card.",
			CodeIssuerBlockedCard: "The card is blocked by its bank. Use another card.",
			CodeIssuerCardFail:    "The card's bank refused. Try another card.",
			CodeWrongCVV:          "The CVC is not right. Check it and try again.",
			CodeWrongExpireDate:   "The card has expired. Use another card.",
			CodeCanceledByClient:  "You cancelled on the bank's page.",
			CodeThreeDSFail:       "The bank could not confirm that it is you. Try another card.",
			CodeThreeDSTimeOut:    "The time to confirm on the bank's page ran out.",
			CodeOrderTimeOut:      "The time is over. Start again in the shop.",
			CodeDuplicateCard:     "This card is saved already. Use another one.",
			CodeCustomerNotFound:  "The shop has closed this account. Go back to the shop.",
			CodeLimitExchaust:     "All attempts are used up. Start again in the shop.",
		},
		other: "Try another card.",
		cards: map[string]string{
			"ok": "Success, no 3-D Secure; CVC may be left empty", "ok-cvc": "Success, no 3-D Secure; CVC required",
			"3ds": "3-D Secure, then success", "3ds-fail": "3-D Secure, then refused",
			"funds": "Not enough money", "funds-100": "Not enough money above 100 roubles", "expiry": "Expired card",
			"blocked": "Card blocked by its bank", "issuer": "Refused by its bank", "processing": "Processing error",
			"charge-fail": "Success; a later Charge fails", "unblock-fail": "Success; a later Unblock fails", "refund-fail": "Success; a later Refund fails",
			"slow-block": "Success after 40 seconds", "slow-charge": "Success; a later Charge takes 40 seconds",
			"cvc-later": "Saved; later charges without its CVC are refused", "3ds-later": "3-D Secure, saved; later charges without it are refused",
			"blocked-later": "Saved; then blocked by its bank", "issuer-later": "Saved; later charges are refused by its bank",
			"processing-later": "Saved; later charges end in a processing error",
			"slow-unblock":     "Success; a later Unblock takes 40 seconds", "slow-refund": "Success; a later Refund takes 40 seconds",
		},
	}
}

func russian() text {
	return text{
		Sandbox: "Песочница.", SandboxSays: "Деньги не списываются. Используйте тестовую карту, а не свою.",
		Foot:  "Имитация платёжной страницы для разработки и тестов",
		ToPay: "К оплате", Product: "Покупка", Description: "Подробности", Order: "Заказ",
		HoldNote:  "Сейчас сумма будет только заблокирована на карте и спишется, когда магазин подтвердит заказ.",
		CardTitle: "Оплата картой", CardNumber: "Номер карты", Expiry: "Срок действия", ExpiryHint: "ММ/ГГ", CVC: "CVC / CVV",
		Holder: "Владелец карты", HolderHint: "Как на карте, латиницей", Pay: "Оплатить", Busy: "Подождите…",
		TriesLeft: "Осталось попыток:", Cancel: "Отменить и вернуться в магазин", Declined: "Платёж не прошёл.",
		Unfinished: "Банк всё ещё ждёт вашего подтверждения.", Continue: "Продолжить",
		NumberShort: "Введите номер карты целиком", NumberUnknown: "Здесь работают только тестовые карты из списка ниже",
		ExpiryWrong: "Проверьте срок: ММ/ГГ", CVCWrong: "3 цифры на обороте", HolderWrong: "Не меньше трёх латинских букв",
		TestCards: "Тестовые карты", TestCardsSay: "Эти номера никому не принадлежат. Каждая карта ведёт себя, как описано.",
		Behaviour: "Что произойдёт", Use: "Взять",
		Done: "Оплата прошла", DoneSays: "Спасибо! Деньги отправлены магазину.", Paid: "Оплачено", HeldDue: "Заблокировано",
		Held: "Сумма заблокирована", HeldSays: "Спасибо! Деньги спишутся, когда магазин подтвердит заказ.",
		Failed: "Оплата не завершена", Return: "Вернуться в магазин", Back: "Вы вернётесь в магазин через %d с",
		MayClose: "Эту страницу можно закрыть.",
		Bank:     "Банк «Песочница»", Confirm: "Подтвердите платёж", ConfirmSays: "Банк хочет убедиться, что платите именно вы.",
		Merchant: "Магазин", Sum: "Сумма", Card: "Карта", Date: "Дата", Approve: "Подтвердить", Refuse: "Отменить",
		NotFound: "Такого платежа нет", NotFoundSays: "Ссылка неполная или платёж не существует. Вернитесь в магазин и начните заново.",
		Stale: "Это подтверждение устарело", StaleSays: "Платёж продолжен другой картой, или время на подтверждение вышло.",
		ToPayment: "Вернуться к оплате",
		AddTitle:  "Сохранение карты", AddDue: "Для проверки карты",
		AddNote: "Эта сумма спишется для проверки карты и сразу вернётся. Для следующих платежей вводить карту не придётся.",
		Add:     "Сохранить карту", Added: "Карта сохранена", AddedSays: "Спасибо! Сумма уже возвращается на карту.", AddedDue: "Списано и возвращено",
		NotAdded: "Карта не сохранена", SaveNote: "Карта будет сохранена для следующих платежей.",
		SavedTitle: "Ваша сохранённая карта", OtherCard: "Оплатить другой картой", BackToShop: "Банк ответил",
		ConfirmCard: "Подтвердите карту", ConfirmCardSays: "Банк хочет убедиться, что карту сохраняете именно вы.",
		codes: map[Code]string{
			CodeProcessingError:   "Банк не справился с запросом. Попробуйте ещё раз или возьмите другую карту.",
			CodeAmountExceed:      "На карте недостаточно денег. Попробуйте другую карту.",
			CodeIssuerBlockedCard: "Карта заблокирована банком. Возьмите другую карту.",
			CodeIssuerCardFail:    "Банк отказал в операции. Попробуйте другую карту.",
			CodeWrongCVV:          "Неверный CVC. Проверьте его и попробуйте ещё раз.",
			CodeWrongExpireDate:   "Срок карты истёк. Возьмите другую карту.",
			CodeCanceledByClient:  "Вы отказались на странице банка.",
			CodeThreeDSFail:       "Банк не смог подтвердить, что это вы. Попробуйте другую карту.",
			CodeThreeDSTimeOut:    "Время на подтверждение в банке вышло.",
			CodeOrderTimeOut:      "Время вышло. Начните заново в магазине.",
			CodeDuplicateCard:     "Эта карта уже сохранена. Возьмите другую.",
			CodeCustomerNotFound:  "Магазин закрыл этот счёт. Вернитесь в магазин.",
			CodeLimitExchaust:     "Все попытки использованы. Начните заново в магазине.",
		},
		other: "Попробуйте другую карту.",
		cards: map[string]string{
			"ok": "Успех без 3-D Secure, CVC не нужен", "ok-cvc": "Успех без 3-D Secure, CVC обязателен",
			"3ds": "3-D Secure, затем успех", "3ds-fail": "3-D Secure, затем отказ",
			"funds": "Недостаточно денег", "funds-100": "Недостаточно денег, если больше 100 рублей", "expiry": "Срок карты истёк",
			"blocked": "Карта заблокирована банком", "issuer": "Отказ банка", "processing": "Ошибка обработки",
			"charge-fail": "Успех; ошибка при Charge", "unblock-fail": "Успех; ошибка при Unblock", "refund-fail": "Успех; ошибка при Refund",
			"slow-block": "Успех через 40 секунд", "slow-charge": "Успех; Charge длится 40 секунд",
			"cvc-later": "Сохранится; платежи без CVC отклоняются", "3ds-later": "3-D Secure, сохранится; платежи без него отклоняются",
			"blocked-later": "Сохранится; затем заблокирована банком", "issuer-later": "Сохранится; затем отказ банка",
			"processing-later": "Сохранится; затем ошибка обработки",
			"slow-unblock":     "Успех; Unblock длится 40 секунд", "slow-refund": "Успех; Refund длится 40 секунд",
		},
	}
}

func (t text) why(c Code) string {
	if s, ok := t.codes[c]; ok {
		return s
	}
	return t.other
}

func (t text) wrong(f cardFault) string {
	switch f.field {
	case "CardNumber":
		return t.NumberUnknown
	case "DateTo":
		return t.ExpiryWrong
	case "SecureCode":
		return t.CVCWrong
	}
	return t.HolderWrong
}

// roubles writes kopecks for people: "1 248,00 ₽" with no-break spaces, or
// "1,248.00 RUB".
func roubles(n int64, language string) string {
	group, point, unit := "\u00a0", ",", "\u00a0₽"
	if language == "EN" {
		group, point, unit = ",", ".", "\u00a0"+currency
	}
	return sandbox.InThousands(strconv.FormatInt(n/100, 10), group) + point + fmt.Sprintf("%02d", n%100) + unit
}
