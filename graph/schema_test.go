package graph_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// loadSchema reads and validates one file of definitions.
func loadSchema(t *testing.T, path string) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return parseSchema(t, string(text))
}

func parseSchema(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: t.Name(), Input: text})
	require.NoError(t, err)
	return schema
}

func publicSchema(t *testing.T) *ast.Schema {
	t.Helper()
	return loadSchema(t, "../schema.graphql")
}

// walk calls visit for everything of the schema that can have a description,
// under the name that a person would look for: Bill.total, Query.bill(id:).
func walk(schema *ast.Schema, visit func(name, description string)) {
	for _, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		visit(def.Name, def.Description)
		for _, field := range ownFields(def) {
			visit(def.Name+"."+field.Name, field.Description)
			for _, arg := range field.Arguments {
				visit(fmt.Sprintf("%s.%s(%s:)", def.Name, field.Name, arg.Name), arg.Description)
			}
		}
		for _, value := range def.EnumValues {
			visit(def.Name+"."+value.Name, value.Description)
		}
	}
	for _, directive := range schema.Directives {
		if directive.Position == nil || directive.Position.Src.BuiltIn {
			continue
		}
		visit("@"+directive.Name, directive.Description)
		for _, arg := range directive.Arguments {
			visit(fmt.Sprintf("@%s(%s:)", directive.Name, arg.Name), arg.Description)
		}
	}
}

// ownFields leaves out __schema and __type, which gqlparser adds to Query.
func ownFields(def *ast.Definition) ast.FieldList {
	var own ast.FieldList
	for _, field := range def.Fields {
		if !strings.HasPrefix(field.Name, "__") {
			own = append(own, field)
		}
	}
	return own
}

func rootFields(schema *ast.Schema) map[string]*ast.FieldDefinition {
	roots := map[string]*ast.FieldDefinition{}
	for _, def := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		for _, field := range ownFields(def) {
			roots[def.Name+"."+field.Name] = field
		}
	}
	return roots
}

func TestSchema_EverythingIsDescribed(t *testing.T) {
	t.Parallel()

	const shortest = 8 // characters: enough for "By what.", not for "x"
	var bare []string
	visited := 0
	walk(publicSchema(t), func(name, description string) {
		visited++
		text := strings.TrimSpace(description)
		if len(text) < shortest || !strings.HasSuffix(text, ".") {
			bare = append(bare, name)
		}
	})
	require.Greater(t, visited, 500, "the walk missed most of the schema")
	require.Empty(t, bare, "these have no description that is a sentence")
}

func TestSchema_EveryRootFieldSaysWhoMayCallIt(t *testing.T) {
	t.Parallel()

	schema := publicSchema(t)
	var open []string
	for name, field := range rootFields(schema) {
		rule := field.Directives.ForName("auth")
		if rule == nil || len(rule.Arguments.ForName("any").Value.Children) == 0 {
			open = append(open, name)
		}
	}
	require.Empty(t, open, "these root fields have no @auth")
}

// Below the root nothing is guarded by role: a denial there would null a parent
// that the caller may see. Rows are guarded in the services.
func TestSchema_OnlyRootFieldsHaveAuth(t *testing.T) {
	t.Parallel()

	schema := publicSchema(t)
	roots := rootFields(schema)
	var guarded []string
	for _, def := range schema.Types {
		for _, field := range ownFields(def) {
			name := def.Name + "." + field.Name
			if field.Directives.ForName("auth") != nil && roots[name] == nil {
				guarded = append(guarded, name)
			}
		}
	}
	require.Empty(t, guarded)
}

