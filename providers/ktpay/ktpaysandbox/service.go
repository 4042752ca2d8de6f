package ktpaysandbox

import "time"

// unknownContract is an account that no service knows.
const unknownContract = "9999999"

// service is a biller behind KTPay, to whom the payment of a transaction of
// type service is credited. The merchant's manager gives out the real list.
type service struct {
	id    int64
	name  string
	takes time.Duration // from the hold to the biller's answer: "seconds to minutes"
	fails bool
}

func findService(id int64) (service, bool) {
	switch id {
	case 1:
		return service{id: 1, name: "Sandbox Mobile", takes: 5 * time.Second}, true
	case 2:
		return service{id: 2, name: "Sandbox Utilities", takes: 90 * time.Second}, true
	case 3:
		return service{id: 3, name: "Sandbox Transport", takes: 5 * time.Second, fails: true}, true
	}
	return service{}, false
}

// refusal is why a contract cannot be credited, or nil.
func (s service) refusal(contract string) *failure {
	switch {
	case contract == unknownContract:
		return &failure{Type: errorPayment, Message: "The service does not know this contract"}
	case s.fails:
		return &failure{Type: errorSystem, Message: "The service gateway refused the payment"}
	}
	return nil
}
