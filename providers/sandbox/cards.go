package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// CardKeeper is a Vendor that keeps payers' cards for later charges. A vendor
// that keeps none does not implement it.
type CardKeeper interface {
	// KeptCards lists the cards that match, removed ones left out, oldest first.
	KeptCards(m CardMatch) []KeptCard

	// ChangeCards does to every card that matches what its bank or the vendor
	// may do without being asked, and returns the cards as they were changed.
	// ErrNoCard says that none matched. Nobody is notified, as in real life.
	ChangeCards(m CardMatch, c CardChange) ([]KeptCard, error)
}

// CardMatch chooses cards; an empty field matches all.
type CardMatch struct {
	Customer string // the payer's name at the vendor
	Card     string // a test card's number, its mask, or the vendor's id of the card
}

// CardAction is what happens to a card at the vendor's side.
type CardAction string

// What may happen to a card.
const (
	CardRemove     CardAction = "remove"     // the vendor forgets it
	CardExpire     CardAction = "expire"     // its date passes
	CardDeactivate CardAction = "deactivate" // stays in the list, cannot be charged
	CardActivate   CardAction = "activate"   // undoes deactivate
	CardRefuse     CardAction = "refuse"     // its bank refuses every charge with Code
	CardAccept     CardAction = "accept"     // undoes refuse
)

// CardChange is an action, and the vendor's code for refuse.
type CardChange struct {
	Action CardAction
	Code   string
}

// KeptCard is a saved card in the vendor's own words.
type KeptCard struct {
	Provider string `json:"provider"`
	Customer string `json:"customer"`
	ID       string `json:"id"`
	Name     string `json:"name"` // the mask
	Expiry   string `json:"expiry"`
	Status   string `json:"status"`
	Expired  bool   `json:"expired"`
	Refuses  string `json:"refuses,omitempty"` // the code that refuse was given
}

// ErrNoCard says that no saved card matched.
var ErrNoCard = errors.New("no saved card matches")

// cardKeeper finds a vendor that keeps cards.
func (s *Server) cardKeeper(provider string) (CardKeeper, error) {
	v, ok := s.vendor(provider)
	if !ok {
		return nil, fmt.Errorf("provider: %q is %w", provider, errUnknown)
	}
	k, ok := v.(CardKeeper)
	if !ok {
		return nil, fmt.Errorf("provider: %q keeps no cards", provider)
	}
	return k, nil
}

func (s *Server) getCards(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	keeper, err := s.cardKeeper(q.Get("provider"))
	if err != nil {
		s.reply(w, http.StatusNotFound, failure(err.Error()))
		return
	}
	s.reply(w, http.StatusOK, keeper.KeptCards(CardMatch{Customer: q.Get("customer"), Card: cardName(q.Get("card"))}))
}

// postCards changes saved cards. A change of every card of every customer is
// surely a mistake, so something must be named.
func (s *Server) postCards(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Provider string     `json:"provider"`
		Customer string     `json:"customer"`
		Card     string     `json:"card"`
		Action   CardAction `json:"action"`
		Code     string     `json:"code"`
	}
	if !s.read(w, r, &in) {
		return
	}
	keeper, err := s.cardKeeper(in.Provider)
	if err != nil {
		s.reply(w, http.StatusNotFound, failure(err.Error()))
		return
	}
	actions := []CardAction{CardRemove, CardExpire, CardDeactivate, CardActivate, CardRefuse, CardAccept}
	switch {
	case !slices.Contains(actions, in.Action):
		err = fmt.Errorf("action: %q is not one of %v", in.Action, actions)
	case in.Customer == "" && in.Card == "":
		err = errors.New("card: name a card, a customer or both")
	case (in.Action == CardRefuse) != (in.Code != ""):
		err = errors.New("code: refuse needs the vendor's code, the others take none")
	}
	if err != nil {
		s.reply(w, http.StatusBadRequest, failure(err.Error()))
		return
	}
	cards, err := keeper.ChangeCards(CardMatch{Customer: in.Customer, Card: cardName(in.Card)}, CardChange{Action: in.Action, Code: in.Code})
	switch {
	case errors.Is(err, ErrNoCard):
		s.reply(w, http.StatusNotFound, failure("card: "+err.Error()))
	case err != nil:
		s.reply(w, http.StatusBadRequest, failure(err.Error()))
	default:
		s.reply(w, http.StatusOK, cards)
	}
}

// cardName drops the blanks of a number typed in fours.
func cardName(s string) string { return strings.ReplaceAll(s, " ", "") }
