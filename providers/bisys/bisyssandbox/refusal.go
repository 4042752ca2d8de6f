package bisyssandbox

import "net/http"

// refusal is a command's error reply: HTTP 400 or 401 with a code, a message
// that begins with the exception's name, and a line for the payer. The vendor's
// text keeps only the headings of its error tables and the code 2365; the other
// numbers are ours.
type refusal struct {
	Code          int    `json:"code"`
	Message       string `json:"message"`
	UserMessage   string `json:"userMessage"`
	RegPayNum     string `json:"regPayNum,omitempty"`
	SecurePageURL string `json:"securePageURL,omitempty"`

	status int
}

func (r *refusal) write(w http.ResponseWriter) { writeJSON(w, r.status, r) }

// needs3DS is not an end: the payment waits for the payer at the page, by GET
// (seed, "Платеж с 3ds").
func needs3DS(regPayNum, page string) *refusal {
	return &refusal{
		Code: 2365, Message: "NeedPass3dsException: the payer must pass 3-D Secure", UserMessage: "Необходимо подтвердить платёж",
		RegPayNum: regPayNum, SecurePageURL: page, status: http.StatusBadRequest,
	}
}

func refuseAccess() *refusal {
	return &refusal{
		Code: 9401, Message: "Unauthorized: unknown shop, key, signature or certificate",
		UserMessage: "Ошибка авторизации", status: http.StatusUnauthorized,
	}
}

func refuse(code int, message, userMessage string) *refusal {
	return &refusal{Code: code, Message: message, UserMessage: userMessage, status: http.StatusBadRequest}
}

func noUser() *refusal {
	return refuse(9001, "UserNotRegisteredForShop: no such user of this shop", "Пользователь не зарегистрирован")
}

// noCard is one answer for a card that is unknown, inactive, or another user's,
// so that nobody learns whose cards there are.
func noCard() *refusal {
	return refuse(9002, "CardNotFound: no active card with this token, register it again", "Карта не найдена, привяжите её заново")
}

func noService() *refusal {
	return refuse(9003, "ServiceNotFound: the shop has no such service", "Услуга не найдена")
}

func noPayment() *refusal {
	return refuse(9004, "PaymentNotFound: the shop has no such payment", "Платёж не найден")
}

func invalid(field string) *refusal {
	return refuse(9005, "ValidationException: "+field, "Неверный запрос")
}

func tooLate() *refusal {
	return refuse(9006, "OrderExpired: orderBestBefore has passed", "Срок оплаты заказа истёк")
}

func noRefund(why string) *refusal {
	return refuse(9007, "RefundNotAllowed: "+why, "Возврат невозможен")
}
