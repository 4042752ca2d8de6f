package config_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/config"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// acme is a provider that has one setting of each kind, and nothing else.
type acme struct {
	providers.Provider `json:"-"`

	Test        bool
	BaseURL     string
	Key         providers.Secret
	Password    providers.Secret
	TwoStage    bool
	Currency    pay.Currency
	Fee         int64
	Life        time.Duration
	Certificate []byte
	Names       []string
	Services    map[string]string
	Wallet      *acmeWallet
}

type acmeWallet struct {
	Salt     providers.Secret
	Template string
	Fees     *acmeFees
}

type acmeFees struct{ Fixed int64 }

// vendors are those of an installation whose only vendor is acme.
func vendors() []providers.Vendor {
	return []providers.Vendor{{Name: "acme", Read: readAcme}, {Name: "other", Read: readAcme}}
}

var errNoKeyOfZeros = errors.New("its key and its password are alike")

func readAcme(s providers.Settings) (providers.Opener, error) {
	a := acme{
		Test:        s.TestMode(),
		BaseURL:     s.URL("baseUrl", providers.Required),
		Key:         s.Secret("key", providers.Required),
		Password:    s.Secret("password", providers.Optional),
		TwoStage:    s.Flag("twoStage"),
		Currency:    s.Currency("currency"),
		Fee:         s.Number("fee", 1, 100),
		Life:        s.Duration("life"),
		Certificate: s.File("certificateFile", providers.Optional),
		Names:       s.Texts("names"),
		Services:    s.Map("services", providers.Optional),
	}
	if a.TwoStage && a.Password == "" {
		s.Wrong("twoStage", "a two-stage terminal needs its password")
	}
	if wallet, found := s.Group("wallet", providers.Optional); found {
		a.Wallet = &acmeWallet{Salt: wallet.Secret("salt", providers.Required), Template: wallet.Text("template", providers.Optional)}
		if fees, found := wallet.Group("fees", providers.Required); found {
			a.Wallet.Fees = &acmeFees{Fixed: fees.Number("fixed", 0, 9)}
		}
	}
	var wrong error
	if a.Key == a.Password {
		wrong = errors.Join(errNoKeyOfZeros, errors.New("and that is not all"))
	}
	return func(providers.Deps) (providers.Provider, error) { return a, nil }, wrong
}

// opened returns the settings that an account was opened with.
func opened(t *testing.T, a config.Account) acme {
	t.Helper()
	p, err := a.Open(providers.Deps{})
	require.NoError(t, err)
	of, isAcme := p.(acme)
	require.True(t, isAcme)
	return of
}
