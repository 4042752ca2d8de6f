package notify

import (
	"fmt"
	"strconv"
	"time"
)

// monthsOf lists the months as they stand in a date, by locale.
func monthsOf(locale string) [12]string {
	switch locale {
	case "ru":
		return [12]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"}
	case "kk":
		return [12]string{"қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым", "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан"}
	case "uk":
		return [12]string{"січня", "лютого", "березня", "квітня", "травня", "червня", "липня", "серпня", "вересня", "жовтня", "листопада", "грудня"}
	}
	return [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
}

// formatDay writes the date of t in the zone: 2 March 2026, 2 марта 2026 года,
// 2026 жылғы 2 наурыз, 2 березня 2026 року.
func formatDay(locale string, zone *time.Location, t time.Time) string {
	year, month, day := t.In(zone).Date()
	y, d, name := strconv.Itoa(year), strconv.Itoa(day), monthsOf(locale)[month-1]
	switch locale {
	case "ru":
		return d + nbsp + name + " " + y + " года"
	case "kk":
		return y + " жылғы " + d + nbsp + name
	case "uk":
		return d + nbsp + name + " " + y + " року"
	}
	return d + nbsp + name + " " + y
}

// formatMoment writes the date and the time of t in the zone, with the zone's
// distance from UTC, for not everybody lives where the shop does.
func formatMoment(locale string, zone *time.Location, t time.Time) string {
	local := t.In(zone)
	_, offset := local.Zone()
	return formatDay(locale, zone, t) + ", " + local.Format("15:04") + nbsp + "(UTC" + formatOffset(offset) + ")"
}

func formatOffset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "−", -seconds
	}
	hours, minutes := seconds/3600, seconds%3600/60
	switch {
	case hours == 0 && minutes == 0:
		return ""
	case minutes == 0:
		return sign + strconv.Itoa(hours)
	}
	return fmt.Sprintf("%s%d:%02d", sign, hours, minutes)
}

// formatMonth writes a month as it stands on a card: 03/2027.
func formatMonth(month time.Month, year int) string { return fmt.Sprintf("%02d/%d", month, year) }

// zoneOf returns the zone of an IANA name, UTC when there is none.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
