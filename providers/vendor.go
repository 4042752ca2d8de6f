package providers

import (
	"time"

	"github.com/paygraph/paygraph/internal/pay"
)

// Vendor is one vendor as the program knows it: what an account's settings are
// called and how they become a Provider. The program lists its vendors in one
// place and knows nothing else of any.
type Vendor struct {
	Name Name

	// Read reads the settings of one account, strictly: it takes every member that
	// it knows and blames those that are wrong by Settings.Wrong. The error is what
	// is wrong with them as a whole; it is shown when no member was blamed, and
	// holds no secret. The Opener is used when nothing was wrong.
	Read func(s Settings) (Opener, error)

	// Demo returns the accounts of a demo shop at the sandbox, which is at the
	// address, the preferred one first.
	Demo func(sandboxURL string) []DemoAccount
}

// Opener makes the Provider of an account whose settings were read. It asks
// nobody.
type Opener func(Deps) (Provider, error)

// DemoAccount is an account of a demo shop at the sandbox. It is for tests.
type DemoAccount struct {
	Code  string
	Title string
	Open  Opener

	// Notifies is the sandbox's account whose notifications come to this account;
	// "" when they come elsewhere, or each order names its own address.
	Notifies string
}

// Need says whether a member of the settings has to be there.
type Need bool

// The needs.
const (
	Required Need = true
	Optional Need = false
)

// Settings are the settings of one account as they were written, to be read
// member by member. A member that nobody has read is a mistake, and so are those
// of the wrong kind and those that are needed and not there; each answers the
// zero value then. Where each stands is told by who keeps the settings, and no
// value is ever quoted: any may be a secret.
type Settings interface {
	// TestMode reports whether the account moves no real money.
	TestMode() bool

	Text(name string, need Need) string
	Texts(name string) []string
	Flag(name string) bool

	// Number reads a whole number from least to most; 0 when it is absent.
	Number(name string, least, most int64) int64

	// Duration reads a time such as "90s" or "24h"; 0 when it is absent.
	Duration(name string) time.Duration

	// URL reads an http or https address without a user. Plain http is for
	// accounts that move no real money.
	URL(name string, need Need) string

	// Currency reads an ISO 4217 code; "" when it is absent.
	Currency(name string) pay.Currency

	// Secret reads a text that stands in the member, in the file that
	// name+"File" names or in the variable that name+"Env" names.
	Secret(name string, need Need) Secret

	// File reads the content of the file that the member names; nil when it is
	// absent. Relative names are looked for beside the settings' own file.
	File(name string, need Need) []byte

	// Map reads an object whose members are texts of any names.
	Map(name string, need Need) map[string]string

	// Group returns an object among the members; false when there is none.
	// What is read of it is read as strictly.
	Group(name string, need Need) (Settings, bool)

	// Wrong blames the member of the name, or the settings as a whole when it is
	// not there. The text quotes no value.
	Wrong(name, text string)
}
