package graph_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

func TestCards(t *testing.T) {
	t.Parallel()

	fact(t, "AreShownMaskedWithWhatTheyPay", func(t *testing.T, b *bundle) {
		first, second := b.card(b.alice), b.card(b.alice)
		paying := b.subscribed(b.alice, first)
		b.card(b.bob)
		data := b.do(b.as(pay.RoleUser), `{ viewer { user {
			cards { id status provider { code } brand mask holder expMonth expYear isDefault requiresCvv createdAt billingSubscriptions { id } }
			active: cards(status: [ACTIVE]) { id } gone: cards(status: [REMOVED, EXPIRED]) { id } none: cards(status: []) { id }
			billingSubscriptions { id card { mask } } } } }`, nil)
		user := get(t, data, "viewer", "user")
		require.Equal(t, []string{second.ID.String(), first.ID.String()}, idsOf(t, get(t, user, "cards")), "newest first")
		shown := get(t, user, "cards", 1)
		require.Equal(t, "411111******1111", text(t, shown, "mask"))
		require.Equal(t, "test", text(t, shown, "provider", "code"))
		require.Equal(t, true, get(t, shown, "isDefault"))
		require.InDelta(t, 2030, get(t, shown, "expYear"), 0)
		require.Equal(t, []string{paying.ID.String()}, idsOf(t, get(t, shown, "billingSubscriptions")))
		require.Empty(t, get(t, user, "cards", 0, "billingSubscriptions"))
		require.Len(t, get(t, user, "active"), 2)
		require.Empty(t, get(t, user, "gone"))
		require.Empty(t, get(t, user, "none"))
		require.Equal(t, "411111******1111", text(t, user, "billingSubscriptions", 0, "card", "mask"))
	})

	fact(t, "AMutationShowsWhatItHasChanged", func(t *testing.T, b *bundle) {
		first, second := b.card(b.alice), b.card(b.alice)
		data := b.do(b.as(pay.RoleUser), `mutation($first: ID!, $second: ID!) {
			before: cardSetDefault(idempotencyKey: "1", card: $first) { ...P }
			after: cardSetDefault(idempotencyKey: "2", card: $second) { ...P }
			removed: cardRemove(idempotencyKey: "3", card: $second) { ...P }
			again: cardRemove(idempotencyKey: "3", card: $second) { ...P }
		} fragment P on CardPayload { card { id status isDefault } user { cards { id isDefault } } errors { code key } replayed }`,
			vars{"first": first.ID.String(), "second": second.ID.String()})
		card := func(id pay.CardID, isDefault bool) map[string]any {
			return map[string]any{"id": id.String(), "isDefault": isDefault}
		}
		require.Equal(t, []any{card(second.ID, false), card(first.ID, true)}, get(t, data, "before", "user", "cards"))
		require.Equal(t, []any{card(second.ID, true), card(first.ID, false)}, get(t, data, "after", "user", "cards"))
		require.Equal(t, []any{card(second.ID, false), card(first.ID, true)}, get(t, data, "removed", "user", "cards"))
		require.Equal(t, "REMOVED", text(t, data, "removed", "card", "status"))
		require.Equal(t, false, get(t, data, "removed", "replayed"))
		require.Equal(t, true, get(t, data, "again", "replayed"))

		refused := b.do(b.as(pay.RoleUser), `mutation($id: ID!) { cardSetDefault(idempotencyKey: "4", card: $id) {
			card { id } errors { __typename code key ... on StateError { from } } } }`, vars{"id": second.ID.String()})["cardSetDefault"]
		require.Equal(t, []any{map[string]any{"__typename": "StateError", "code": "STATE_CONFLICT", "key": "card.removed", "from": "REMOVED"}}, get(t, refused, "errors"))
	})
}

