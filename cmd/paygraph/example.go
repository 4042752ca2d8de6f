package main

import (
	"fmt"

	"github.com/google/uuid"
)

// exampleDocument is what the explorer opens with: it buys a page of the demo
// shop and watches the payment.
func exampleDocument(d *demo) string {
	return fmt.Sprintf(`# 1. Run BuyPage, copy nextAction.url.
# 2. Run Watch: it tells what happens to bills.
# 3. Open the url in another tab. Pay with
#    4111 1111 1111 1112, any future date, code
#    and holder, and see Watch tell it.
#
# The token below is the shop's operator. A page
# would send the publishable key, and watch its
# bill with the accessToken of billCreate.

mutation BuyPage {
  billCreate(input: {
    # another key for another bill
    idempotencyKey: %q
    product: %q
    currency: "RUB"
    pageId: "articles/42"
    payer: { locale: "en" }
  }) {
    bill {
      id
      status
      total { decimal currency }
      nextAction { ... on RedirectAction { url expiresAt } }
    }
    replayed
    errors { code key message path retry }
  }
}

subscription Watch {
  merchantBillUpdated {
    cursor
    bill {
      id
      status
      version
      paid { decimal currency }
      entitlements { kind resource grantedAt }
    }
  }
}

query Catalogue {
  viewer { role merchant { name testMode } }
  providers { code name currencies capabilities }
  products { id code kind title prices { id amount { decimal currency } interval } }
}
`, uuid.NewString(), d.PageAccess.ID)
}
