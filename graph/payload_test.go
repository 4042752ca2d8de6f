package graph_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/paygraph/paygraph/graph"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/providers"
)

// wrong is an error about the input, without its sentence.
func wrong(code, key string, path []any, retry string) map[string]any {
	return map[string]any{"__typename": "InputError", "code": code, "key": key, "path": path, "retry": retry}
}

func TestBillCreate(t *testing.T) {
	t.Parallel()

	fact(t, "WrongInputNamesItsField", func(t *testing.T, b *bundle) {
		b.bill(b.as(pay.RoleServer), vars{"lines": lines(5), "start": false, "reference": "taken"})
		tests := []struct {
			name  string
			role  pay.Role
			input vars
			want  map[string]any
		}{
			{
				"UnknownProduct", pay.RolePublic,
				vars{"product": "prod_01h455vb4pex5vsknk084sn02q"},
				wrong("NOT_FOUND", "product.not_found", []any{"product"}, "DO_NOT_RETRY"),
			},
			{
				"MalformedProduct", pay.RolePublic,
				vars{"product": "nonsense"},
				wrong("NOT_FOUND", "product.not_found", []any{"product"}, "DO_NOT_RETRY"),
			},
			{
				"OtherCurrency", pay.RolePublic,
				vars{"currency": "USD"},
				wrong("INVALID", "currency.no_price", []any{"currency"}, "DO_NOT_RETRY"),
			},
			{
				"UserByAPayer", pay.RoleUser,
				vars{"user": "user_01h455vb4pex5vsknk084sn02q"},
				wrong("FORBIDDEN", "user.not_yours_to_name", []any{"user"}, "DO_NOT_RETRY"),
			},
			{
				"TwoWaysToPay", pay.RoleUser,
				vars{"payWith": vars{"provider": "test", "wallet": "x"}},
				wrong("INVALID", "pay_with.one", []any{"payWith"}, "DO_NOT_RETRY"),
			},
			{
				"UnknownProvider", pay.RoleUser,
				vars{"payWith": vars{"provider": "nobody"}},
				wrong("NOT_FOUND", "provider.not_found", []any{"payWith", "provider"}, "DO_NOT_RETRY"),
			},
			{
				"ReferenceTaken", pay.RoleServer,
				vars{"lines": lines(5), "start": false, "reference": "taken"},
				wrong("CONFLICT", "bill.reference_taken", []any{"reference"}, "RETRY_NEW_KEY"),
			},
			{
				"NoKey", pay.RoleServer,
				vars{"idempotencyKey": ""},
				wrong("INVALID", "idempotency_key.empty", []any{"idempotencyKey"}, "DO_NOT_RETRY"),
			},
			{
				"LineWithoutTitle", pay.RoleServer,
				vars{"lines": []vars{{"title": "", "quantity": 1, "unit": vars{"amount": 1, "currency": "RUB"}}}},
				wrong("INVALID", "bill.line_title", []any{"lines", "0", "title"}, "DO_NOT_RETRY"),
			},
		}
		for _, tt := range tests {
			payload := b.do(b.as(tt.role), createDocument, vars{"input": b.input(tt.input)})["billCreate"]
			require.Nil(t, get(t, payload, "bill"), tt.name)
			require.Nil(t, get(t, payload, "accessToken"), tt.name)
			require.Equal(t, []any{tt.want}, get(t, payload, "errors"), tt.name)
		}
	})

	fact(t, "ARepeatIsAReplayAndOtherInputAMismatch", func(t *testing.T, b *bundle) {
		input := b.input(nil)
		first := b.do(b.as(pay.RolePublic), createDocument, vars{"input": input})["billCreate"]
		again := b.do(b.as(pay.RolePublic), createDocument, vars{"input": input})["billCreate"]
		require.Equal(t, false, get(t, first, "replayed"))
		require.Equal(t, true, get(t, again, "replayed"))
		require.Equal(t, get(t, first, "bill"), get(t, again, "bill"))
		require.Equal(t, get(t, first, "accessToken"), get(t, again, "accessToken"))

		const document = `mutation($input: BillCreateInput!) { billCreate(input: $input) {
			errors { __typename code ... on IdempotencyError { original { __typename id ... on Bill { product { code } } } } } } }`
		input["pageId"] = "other"
		mismatch := map[string]any{"__typename": "IdempotencyError", "code": "IDEMPOTENCY_MISMATCH", "original": nil}
		require.Equal(t, mismatch, get(t, b.do(b.as(pay.RolePublic), document, vars{"input": input}), "billCreate", "errors", 0),
			"a page may read no bill")

		id := b.bill(b.as(pay.RoleServer), vars{"idempotencyKey": "once"})
		mismatch["original"] = map[string]any{"__typename": "Bill", "id": id, "product": map[string]any{"code": "page"}}
		require.Equal(t, mismatch, get(t, b.do(b.as(pay.RoleServer), document,
			vars{"input": b.input(vars{"idempotencyKey": "once", "pageId": "other"})}), "billCreate", "errors", 0))
	})

	fact(t, "ADeclineLeavesABillThatCanBePaid", func(t *testing.T, b *bundle) {
		b.provider.refuses = &providers.Result{Status: providers.Declined, SessionOver: true, Decline: &providers.Decline{
			Code: "fraud", ProviderCode: "F-1", Message: "The bank refused.", Retry: pay.RetryOtherMethod,
		}}
		payload := b.do(b.as(pay.RolePublic), `mutation($input: BillCreateInput!) { billCreate(input: $input) {
			bill { status allowedActions attempts { id status decline { code key providerCode message retry } } }
			errors { __typename message ... on DeclineError { declineCode providerCode attempt { id bill { lines { title } } } } } } }`,
			vars{"input": b.input(nil)})["billCreate"]
		require.Equal(t, "PENDING", text(t, payload, "bill", "status"))
		require.Equal(t, []any{"pay", "refresh", "cancel"}, get(t, payload, "bill", "allowedActions"))
		require.Equal(t, map[string]any{
			"code": "fraud", "key": "decline.fraud", "providerCode": "F-1", "message": "The bank refused.", "retry": "RETRY_OTHER_METHOD",
		}, get(t, payload, "bill", "attempts", 0, "decline"))
		decline := get(t, payload, "errors", 0)
		require.Equal(t, "DeclineError", text(t, decline, "__typename"))
		require.Equal(t, "F-1", text(t, decline, "providerCode"))
		require.Equal(t, text(t, payload, "bill", "attempts", 0, "id"), text(t, decline, "attempt", "id"))
		require.Equal(t, "One page", text(t, decline, "attempt", "bill", "lines", 0, "title"))
	})
}