// Where a card is named in somebody's business, another's card answers like none.
func TestCards_OfAnother(t *testing.T) {
	t.Parallel()

	fact(t, "PayNothing", func(t *testing.T, b *bundle) {
		mine, theirs := b.card(b.alice), b.card(b.bob)
		running := b.subscribed(b.alice, mine)
		documents := map[string]string{
			"billPay": `mutation($bill: ID!, $card: ID!, $key: ID!) {
				billPay(input: {idempotencyKey: $key, bill: $bill, payWith: {card: $card}}) { bill { status attempts { id } } errors { code path } } }`,
			"billingSubscriptionCreate": `mutation($price: ID!, $user: ID, $card: ID!, $key: ID!) {
				billingSubscriptionCreate(input: {idempotencyKey: $key, price: $price, user: $user, card: $card}) { billingSubscription { id } errors { code path } } }`,
			"billingSubscriptionChangeCard": `mutation($running: ID!, $card: ID!, $key: ID!) {
				billingSubscriptionChangeCard(idempotencyKey: $key, id: $running, card: $card) { billingSubscription { card { id } } errors { code path } } }`,
		}
		input := vars{
			"bill": b.bill(b.as(pay.RoleUser), vars{"start": false}), "price": b.month.Edges.Prices[0].ID.String(), "running": running.ID.String(),
		}
		for field, document := range documents {
			for _, role := range []pay.Role{pay.RoleUser, pay.RoleServer} {
				answer := func(card string) any {
					asked := vars{"card": card, "key": uuid.NewString()}
					for name, value := range input {
						asked[name] = value
					}
					if role == pay.RoleServer {
						asked["user"] = b.alice.ID.String()
					}
					return b.do(b.as(role), document, asked)[field]
				}
				nobodys := answer(pay.NewCardID(b.clock.Now()).String())
				require.Equal(t, "NOT_FOUND", text(t, nobodys, "errors", 0, "code"), field)
				require.Equal(t, nobodys, answer(theirs.ID.String()), "%s as %s", field, role)
				require.Equal(t, nobodys, answer("nonsense"), "%s as %s", field, role)
			}
		}
	})
}

func TestCardRegistration(t *testing.T) {
	t.Parallel()

	const read = `query($id: ID!) { cardRegistration(id: $id) { id status provider { code } verification { amount currency } attemptsLeft
		nextAction { __typename ... on RedirectAction { url httpMethod expiresAt } } card { mask } failure { code } expiresAt version } }`
	fact(t, "ThoseWhoMayAddTheCardSeeTheWay", func(t *testing.T, b *bundle) {
		r := b.registration(b.alice)
		id := vars{"id": r.ID.String()}
		for _, role := range []pay.Role{pay.RoleServer, pay.RoleAdmin, pay.RoleUser} {
			shown := b.do(b.as(role), read, id)["cardRegistration"]
			require.Equal(t, "https://pay.example/add", text(t, shown, "nextAction", "url"), role)
			require.Equal(t, map[string]any{"amount": 1000.0, "currency": "RUB"}, get(t, shown, "verification"))
			require.InDelta(t, 3, get(t, shown, "attemptsLeft"), 0)
			require.Equal(t, text(t, shown, "expiresAt"), text(t, shown, "nextAction", "expiresAt"))
		}
		for _, role := range []pay.Role{pay.RoleSupport, pay.RoleFinance} {
			shown := b.do(b.as(role), read, id)["cardRegistration"]
			require.Equal(t, "ACTION_REQUIRED", text(t, shown, "status"))
			require.Nil(t, get(t, shown, "nextAction"), role)
		}
		holder := b.registrant(r.ID.String())
		require.Equal(t, "RedirectAction", text(t, b.do(holder, read, id), "cardRegistration", "nextAction", "__typename"))

		b.registered(r, b.alice)
		shown := b.do(holder, read, id)["cardRegistration"]
		require.Equal(t, "COMPLETED", text(t, shown, "status"))
		require.Equal(t, "411111******1111", text(t, shown, "card", "mask"))
		require.Nil(t, get(t, shown, "nextAction"))
		finished := b.do(holder, `mutation($id: ID!) { cardRegistrationFinish(registration: $id) { registration { status card { id } } errors { code } } }`, id)["cardRegistrationFinish"]
		require.Equal(t, "COMPLETED", text(t, finished, "registration", "status"))
		require.Empty(t, get(t, finished, "errors"))
	})

	fact(t, "AStartThatCannotBeSaysWhy", func(t *testing.T, b *bundle) {
		const start = `mutation($input: CardRegistrationStartInput!) { cardRegistrationStart(input: $input) {
			registration { id } accessToken replayed errors { __typename code key path retry } } }`
		payload := b.do(b.as(pay.RoleUser), start, vars{"input": vars{"idempotencyKey": uuid.NewString()}})["cardRegistrationStart"]
		require.Nil(t, get(t, payload, "registration"))
		require.Equal(t, "UNSUPPORTED", text(t, payload, "errors", 0, "code"))
		payload = b.do(b.as(pay.RoleUser), start, vars{"input": vars{"idempotencyKey": uuid.NewString(), "user": b.bob.ID.String()}})["cardRegistrationStart"]
		require.Equal(t, "FORBIDDEN", text(t, payload, "errors", 0, "code"))
	})
}

