package pay

import "time"

// DunningPolicy says when a renewal that failed is charged again, and how long a
// subscription lives on unpaid. It is data.
type DunningPolicy struct {
	Retries []time.Duration // after the first refusal, rising; one more charge than that is made at most
	Grace   time.Duration   // from the first refusal to the end; the entitlement is kept until then

	Outage  time.Duration // after a charge that surely took nothing because nobody could be asked
	Outages int           // how many of those are no refusals
}

// DefaultDunning returns the usual policy: three more charges after 1, 3 and 7
// days, canceled after 14; an outage is tried again each hour for a day.
func DefaultDunning() DunningPolicy {
	const day = 24 * time.Hour
	return DunningPolicy{
		Retries: []time.Duration{day, 3 * day, 7 * day}, Grace: 14 * day,
		Outage: time.Hour, Outages: 24,
	}
}

// MaxCharges is how many charges of one bill may be refused, the first included.
func (p DunningPolicy) MaxCharges() int { return len(p.Retries) + 1 }

// NextRetry returns when a bill is charged again that was refused so many times,
// first at since. Retries that a downtime missed are left out: what is owed is
// not asked for in a burst. It returns zero when none is left.
func (p DunningPolicy) NextRetry(since, now time.Time, refused int) time.Time {
	for at := max(refused-1, 0); at < len(p.Retries); at++ {
		if next := since.Add(p.Retries[at]); next.After(now) {
			return next
		}
	}
	return time.Time{}
}

// Judge returns when a bill is charged again, after charge number tries came to
// nothing for the reason code; zero says that it is not, by itself. isRefusal is
// false for an outage, which puts nobody past due. outages counts the charges of
// the bill that took nothing because nobody could be asked, this one included;
// since is when the first refusal was, zero when this is it.
func (p DunningPolicy) Judge(code string, tries, outages int, since, now time.Time) (next time.Time, isRefusal bool) {
	if since.IsZero() {
		since = now
	}
	forgiven := min(outages, p.Outages)
	switch ClassOfDecline(code) {
	case DeclineHard, DeclinePayer:
		return time.Time{}, true
	case DeclineOutage:
		if outages <= p.Outages {
			return now.Add(p.Outage), false
		}
	case DeclineSoft:
	}
	return p.NextRetry(since, now, tries-forgiven), true
}

// DeclineClass is what a refused charge of a renewal calls for.
type DeclineClass int

// The classes of declines.
const (
	DeclineSoft   DeclineClass = iota // the same card may do later
	DeclineHard                       // it never will: another card is needed
	DeclinePayer                      // the payer has to prove on a page that it is theirs
	DeclineOutage                     // nobody could be asked, and nothing was taken
)

// The decline codes that are our own.
const (
	DeclineCardRemoved            = "card_removed"            // its owner took it away: nobody was asked
	DeclineCardExpired            = "card_expired"            // its last month is over
	DeclineCardUnusable           = "card_unusable"           // it cannot be charged without its owner
	DeclineAuthenticationRequired = "authentication_required" // the bank wants its owner
	DeclineProviderUnavailable    = "provider_unavailable"    // nobody could be asked
	DeclineUnpaid                 = "unpaid"                  // there is no card, and the payer has not paid
)

// ClassOfDecline returns what a decline code calls for. A code that is not known
// may pass: it is tried again by the schedule, which ends.
func ClassOfDecline(code string) DeclineClass {
	switch code {
	case DeclineCardRemoved, DeclineCardExpired, DeclineCardUnusable, DeclineUnpaid,
		"card_blocked", "stolen_card", "lost_card", "pick_up_card", "fraud",
		"invalid_card", "invalid_card_number", "invalid_expiry", "invalid_cvv",
		"card_country_not_allowed", "currency_not_supported", "authentication_unavailable":
		return DeclineHard
	case DeclineAuthenticationRequired, "authentication_failed", "authentication_timed_out", "canceled_by_payer", "session_expired":
		return DeclinePayer
	case DeclineProviderUnavailable:
		return DeclineOutage
	}
	return DeclineSoft
}

// IsRefusal reports whether the code tells of a refusal, and not of an outage or
// of a bill that nobody tried to pay.
func IsRefusal(code string) bool {
	return code != "" && code != DeclineProviderUnavailable && code != DeclineUnpaid
}