func TestSchema_RootFieldsAreForTheseRoles(t *testing.T) {
	t.Parallel()

	const (
		everybody    = "PUBLIC GUEST USER SERVER SUPPORT FINANCE ADMIN"
		knownPayers  = "GUEST USER SERVER SUPPORT FINANCE ADMIN"
		merchantSide = "SERVER SUPPORT FINANCE ADMIN"
	)
	want := map[string]string{
		"Query.node":            everybody,
		"Query.nodes":           everybody,
		"Query.viewer":          everybody,
		"Query.products":        everybody,
		"Query.product":         everybody,
		"Query.providers":       everybody,
		"Query.bill":            everybody,
		"Query.bills":           merchantSide,
		"Query.billByReference": merchantSide,
		"Query.billTotals":      merchantSide,
		"Query.reviewCases":     "SUPPORT FINANCE ADMIN",
		"Query.user":            merchantSide,
		"Query.users":           merchantSide,

		"Query.cardRegistration":     knownPayers,
		"Query.billingSubscription":  "USER SERVER SUPPORT FINANCE ADMIN",
		"Query.billingSubscriptions": merchantSide,
		"Query.gift":                 everybody,

		"Mutation.billCreate":                    "PUBLIC USER SERVER ADMIN",
		"Mutation.billPay":                       "GUEST USER SERVER ADMIN",
		"Mutation.billRefresh":                   knownPayers,
		"Mutation.billCancel":                    knownPayers,
		"Mutation.billCapture":                   "SERVER FINANCE ADMIN",
		"Mutation.billClaim":                     "USER",
		"Mutation.billAccessTokenCreate":         "SERVER",
		"Mutation.reviewResolve":                 "FINANCE ADMIN",
		"Mutation.refundCreate":                  merchantSide,
		"Mutation.refundApprove":                 "FINANCE ADMIN",
		"Mutation.refundReject":                  "FINANCE ADMIN",
		"Mutation.cardRegistrationStart":         "USER SERVER ADMIN",
		"Mutation.cardRegistrationFinish":        "GUEST USER SERVER ADMIN",
		"Mutation.cardRemove":                    "USER SERVER ADMIN",
		"Mutation.cardSetDefault":                "USER SERVER ADMIN",
		"Mutation.billingSubscriptionCreate":     "USER SERVER ADMIN",
		"Mutation.billingSubscriptionCancel":     "USER SERVER ADMIN",
		"Mutation.billingSubscriptionResume":     "USER SERVER ADMIN",
		"Mutation.billingSubscriptionPause":      "USER SERVER ADMIN",
		"Mutation.billingSubscriptionChangeCard": "USER SERVER ADMIN",
		"Mutation.giftRedeem":                    "USER",
		"Mutation.testClockCreate":               "SERVER ADMIN",
		"Mutation.testClockAdvance":              "SERVER ADMIN",
		"Mutation.testClockAttach":               "SERVER ADMIN",

		"Mutation.userUpsert":    "SERVER ADMIN",
		"Mutation.productUpsert": "SERVER ADMIN",

		"Subscription.billUpdated":         knownPayers,
		"Subscription.viewerBillUpdated":   "USER",
		"Subscription.merchantBillUpdated": merchantSide,

		"Subscription.cardRegistrationUpdated":          knownPayers,
		"Subscription.billingSubscriptionUpdated":       "USER SERVER SUPPORT FINANCE ADMIN",
		"Subscription.viewerBillingSubscriptionUpdated": "USER",
	}
	got := map[string]string{}
	for name, field := range rootFields(publicSchema(t)) {
		var roles []string
		for _, role := range field.Directives.ForName("auth").Arguments.ForName("any").Value.Children {
			roles = append(roles, role.Value.Raw)
		}
		got[name] = strings.Join(roles, " ")
	}
	require.Equal(t, want, got, "a new root field needs a row here: decide who may call it")
}

