package ktpay

import (
	"errors"
	"math"
	"time"

	"github.com/paygraph/paygraph/providers"
)

// Vendor is KTPay as the program knows it.
func Vendor() providers.Vendor {
	return providers.Vendor{Name: Name, Read: read, Demo: demo}
}

// read reads the settings of one account.
func read(s providers.Settings) (providers.Opener, error) {
	c := Config{
		FintechURL: s.URL("fintechUrl", providers.Optional),
		WidgetURL:  s.URL("widgetUrl", providers.Optional),
		AppID:      s.Text("appId", providers.Required),
		AppKey:     s.Text("appKey", providers.Required),
		Type:       Type(s.Text("type", providers.Optional)),
		ServiceID:  int(s.Number("serviceId", 1, math.MaxInt32)),
		MerchantID: s.Number("merchantId", 1, math.MaxInt64),
		ForceURLs:  s.Flag("forceUrls"),
		TestMode:   s.TestMode(),
	}
	mistakes := c.withDefaults().mistakes()
	if _, err := parseKey(c.AppKey); c.AppKey != "" && err != nil {
		s.Wrong("appKey", err.Error())
	}
	return opener(c), errors.Join(mistakes...)
}

func opener(c Config) providers.Opener {
	return func(d providers.Deps) (providers.Provider, error) { return New(c, d) }
}

// demoSettling is how long the sandbox still retries a notification that a demo
// shop may miss.
const demoSettling = time.Minute

// demo is the sandbox's own application. Each order names its own address for
// notifications.
func demo(sandboxURL string) []providers.DemoAccount {
	return []providers.DemoAccount{{Code: "ktpay", Title: "KTPay", Open: opener(Config{
		FintechURL: sandboxURL + "/ktpay", WidgetURL: sandboxURL + "/ktpay",
		AppID: "e2d3d70d53c67bcd377266f74e98587c", AppKey: "SjgH0GTQdxgcwHCYnnaJHSDcpVWVSNwsd8GlAnOIKzg=",
		MerchantID: 1, TestMode: true, Settling: demoSettling,
	})}}
}
