package cards

import (
	"encoding/hex"
	"slices"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// listed is one card of a provider's list, with the hash that we know it by.
type listed struct {
	providers.SavedCard

	hash string // hexadecimal
}

// isUsable reports whether the card can be charged without its owner at now.
func (c listed) isUsable(now time.Time) bool {
	return c.isLive(now) && !c.RequiresCVV
}

func (c listed) isLive(now time.Time) bool {
	return c.Ref != "" && c.Active && !c.Expired && !isOver(c.ExpYear, c.ExpMonth, now)
}

// isOver reports whether a card's last month is over everywhere on Earth. A month
// that is not known never is.
func isOver(year, month int, now time.Time) bool {
	if year == 0 || month == 0 {
		return false
	}
	last := now.UTC().Add(-12 * time.Hour) // the last time zone
	return year < last.Year() || year == last.Year() && month < int(last.Month())
}

// addedBy returns the first usable card in a provider's list that the page of r
// added: one that was not there when r began and that no newer page can have
// added. Newer are the later registrations of the same user and account, each
// with its card. NeedsCVV reports that there is such a card, but for the code on
// its back.
//
// The list does not say which page a card came by. A card that appears while
// several pages are open goes to the newest, which is the one that the payer was
// sent to last; what was there already when that began is an older page's.
func addedBy(r *ent.CardRegistration, newer []*ent.CardRegistration, list []listed, now time.Time) (found *listed, needsCVV bool) {
	for at := range list {
		c := &list[at]
		if slices.Contains(r.KnownRefs, c.hash) || !c.isLive(now) {
			continue
		}
		if slices.ContainsFunc(newer, func(n *ent.CardRegistration) bool { return claims(n, c.hash, now) }) {
			continue
		}
		if c.isUsable(now) {
			return c, false
		}
		needsCVV = true
	}
	return nil, needsCVV
}

// claims reports whether a registration has the card, or may have added it.
func claims(r *ent.CardRegistration, hash string, now time.Time) bool {
	if saved := r.Edges.Card; saved != nil && hex.EncodeToString(saved.RefHash) == hash {
		return true
	}
	hasPage := r.RedirectURL != nil && isWatched(r, now)
	return hasPage && !slices.Contains(r.KnownRefs, hash)
}

// isWatched reports whether a card may still come of the registration.
func isWatched(r *ent.CardRegistration, now time.Time) bool { return now.Before(r.WatchUntil) }

// firstActive returns the first usable card of a provider's list.
func firstActive(list []listed, now time.Time) *listed {
	at := slices.IndexFunc(list, func(c listed) bool { return c.isUsable(now) })
	if at < 0 {
		return nil
	}
	return &list[at]
}

// ShownMask returns the card's number as people are shown it, its hidden digits
// as asterisks: 411111******1111. It is stored as the vendor gives it.
func ShownMask(c *ent.Card) string { return shown(c.Mask) }

func shown(mask string) string {
	hidden := []rune(mask)
	for at, r := range hidden {
		switch r {
		case 'x', 'X', '•', '·', '#':
			hidden[at] = '*'
		}
	}
	return string(hidden)
}

// The most digits of a card that may be kept, from its beginning and its end.
const (
	firstDigits = 6
	lastDigits  = 4
)

// safeMask returns a vendor's mask with no more digits than may be kept: should it
// ever send us a number, we do not have it.
func safeMask(mask string) string {
	runes := []rune(mask)
	digits := 0
	for _, r := range runes {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	if digits <= firstDigits+lastDigits && !pay.HoldsCardNumber(mask) {
		return mask
	}
	seen := 0
	for at, r := range runes {
		if r < '0' || r > '9' {
			continue
		}
		seen++
		if seen > firstDigits && seen <= digits-lastDigits {
			runes[at] = 'x'
		}
	}
	return string(runes)
}
