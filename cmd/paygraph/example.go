package main

import (
	"fmt"

	"github.com/google/uuid"
)

// exampleDocument is what the explorer opens with: it buys a page of the demo
// shop and watches the payment, then saves a payer's card and subscribes with it.
func exampleDocument(d *demo) string {
	return fmt.Sprintf(`# 1. Run BuyPage, copy nextAction.url.
# 2. Run Watch: it tells what happens to bills.
# 3. Open the url in another tab. Pay with
#    4111 1111 1111 1112, any future date, code
#    and holder, and see Watch tell it.
#
# RUB is paid at payture, KZT at ktpay, USD at
# payelata; payWith: { provider: "bisys" } names
# another that takes the currency.
#
# To renew something: AddPayer, then SaveCard with
# that user's id, add a card at its url, then
# Subscribe with a price of Catalogue's membership.
# What is mailed is at /inbox/.
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

mutation AddPayer {
  userUpsert(input: { idempotencyKey: %q, externalId: "ann", email: "ann@example.com", locale: "en" }) {
    user { id }
    errors { message }
  }
}

mutation SaveCard {
  # the user's id
  cardRegistrationStart(input: { idempotencyKey: %q, user: "user_" }) {
    registration {
      id
      status
      nextAction { ... on RedirectAction { url expiresAt } }
    }
    errors { code key message path retry }
  }
}

mutation Subscribe {
  # the user's and the price's id
  billingSubscriptionCreate(input: { idempotencyKey: %q, user: "user_", price: "price_" }) {
    billingSubscription { id status card { mask } trialEnd nextChargeAt }
    errors { code key message path retry }
  }
}

query Catalogue {
  viewer { role merchant { name testMode } }
  providers { code name currencies capabilities }
  products { id code kind title prices { id amount { decimal currency } interval } }
}
`, uuid.NewString(), d.PageAccess.ID, uuid.NewString(), uuid.NewString(), uuid.NewString())
}