func TestBillMutations(t *testing.T) {
	t.Parallel()

	fact(t, "AStatusThatDoesNotAllowItSaysWhatDoes", func(t *testing.T, b *bundle) {
		id := b.bill(b.as(pay.RoleServer), vars{"start": false})
		b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billCancel(idempotencyKey: "1", bill: $id) { bill { status } } }`, vars{"id": id})
		payload := b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billPay(input: {idempotencyKey: "2", bill: $id, payWith: {provider: "test"}}) {
			bill { status } errors { __typename code ... on StateError { from allowed } } } }`, vars{"id": id})["billPay"]
		require.Equal(t, "CANCELED", text(t, payload, "bill", "status"))
		require.Equal(t, []any{map[string]any{
			"__typename": "StateError", "code": "STATE_CONFLICT", "from": "CANCELED", "allowed": []any{"refresh"},
		}}, get(t, payload, "errors"))
	})

	fact(t, "AGuestsBillIsClaimedWithItsToken", func(t *testing.T, b *bundle) {
		payload := b.do(b.as(pay.RolePublic), createDocument, vars{"input": b.input(nil)})["billCreate"]
		id := text(t, payload, "bill", "id")
		const claim = `mutation($id: ID!, $token: String!) { billClaim(bill: $id, accessToken: $token) { bill { payer { externalId } } errors { code path } } }`
		refused := b.do(b.as(pay.RoleUser), claim, vars{"id": id, "token": "gt_wrong"})["billClaim"]
		require.Equal(t, map[string]any{"bill": nil, "errors": []any{map[string]any{"code": "NOT_FOUND", "path": []any{"bill"}}}}, refused)
		claimed := b.do(b.as(pay.RoleUser), claim, vars{"id": id, "token": text(t, payload, "accessToken")})["billClaim"]
		require.Equal(t, "alice", text(t, claimed, "bill", "payer", "externalId"))

		shared := b.do(b.as(pay.RoleServer), `mutation($id: ID!) { billAccessTokenCreate(bill: $id, ttl: "PT1H") { accessToken bill { id } errors { code } } }`, vars{"id": id})
		require.NotEmpty(t, text(t, shared, "billAccessTokenCreate", "accessToken"))
	})

	fact(t, "AUserKeepsWhatIsAbsentAndLosesWhatIsNull", func(t *testing.T, b *bundle) {
		const upsert = `mutation($input: UserUpsertInput!) { userUpsert(input: $input) { user { email name } errors { code path } replayed } }`
		put := func(more vars) any {
			input := vars{"idempotencyKey": uuid.NewString(), "externalId": "carol"}
			for name, value := range more {
				input[name] = value
			}
			return b.do(b.as(pay.RoleServer), upsert, vars{"input": input})["userUpsert"]
		}
		put(vars{"email": "c@example.com", "name": "Carol"})
		kept := put(vars{"email": nil})
		require.Equal(t, map[string]any{"email": nil, "name": "Carol"}, get(t, kept, "user"))
		bad := put(vars{"email": "nonsense"})
		require.Nil(t, get(t, bad, "user"))
		require.Equal(t, []any{map[string]any{"code": "INVALID", "path": []any{"email"}}}, get(t, bad, "errors"))
	})

	fact(t, "AProductIsMadeAndChanged", func(t *testing.T, b *bundle) {
		const upsert = `mutation($input: ProductUpsertInput!) { productUpsert(input: $input) {
			product { id code active prices { amount { decimal currency } interval trial } grants { resources pages giftOf { code } refundPolicy } } errors { code path } } }`
		made := b.do(b.as(pay.RoleAdmin), upsert, vars{"input": vars{
			"idempotencyKey": "1", "code": "monthly", "kind": "SUBSCRIPTION", "title": "Monthly",
			"prices": []vars{{"amount": vars{"amount": 100000, "currency": "RUB"}, "interval": "P1Y"}, {"amount": vars{"amount": 9900, "currency": "RUB"}, "interval": "P1M", "trial": "P7D"}},
			"grants": vars{"resources": []string{"archive"}, "refundPolicy": "KEEP"},
		}})["productUpsert"]
		require.Empty(t, get(t, made, "errors"))
		require.Equal(t, "P1M", text(t, made, "product", "prices", 0, "interval"))
		require.Equal(t, "KEEP", text(t, made, "product", "grants", "refundPolicy"))
		given := text(t, made, "product", "id")
		gift := b.do(b.as(pay.RoleAdmin), upsert, vars{"input": vars{
			"idempotencyKey": "2", "code": "gift", "kind": "GIFT", "title": "A gift",
			"prices": []vars{{"amount": vars{"amount": 1, "currency": "RUB"}}}, "grants": vars{"giftOf": given},
		}})["productUpsert"]
		require.Equal(t, "monthly", text(t, gift, "product", "grants", "giftOf", "code"))

		products := b.do(b.as(pay.RolePublic), `{ products(kind: [GIFT, DIRECT]) { code grants { giftOf { prices { interval } } } } product(code: "gift") { code } none: product { code } }`, nil)
		require.Equal(t, "page", text(t, products, "products", 0, "code"))
		require.Equal(t, "P1M", text(t, products, "products", 1, "grants", "giftOf", "prices", 0, "interval"))
		require.Equal(t, "gift", text(t, products, "product", "code"))
		require.Nil(t, products["none"])
	})

	fact(t, "ProvidersAreNarrowedAndTheDefaultIsFirst", func(t *testing.T, b *bundle) {
		data := b.do(b.as(pay.RolePublic), `{ all: providers { code name sandbox currencies capabilities }
			roubles: providers(for: {amount: 1, currency: "RUB"}) { code } dollars: providers(for: {amount: 1, currency: "USD"}) { code }
			askable: providers(capability: "sync") { code } refunding: providers(capability: "refund") { code } }`, nil)
		require.Equal(t, map[string]any{
			"code": "test", "name": "Test", "sandbox": true, "currencies": []any{"RUB"}, "capabilities": []any{"start", "sync"},
		}, get(t, data, "all", 0))
		require.Len(t, data["all"], 2, "another merchant's are not among them")
		require.Len(t, data["roubles"], 2)
		require.Len(t, data["askable"], 2)
		require.Empty(t, data["dollars"])
		require.Empty(t, data["refunding"])
	})
}

