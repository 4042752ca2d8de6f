package main

import (
	"github.com/paygraph/paygraph/providers"
	"github.com/paygraph/paygraph/providers/bisys"
	"github.com/paygraph/paygraph/providers/bisys/bisyssandbox"
	"github.com/paygraph/paygraph/providers/ktpay"
	"github.com/paygraph/paygraph/providers/ktpay/ktpaysandbox"
	"github.com/paygraph/paygraph/providers/payelata"
	"github.com/paygraph/paygraph/providers/payelata/payelatasandbox"
	"github.com/paygraph/paygraph/providers/payture"
	"github.com/paygraph/paygraph/providers/payture/payturesandbox"
	"github.com/paygraph/paygraph/providers/sandbox"
)

// vendor is one provider of this program: its adapter, and its simulation.
type vendor struct {
	providers.Vendor

	sandbox func() sandbox.Vendor // a fresh one, for one server
}

// vendors is the list of the providers that this program knows: a new one is a
// folder and a line here. The demo shop prefers the earlier.
func vendors() []vendor {
	return []vendor{
		{payture.Vendor(), func() sandbox.Vendor { return payturesandbox.New(payturesandbox.Options{}) }},
		{ktpay.Vendor(), func() sandbox.Vendor { return ktpaysandbox.New(ktpaysandbox.Options{}) }},
		{bisys.Vendor(), func() sandbox.Vendor { return bisyssandbox.New(bisyssandbox.Options{}) }},
		{payelata.Vendor(), func() sandbox.Vendor { return payelatasandbox.New(payelatasandbox.Options{}) }},
	}
}

// adapters are the vendors without their simulations.
func adapters() []providers.Vendor {
	var list []providers.Vendor
	for _, v := range vendors() {
		list = append(list, v.Vendor)
	}
	return list
}