func TestBillingSubscription(t *testing.T) {
	t.Parallel()

	const read = `query($id: ID!) { billingSubscription(id: $id) { id status user { externalId } price { interval amount { amount } product { title } } card { id }
		currentPeriodStart currentPeriodEnd trialEnd nextChargeAt cancelAtPeriodEnd cancelAt pausedUntil endedAt allowedActions
		openBill { id status billingSubscription { id } } dunning { attempt maxAttempts nextRetryAt lastDecline { code key message retry } }
		bills { nodes { id } totalCount } version createdAt } }`
	fact(t, "IsShownWithWhatItIsOf", func(t *testing.T, b *bundle) {
		s := b.subscribed(b.alice, b.card(b.alice))
		shown := b.do(b.as(pay.RoleUser), read, vars{"id": s.ID.String()})["billingSubscription"]
		require.Equal(t, "alice", text(t, shown, "user", "externalId"))
		require.Equal(t, "P1M", text(t, shown, "price", "interval"))
		require.Equal(t, "By the month", text(t, shown, "price", "product", "title"))
		require.Equal(t, text(t, shown, "currentPeriodEnd"), text(t, shown, "nextChargeAt"))
		require.Equal(t, []any{"cancel", "pause", "change_card"}, get(t, shown, "allowedActions"))
		require.Nil(t, get(t, shown, "dunning"))
		require.Nil(t, get(t, shown, "openBill"))
		require.Empty(t, get(t, shown, "bills", "nodes"))
		require.Empty(t, get(t, b.do(b.as(pay.RoleFinance), read, vars{"id": s.ID.String()}), "billingSubscription", "allowedActions"), "they only look")
	})

	fact(t, "AFailedRenewalSaysHowItGoesOn", func(t *testing.T, b *bundle) {
		s := b.subscribed(b.alice, b.card(b.alice))
		bill := b.bill(b.as(pay.RoleUser), vars{"start": false})
		b.pastDue(s, b.alice, bill)
		shown := b.do(b.as(pay.RoleUser), read, vars{"id": s.ID.String()})["billingSubscription"]
		require.Equal(t, "PAST_DUE", text(t, shown, "status"))
		require.Equal(t, map[string]any{"id": bill, "status": "PENDING", "billingSubscription": map[string]any{"id": s.ID.String()}}, get(t, shown, "openBill"))
		require.InDelta(t, 2, get(t, shown, "dunning", "attempt"), 0)
		require.Equal(t, text(t, shown, "nextChargeAt"), text(t, shown, "dunning", "nextRetryAt"))
		require.Equal(t, "insufficient_funds", text(t, shown, "dunning", "lastDecline", "code"))
		require.Equal(t, "RETRY_OTHER_METHOD", text(t, shown, "dunning", "lastDecline", "retry"))
		require.Equal(t, []string{bill}, idsOf(t, get(t, shown, "bills", "nodes")))
		require.InDelta(t, 1, get(t, shown, "bills", "totalCount"), 0)
		byFilter := b.do(b.as(pay.RoleSupport), `query($id: ID!) { bills(filter: {billingSubscription: $id}) { nodes { id } } }`, vars{"id": s.ID.String()})
		require.Equal(t, []string{bill}, idsOf(t, get(t, byFilter, "bills", "nodes")))
	})

	fact(t, "IsCanceledAndResumed", func(t *testing.T, b *bundle) {
		s := b.subscribed(b.alice, b.card(b.alice))
		const cancel = `mutation($id: ID!, $key: ID!) { billingSubscriptionCancel(idempotencyKey: $key, id: $id) {
			billingSubscription { status cancelAtPeriodEnd cancelAt allowedActions } firstBill { id } errors { code key } replayed } }`
		for _, replayed := range []bool{false, true} {
			payload := b.do(b.as(pay.RoleUser), cancel, vars{"id": s.ID.String(), "key": "1"})["billingSubscriptionCancel"]
			require.Empty(t, get(t, payload, "errors"))
			require.Equal(t, true, get(t, payload, "billingSubscription", "cancelAtPeriodEnd"))
			require.Equal(t, []any{"cancel", "resume", "change_card"}, get(t, payload, "billingSubscription", "allowedActions"))
			require.Equal(t, replayed, get(t, payload, "replayed"))
		}
		resumed := b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billingSubscriptionResume(idempotencyKey: "2", id: $id) {
			billingSubscription { cancelAtPeriodEnd cancelAt } errors { code } } }`, vars{"id": s.ID.String()})["billingSubscriptionResume"]
		require.Equal(t, map[string]any{"cancelAtPeriodEnd": false, "cancelAt": nil}, get(t, resumed, "billingSubscription"))
		ended := b.do(b.as(pay.RoleUser), `mutation($id: ID!) { billingSubscriptionCancel(idempotencyKey: "3", id: $id, atPeriodEnd: false) {
			billingSubscription { status endedAt allowedActions } errors { code } } }`, vars{"id": s.ID.String()})["billingSubscriptionCancel"]
		require.Equal(t, "CANCELED", text(t, ended, "billingSubscription", "status"))
		require.Empty(t, get(t, ended, "billingSubscription", "allowedActions"))
	})

	fact(t, "TheListPagesAndNarrows", func(t *testing.T, b *bundle) {
		var made []string
		for range 3 {
			b.clock.Advance(time.Second)
			made = append(made, b.subscribed(b.alice, b.card(b.alice)).ID.String())
		}
		theirs := b.subscribed(b.bob, b.card(b.bob)).ID.String()
		const page = `query($first: Int, $after: Cursor, $filter: BillingSubscriptionFilter) { billingSubscriptions(first: $first, after: $after, filter: $filter) {
			nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } totalCount } }`
		first := b.do(b.as(pay.RoleServer), page, vars{"first": 3})["billingSubscriptions"]
		require.Equal(t, []string{theirs, made[2], made[1]}, idsOf(t, get(t, first, "nodes")))
		require.InDelta(t, 4, get(t, first, "totalCount"), 0)
		rest := b.do(b.as(pay.RoleServer), page, vars{"first": 3, "after": get(t, first, "pageInfo", "endCursor")})["billingSubscriptions"]
		require.Equal(t, []string{made[0]}, idsOf(t, get(t, rest, "nodes")))
		for _, tt := range []struct {
			filter vars
			want   []string
		}{
			{vars{"user": b.bob.ID.String()}, []string{theirs}},
			{vars{"status": []string{"ACTIVE"}, "user": b.bob.ID.String()}, []string{theirs}},
			{vars{"status": []string{"ENDED"}}, []string{}},
			{vars{"status": []string{}}, []string{}},
			{vars{"price": b.page.Edges.Prices[0].ID.String()}, []string{}},
			{vars{"price": "nonsense"}, []string{}},
		} {
			found := b.do(b.as(pay.RoleSupport), page, vars{"filter": tt.filter})["billingSubscriptions"]
			require.Equal(t, tt.want, idsOf(t, get(t, found, "nodes")), "%v", tt.filter)
			require.InDelta(t, len(tt.want), get(t, found, "totalCount"), 0, "%v", tt.filter)
		}
	})
}

func TestGift(t *testing.T) {
	t.Parallel()

	const whole = ` fragment Whole on Gift { id code status product { code } recipientEmail message purchasedBy { id } redeemedBy { externalId } redeemedAt }`
	const byCode = whole + ` query($code: String!) { gift(code: $code) { ...Whole } }`
	bobs := func(b *bundle) viewer.Viewer {
		return viewer.Viewer{Role: pay.RoleUser, Merchant: b.shop.ID, User: b.bob.ID, Principal: "user/bob"}
	}
	fact(t, "ACodeShowsTheGiftAndNothingOfItsBuyer", func(t *testing.T, b *bundle) {
		bill := b.bill(b.as(pay.RoleUser), nil)
		made, code := b.gift(bill, &b.alice.ID)
		look := vars{"code": code.Reveal()}
		seen := map[string]any{
			"id": made.ID.String(), "code": code.Reveal(), "status": "ISSUED", "product": map[string]any{"code": "month"}, "message": "Many happy returns",
			"recipientEmail": nil, "purchasedBy": nil, "redeemedBy": nil, "redeemedAt": nil,
		}
		require.Equal(t, seen, b.do(b.as(pay.RolePublic), byCode, look)["gift"], "a page that looks is not the buyer")
		require.Equal(t, seen, b.do(b.as(pay.RoleGuest), byCode, look)["gift"])
		require.Equal(t, seen, b.do(b.by(bobs(b)), byCode, look)["gift"])
		seen["recipientEmail"], seen["purchasedBy"] = "friend@example.com", map[string]any{"id": bill}
		require.Equal(t, seen, b.do(b.as(pay.RoleUser), byCode, look)["gift"])
		require.Equal(t, seen, b.do(b.as(pay.RoleServer), byCode, look)["gift"])
		require.Nil(t, b.do(b.as(pay.RolePublic), byCode, vars{"code": pay.NewGiftCode().Reveal()})["gift"])
		require.Nil(t, b.do(b.by(viewer.Viewer{Role: pay.RoleServer, Merchant: b.other.ID}), byCode, look)["gift"])

		const ofBill = whole + ` query($id: ID!) { bill(id: $id) { gift { ...Whole } } }`
		require.Equal(t, seen, get(t, b.do(b.as(pay.RoleUser), ofBill, vars{"id": bill}), "bill", "gift"))
		require.Equal(t, seen, get(t, b.do(b.guest(bill), ofBill, vars{"id": bill}), "bill", "gift"), "its token is the buyer's")
		seen["code"] = nil
		require.Equal(t, seen, get(t, b.do(b.as(pay.RoleSupport), ofBill, vars{"id": bill}), "bill", "gift"), "people could redeem it")
	})

	fact(t, "WrongCodesAreLimited", func(t *testing.T, b *bundle) {
		for range 10 {
			b.do(b.as(pay.RolePublic), byCode, vars{"code": "x"})
		}
		r := b.try(b.as(pay.RolePublic), byCode, vars{"code": "x"})
		require.Len(t, r.Errors, 1)
		require.Equal(t, pay.CodeLimitExceeded, r.Errors[0].Extensions["code"])
	})

	fact(t, "IsRedeemedOnce", func(t *testing.T, b *bundle) {
		_, code := b.gift(b.bill(b.as(pay.RoleUser), nil), &b.alice.ID)
		const redeem = whole + ` mutation($input: GiftRedeemInput!) { giftRedeem(input: $input) { gift { ...Whole }
			billingSubscription { id } entitlement { kind resource bill { id } billingSubscription { id } } wallet { id }
			errors { __typename code key path } replayed } }`
		for _, replayed := range []bool{false, true} {
			payload := b.do(b.by(bobs(b)), redeem, vars{"input": vars{"idempotencyKey": "1", "code": code.Reveal()}})["giftRedeem"]
			require.Empty(t, get(t, payload, "errors"))
			require.Equal(t, "REDEEMED", text(t, payload, "gift", "status"))
			require.Equal(t, "bob", text(t, payload, "gift", "redeemedBy", "externalId"))
			require.Equal(t, code.Reveal(), text(t, payload, "gift", "code"), "it is theirs now")
			require.Nil(t, get(t, payload, "gift", "purchasedBy"))
			require.Equal(t, map[string]any{"kind": "resource", "resource": "archive", "bill": nil, "billingSubscription": nil}, get(t, payload, "entitlement"))
			require.Equal(t, replayed, get(t, payload, "replayed"))
		}
		late := b.do(b.as(pay.RoleUser), redeem, vars{"input": vars{"idempotencyKey": "1", "code": code.Reveal()}})["giftRedeem"]
		require.Equal(t, []any{map[string]any{"__typename": "StateError", "code": "STATE_CONFLICT", "key": "gift.already_redeemed", "path": []any{"code"}}}, get(t, late, "errors"))
		require.Nil(t, get(t, late, "gift"))
		both := `{ viewer { user { giftsBought { status redeemedBy { id } } giftsReceived { product { title } } } } }`
		require.Equal(t, map[string]any{"giftsBought": []any{map[string]any{"status": "REDEEMED", "redeemedBy": nil}}, "giftsReceived": []any{}},
			get(t, b.do(b.as(pay.RoleUser), both, nil), "viewer", "user"))
		require.Equal(t, map[string]any{"giftsBought": []any{}, "giftsReceived": []any{map[string]any{"product": map[string]any{"title": "By the month"}}}},
			get(t, b.do(b.by(bobs(b)), both, nil), "viewer", "user"))
	})
}

func TestTestClock(t *testing.T) {
	t.Parallel()

	fact(t, "IsMadeMovedAndLivedBy", func(t *testing.T, b *bundle) {
		made := b.do(b.as(pay.RoleServer), `mutation { testClockCreate(idempotencyKey: "1", name: "A year", now: "2027-01-31T00:00:00Z") {
			clock { id name now advancingTo } user { id } errors { code } replayed } }`, nil)["testClockCreate"]
		require.Empty(t, get(t, made, "errors"))
		require.Equal(t, "2027-01-31T00:00:00.000000Z", text(t, made, "clock", "now"))
		id := text(t, made, "clock", "id")
		attached := b.do(b.as(pay.RoleAdmin), `mutation($clock: ID!, $user: ID!) { testClockAttach(idempotencyKey: "2", clock: $clock, user: $user) {
			clock { id } user { externalId } errors { code } } }`, vars{"clock": id, "user": b.alice.ID.String()})["testClockAttach"]
		require.Equal(t, "alice", text(t, attached, "user", "externalId"))
		moved := b.do(b.as(pay.RoleServer), `mutation($clock: ID!) { testClockAdvance(idempotencyKey: "3", clock: $clock, to: "2028-01-31T00:00:00Z") {
			clock { now } errors { code path } } }`, vars{"clock": id})["testClockAdvance"]
		require.Equal(t, map[string]any{"clock": map[string]any{"now": "2028-01-31T00:00:00.000000Z"}, "errors": []any{}}, moved)

		const node = `query($id: ID!) { node(id: $id) { __typename ... on TestClock { name } } }`
		require.Equal(t, map[string]any{"__typename": "TestClock", "name": "A year"}, b.do(b.as(pay.RoleSupport), node, vars{"id": id})["node"])
		for _, ctx := range []viewer.Viewer{{Role: pay.RoleUser, Merchant: b.shop.ID, User: b.alice.ID}, {Role: pay.RoleServer, Merchant: b.other.ID}} {
			require.Nil(t, b.do(b.by(ctx), node, vars{"id": id})["node"])
		}
	})
}