func TestPresenter(t *testing.T) {
	t.Parallel()

	fact(t, "OurOwnFaultsAreBlandAndLoggedOnce", func(t *testing.T, b *bundle) {
		broken := b.as(pay.RoleServer)
		require.NoError(t, b.store.Conn().DB().PingContext(t.Context()))
		_, err := b.store.Conn().DB().ExecContext(t.Context(), `ALTER TABLE bills RENAME TO gone`)
		require.NoError(t, err)
		r := b.try(broken, `{ bills { nodes { id } } }`, nil)
		require.Len(t, r.Errors, 1)
		require.Equal(t, pay.CodeInternal, r.Errors[0].Extensions["code"])
		require.NotContains(t, r.Errors[0].Message, "bills")
		require.Contains(t, b.log.String(), "a field could not be answered")
	})

	t.Run("ADatabaseThatIsAwayIsToldApart", func(t *testing.T) {
		t.Parallel()
		away := errors.New("connection refused")
		var log strings.Builder
		present := graph.Presenter(slog.New(slog.NewTextHandler(&log, nil)), func(err error) bool { return errors.Is(err, away) })
		shown := present(t.Context(), fmt.Errorf("read bills: %w", away))
		require.Equal(t, "UNAVAILABLE", shown.Extensions["code"])
		require.NotContains(t, shown.Message, "refused")
		require.Contains(t, log.String(), "connection refused")
	})

	fact(t, "AValueThatCannotBeReadIsInvalidAndNotRepeated", func(t *testing.T, b *bundle) {
		tests := map[string]vars{
			"TooLargeAmount": {"amountMin": int64(1) << 60},
			"Currency":       {"currency": "secret"},
			"Instant":        {"createdFrom": "4111111111111111"},
		}
		for name, filter := range tests {
			r := b.try(b.as(pay.RoleServer), `query($filter: BillFilter) { bills(filter: $filter) { nodes { id } } }`, vars{"filter": filter})
			require.Len(t, r.Errors, 1, name)
			require.Equal(t, pay.CodeInvalid, r.Errors[0].Extensions["code"], name)
			require.NotContains(t, r.Errors[0].Message, "secret", name)
			require.NotContains(t, r.Errors[0].Message, "4111", name)
		}
		require.Empty(t, b.log.String())
	})

	fact(t, "AnIntegerThatIsTooLargeIsInvalid", func(t *testing.T, b *bundle) {
		r := b.try(b.as(pay.RoleServer), `query($filter: BillFilter) { bills(filter: $filter) { nodes { id } } }`, vars{"filter": vars{"amountMax": json.RawMessage("99999999999999999999")}})
		require.Equal(t, pay.CodeInvalid, r.Errors[0].Extensions["code"])
		require.NotContains(t, r.Errors[0].Message, "999")
	})
}
