package main

import (
	"fmt"

	"github.com/google/uuid"
)

// exampleDocument is what the explorer opens with: it buys a page of the demo
// shop as a guest and watches the payment.
func exampleDocument(d *demo) string {
	return fmt.Sprintf(`# 1. Buy a page as a guest: run BuyPage.
# 2. Open nextAction.url in another tab: the sandbox's payment page.
#    Pay with the card 4111 1111 1111 1112, any future date, CVC 123.
# 3. To watch it live, put the answer's accessToken into the headers below
#    ("Authorization": "Bearer gt_..."), the bill's id into Watch, and run Watch
#    before you pay.

mutation BuyPage {
  billCreate(input: {
    idempotencyKey: %q
    product: %q
    currency: "RUB"
    pageId: "articles/42"
  }) {
    accessToken
    replayed
    bill {
      id
      status
      total { decimal currency }
      nextAction { ... on RedirectAction { url expiresAt } }
    }
    errors { code key message path retry }
  }
}

subscription Watch {
  billUpdated(id: "bill_") {
    cursor
    snapshot
    bill {
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
