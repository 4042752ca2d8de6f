// Package merchants owns the shops of an installation and the web origins that
// each registered: what `paygraph merchant` and `paygraph origin` write, and what
// every request asks of its merchant.
//
// It knows no bill and no key. Start with Service.
package merchants

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/ent/origin"
	"github.com/paygraph/paygraph/ent/predicate"
	"github.com/paygraph/paygraph/internal/cache"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// staleFor is how long another process's change may go unseen.
const staleFor = 5 * time.Second

// mostKept bounds how many are remembered.
const mostKept = 4096

// Service makes and finds merchants.
type Service struct {
	store *store.Store
	cache *cache.Cache[pay.MerchantID, *ent.Merchant]
}

// New returns the merchants of a database.
func New(s *store.Store) *Service {
	return &Service{store: s, cache: cache.New[pay.MerchantID, *ent.Merchant](s.Clock(), staleFor, mostKept)}
}

// NewMerchant is what a merchant is made of.
type NewMerchant struct {
	Code            string // 1 to 63 lower-case letters, digits and hyphens, a letter first
	Name            string // shown to payers, 1 to 200 characters
	TestMode        bool   // no real money, for ever
	TimeZone        string // an IANA name; "": UTC
	DefaultProvider string // the provider account's code; "": the installation decides
}

// Create makes a merchant and commits it. It returns CodeInvalid, naming the
// field, and CodeConflict when the code is taken; so a repeat makes no second
// one.
func (s *Service) Create(ctx context.Context, in NewMerchant) (*ent.Merchant, error) {
	if in.TimeZone == "" {
		in.TimeZone = "UTC"
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	var id pay.MerchantID
	err := s.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		id = pay.NewMerchantID(tx.Now)
		return tx.Merchant.Create().
			SetID(id).
			SetCode(in.Code).
			SetName(in.Name).
			SetTestMode(in.TestMode).
			SetTimeZone(in.TimeZone).
			SetDefaultProvider(in.DefaultProvider).
			SetCreatedAt(tx.Now).
			Exec(ctx)
	})
	if store.IsUniqueViolation(err) {
		return nil, pay.Errorf(pay.CodeConflict, "merchant.code_taken", "There is a merchant with this code already.").At("code").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("create merchant %q: %w", in.Code, err)
	}
	return s.Merchant(viewer.AsProgram(ctx), id)
}

// List returns all merchants that the viewer may see, oldest first: every one
// for the program itself, its own for anybody else.
func (s *Service) List(ctx context.Context) ([]*ent.Merchant, error) {
	list, err := s.store.Read().Merchant.Query().WithOrigins(inOrder).Order(ent.Asc(merchant.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the merchants: %w", err)
	}
	return list, nil
}

// Merchant returns a merchant that the viewer may see, else CodeNotFound. Its
// origins are loaded; only the program itself sees any.
func (s *Service) Merchant(ctx context.Context, id pay.MerchantID) (*ent.Merchant, error) {
	return s.one(ctx, merchant.ID(id))
}

// ByCode returns the merchant of a code with its origins, else CodeNotFound.
func (s *Service) ByCode(ctx context.Context, code string) (*ent.Merchant, error) {
	return s.one(ctx, merchant.Code(code))
}

// Cached returns a merchant with its origins, whoever asks: the caller has
// authenticated for it. What another process changed is seen after 5 seconds.
// The value is shared and must not be changed. It returns CodeNotFound.
func (s *Service) Cached(ctx context.Context, id pay.MerchantID) (*ent.Merchant, error) {
	return s.cache.Get(ctx, id, func(ctx context.Context) (*ent.Merchant, error) {
		return s.Merchant(viewer.AsProgram(ctx), id)
	})
}

// AddOrigin registers a web origin of a merchant and commits it. normalise
// writes it as scheme://host[:port], or says why it is none; its error is
// returned as it is. An origin that is there already is returned again. It
// returns CodeNotFound for an unknown merchant.
func (s *Service) AddOrigin(ctx context.Context, id pay.MerchantID, raw string, normalise func(string) (string, error)) (string, error) {
	normal, err := normalise(raw)
	if err != nil {
		return "", err
	}
	err = s.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		known, err := tx.Merchant.Query().Where(merchant.ID(id)).Count(ctx)
		if err != nil {
			return err
		}
		if known == 0 {
			return pay.NotFound("merchant")
		}
		there, err := tx.Origin.Query().Where(origin.MerchantID(id), origin.Origin(normal)).Count(ctx)
		if err != nil || there > 0 {
			return err
		}
		return tx.Origin.Create().SetMerchantID(id).SetOrigin(normal).SetCreatedAt(tx.Now).Exec(ctx)
	})
	if err != nil && !store.IsUniqueViolation(err) { // when violated, somebody has just added it
		return "", fmt.Errorf("add an origin to %s: %w", id, err)
	}
	s.cache.Forget(id)
	return normal, nil
}

func (s *Service) one(ctx context.Context, where predicate.Merchant) (*ent.Merchant, error) {
	found, err := s.store.Read().Merchant.Query().Where(where).WithOrigins(inOrder).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("merchant")
	}
	if err != nil {
		return nil, fmt.Errorf("read a merchant: %w", err)
	}
	return found, nil
}

func inOrder(q *ent.OriginQuery) { q.Order(ent.Asc(origin.FieldID)) }

var codeText = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

func (in NewMerchant) validate() error {
	const longestName = 200
	if !codeText.MatchString(in.Code) {
		return pay.Invalid("merchant.code", "A merchant's code is 1 to 63 lower-case letters, digits and hyphens, a letter first.", "code")
	}
	printable := utf8.ValidString(in.Name) && !strings.ContainsFunc(in.Name, unicode.IsControl)
	if strings.TrimSpace(in.Name) == "" || !printable || utf8.RuneCountInString(in.Name) > longestName {
		return pay.Invalid("merchant.name", "A merchant's name is 1 to 200 printable characters.", "name")
	}
	// LoadLocation also knows "Local", which is another zone on every machine.
	if _, err := time.LoadLocation(in.TimeZone); err != nil || in.TimeZone == "Local" {
		return pay.Invalid("merchant.time_zone", "This is not an IANA time zone such as Europe/Moscow.", "timeZone")
	}
	return nil
}
