package providers

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/paygraph/paygraph/internal/pay"
)

// Deps is what an account works with. Every adapter gets all of it, whether it
// needs it or not.
type Deps struct {
	HTTP   *http.Client // required; adapters copy it and use neither its redirects nor its cookies
	Clock  pay.Clock    // required
	Logger *slog.Logger // nil: silent
}

// WithDefaults returns the deps with a silent logger when there is none.
func (d Deps) WithDefaults() Deps {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	return d
}

// Mistakes lists what is required and not there.
func (d Deps) Mistakes() []error {
	var found []error
	if d.HTTP == nil {
		found = append(found, errors.New("an HTTP client is needed"))
	}
	if d.Clock == nil {
		found = append(found, errors.New("a clock is needed"))
	}
	return found
}