// A list of strings is an enum that may grow without breaking a client. Its
// description is the only place where the values stand.
func TestSchema_ListsOfWordsNameTheirWords(t *testing.T) {
	t.Parallel()

	words := map[string]string{
		"Bill.allowedActions":                "pay refresh cancel capture refund claim",
		"BillingSubscription.allowedActions": "cancel resume pause change_card",
		"Provider.capabilities":              "start sync webhooks two_stage capture partial_capture void refund partial_refund expire save_card charge_saved",
		"Viewer.permissions": "catalogue.read catalogue.write bills.create bills.create_custom bills.read_own bills.read_all bills.pay bills.refresh " +
			"bills.cancel bills.capture bills.claim bills.share refunds.create refunds.approve " +
			"cards.register cards.finish cards.manage subscriptions.read_all subscriptions.manage gifts.read gifts.redeem clocks.manage " +
			"reviews.read reviews.resolve users.read users.write",
		"Merchant.webhookEventTypes": "bill.created bill.authorized bill.paid bill.done bill.amount_mismatch bill.failed bill.expired bill.canceled bill.refunded " +
			"review_case.opened review_case.resolved",
		"Entitlement.kind":             "resource page",
		"User.entitlements(kind:)":     "resource page",
		"RedirectAction.httpMethod":    "GET POST",
		"Query.providers(capability:)": "Provider.capabilities",
		"StateError.allowed":           "allowedActions",
		// These are the caller's own words, or a path into its own input.
		"ProductGrants.resources":      "",
		"ProductGrantsInput.resources": "",
		"UserError.path":               "",
		"InputError.path":              "",
		"StateError.path":              "",
		"IdempotencyError.path":        "",
		"DeclineError.path":            "",
		"LimitError.path":              "",
		"BillFilter.provider":          "Provider.code",
	}
	schema := publicSchema(t)

	var missing []string
	walk(schema, func(name, description string) {
		for word := range strings.FieldsSeq(words[name]) {
			if !strings.Contains(description, "`"+word+"`") {
				missing = append(missing, name+": "+word)
			}
		}
	})
	require.Empty(t, missing, "these descriptions do not name all their values")

	var unlisted []string
	for _, def := range schema.Types {
		for _, field := range ownFields(def) {
			name := def.Name + "." + field.Name
			_, listed := words[name]
			if !def.BuiltIn && field.Type.Elem != nil && field.Type.Name() == "String" && !listed {
				unlisted = append(unlisted, name)
			}
		}
	}
	require.Empty(t, unlisted, "a new list of strings needs a row here, with its values")
}

// Whoever reads an amount has to know in which unit.
func TestSchema_AmountsStateTheirUnit(t *testing.T) {
	t.Parallel()

	var silent []string
	for _, def := range publicSchema(t).Types {
		for _, field := range ownFields(def) {
			switch field.Type.Name() {
			case "Money", "MoneyInput", "MinorUnits":
				if !strings.Contains(field.Description, "minor units") {
					silent = append(silent, def.Name+"."+field.Name)
				}
			}
			for _, arg := range field.Arguments {
				if arg.Type.Name() == "MoneyInput" && !strings.Contains(arg.Description, "minor units") {
					silent = append(silent, def.Name+"."+field.Name+"("+arg.Name+":)")
				}
			}
		}
	}
	require.Empty(t, silent)
}

// The cost of a list is known before it is read only if the list says so.
func TestSchema_ListsOfObjectsHaveACost(t *testing.T) {
	t.Parallel()

	schema := publicSchema(t)
	var free []string
	for _, def := range schema.Types {
		if def.BuiltIn || def.Kind != ast.Object || strings.HasSuffix(def.Name, "Connection") {
			continue // a connection's own lists are paid for where its `first` is
		}
		for _, field := range ownFields(def) {
			kind := schema.Types[field.Type.Name()].Kind
			isList := field.Type.Elem != nil || strings.HasSuffix(field.Type.Name(), "Connection")
			isObjects := kind == ast.Object || kind == ast.Interface && field.Type.Name() != "UserError"
			if isList && isObjects && field.Directives.ForName("cost") == nil {
				free = append(free, def.Name+"."+field.Name)
			}
		}
	}
	require.Empty(t, free)
}
