package ktpaysandbox

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// language is that of the payer's browser: Russian, as KTPay's own pages are,
// unless it asks for English.
func language(r *http.Request) string {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "en") {
		return "en"
	}
	return "ru"
}

func words(lang string) map[string]string {
	if lang == "en" {
		return english()
	}
	return russian()
}

func english() map[string]string {
	return map[string]string{
		"sandbox": "Sandbox.", "sandbox-says": "No real money moves here. Use a test card, never your own.",
		"close": "Close", "order": "Order", "service": "Service", "contract": "Account",
		"title": "Bank card", "number": "Card number", "date": "Expiry date", "date-hint": "MM/YY", "cvc": "CVC / CVV",
		"holder": "Cardholder", "holder-hint": "As on the card", "pay": "Pay", "busy": "One moment…",
		"again": "The bank did not take these details.", "unsaid": "Your bank is still waiting for your confirmation.", "go-on": "Go on",
		"wrong-pan": "Only the test cards listed below work here", "wrong-expiry": "Check the date, MM/YY",
		"wrong-cvc": "3 digits on the back", "wrong-holder": "At least 3 Latin letters", "short": "Enter the whole card number",
		"cards": "Test cards", "cards-say": "These numbers belong to nobody. Any date ahead and any three digits fit.", "use": "Use",
		"card": "Card", "amount": "Amount", "when": "Date", "shop": "Shop", "reason": "Reason",
		"done": "Payment completed", "done-says": "Thank you! Keep the receipt.",
		"held": "Payment accepted", "held-says": "The amount is held on your card while the service is being credited. You need not wait.",
		"failed": "Payment failed", "failed-says": "No money was taken.",
		"continue": "Continue", "pdf": "Receipt (PDF)", "may-close": "You can close this page.", "leaving": "Taking you back to the shop",
		"bank": "Sandbox Bank", "confirm": "Confirm the payment", "confirm-says": "Your bank asks whether it is really you who is paying.",
		"yes": "Confirm", "no": "Refuse", "foot": "A simulated KTPay page for development and tests",
		"lost": "No such payment", "lost-says": "The link is not complete, or the payment does not exist. Go back to the shop and start again.",
		"card-ok": "Approved", "card-3ds": "3-D Secure, then approved", "card-3ds-declined": "3-D Secure, then declined",
		"card-declined": "Declined by the bank", "card-funds": "Insufficient funds", "card-blocked": "Card is blocked",
		"card-expired": "Bad date, may be typed again", "card-silent": "The bank is silent for 40 s",
		"reason-05": "The bank declined the payment", "reason-19": "3-D Secure was not passed", "reason-43": "The card is blocked",
		"reason-51": "Insufficient funds", "reason-54": "The card has expired", "reason-91": "The bank does not answer",
		"reason-other": "The payment was refused", "reason-service": "The service could not be credited; the amount is released",
	}
}

func russian() map[string]string {
	return map[string]string{
		"sandbox": "Песочница.", "sandbox-says": "Настоящих денег здесь нет. Берите тестовую карту, не свою.",
		"close": "Закрыть", "order": "Заказ", "service": "Услуга", "contract": "Счёт",
		"title": "Банковская карта", "number": "Номер карты", "date": "Срок действия", "date-hint": "ММ/ГГ", "cvc": "CVC / CVV",
		"holder": "Владелец карты", "holder-hint": "Как на карте", "pay": "Оплатить", "busy": "Минуту…",
		"again": "Банк не принял эти данные.", "unsaid": "Банк всё ещё ждёт вашего подтверждения.", "go-on": "Продолжить",
		"wrong-pan": "Здесь работают только тестовые карты из списка ниже", "wrong-expiry": "Проверьте срок, ММ/ГГ",
		"wrong-cvc": "3 цифры с обратной стороны", "wrong-holder": "Не меньше 3 латинских букв", "short": "Введите номер карты полностью",
		"cards": "Тестовые карты", "cards-say": "Эти номера никому не принадлежат. Подойдут любой будущий срок и любые три цифры.", "use": "Взять",
		"card": "Карта", "amount": "Сумма", "when": "Дата", "shop": "Магазин", "reason": "Причина",
		"done": "Оплата прошла", "done-says": "Спасибо! Сохраните чек.",
		"held": "Платёж принят", "held-says": "Сумма заблокирована на карте, пока идёт зачисление услуги. Ждать не нужно.",
		"failed": "Оплата не прошла", "failed-says": "Деньги не списаны.",
		"continue": "Продолжить", "pdf": "Чек (PDF)", "may-close": "Страницу можно закрыть.", "leaving": "Возвращаем вас в магазин",
		"bank": "Банк-песочница", "confirm": "Подтвердите платёж", "confirm-says": "Банк спрашивает, действительно ли платите вы.",
		"yes": "Подтвердить", "no": "Отказаться", "foot": "Имитация страницы KTPay для разработки и тестов",
		"lost": "Такого платежа нет", "lost-says": "Ссылка неполная, или платежа не существует. Вернитесь в магазин и начните заново.",
		"card-ok": "Оплата проходит", "card-3ds": "3-D Secure, затем оплата проходит", "card-3ds-declined": "3-D Secure, затем отказ",
		"card-declined": "Отказ банка", "card-funds": "Недостаточно средств", "card-blocked": "Карта заблокирована",
		"card-expired": "Неверный срок, можно ввести снова", "card-silent": "Банк молчит 40 с",
		"reason-05": "Банк отклонил платёж", "reason-19": "Проверка 3-D Secure не пройдена", "reason-43": "Карта заблокирована",
		"reason-51": "Недостаточно средств", "reason-54": "Срок действия карты истёк", "reason-91": "Банк не отвечает",
		"reason-other": "Платёж отклонён", "reason-service": "Услуга не зачислена, сумма разблокирована",
	}
}

// almaty is the offset of KTPay's own samples.
func almaty() *time.Location { return time.FixedZone("", 6*60*60) }

// seconds is a Refresh header's value.
func seconds(d time.Duration) string { return strconv.Itoa(int(d.Round(time.Second) / time.Second)) }
