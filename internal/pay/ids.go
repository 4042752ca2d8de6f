package pay

import (
	"io"
	"time"
)

// The ids of the tables, one type each. New…ID makes a fresh one for an
// instant; Parse…ID reads what String wrote and wraps ErrMalformedID otherwise.
// A ledger account's is derived: LedgerAccountIDOf.
type (
	// MerchantID names one of the merchants: whose shop it is.
	MerchantID struct{ id[merchantKind] }
	// APIKeyID names one of the api keys, publishable and secret.
	APIKeyID struct{ id[apiKeyKind] }
	// UserID names one of the payers.
	UserID struct{ id[userKind] }
	// WalletID names one of the wallets, one per user and currency.
	WalletID struct{ id[walletKind] }
	// LedgerAccountID names one of the ledger accounts.
	LedgerAccountID struct{ id[ledgerAccountKind] }
	// LedgerEntryID names one of the ledger entries, the legs of transfers.
	LedgerEntryID struct{ id[ledgerEntryKind] }
	// ProductID names one of the products of the catalogue.
	ProductID struct{ id[productKind] }
	// PriceID names one of the prices of products.
	PriceID struct{ id[priceKind] }
	// BillID names one of the bills.
	BillID struct{ id[billKind] }
	// BillLineID names one of the lines of bills.
	BillLineID struct{ id[billLineKind] }
	// AttemptID names one of the payment attempts on bills.
	AttemptID struct{ id[attemptKind] }
	// OperationID names one of the operations on attempts: each write to a provider.
	OperationID struct{ id[operationKind] }
	// ReviewCaseID names one of the review cases, for a person to resolve.
	ReviewCaseID struct{ id[reviewCaseKind] }
	// RefundID names one of the refunds.
	RefundID struct{ id[refundKind] }
	// EntitlementID names one of the entitlements granted by bills.
	EntitlementID struct{ id[entitlementKind] }
	// ProviderEventID names one of the raw notifications of providers.
	ProviderEventID struct{ id[providerEventKind] }
	// IdempotencyRecordID names one of the idempotency records.
	IdempotencyRecordID struct{ id[idempotencyRecordKind] }
	// OutboxMessageID names one of the messages to merchants and payers, waiting to go out.
	OutboxMessageID struct{ id[outboxMessageKind] }
	// JobID names one of the durable jobs.
	JobID struct{ id[jobKind] }
	// CardID names one of the saved cards.
	CardID struct{ id[cardKind] }
	// CardRegistrationID names one of the registrations of cards.
	CardRegistrationID struct{ id[cardRegistrationKind] }
	// SubscriptionID names one of the billing subscriptions.
	SubscriptionID struct{ id[subscriptionKind] }
	// GiftID names one of the gifts.
	GiftID struct{ id[giftKind] }
	// MailID names one of the mails to payers and recipients.
	MailID struct{ id[mailKind] }
	// TestClockID names one of the test clocks.
	TestClockID struct{ id[testClockKind] }
)

type (
	merchantKind          struct{}
	apiKeyKind            struct{}
	userKind              struct{}
	walletKind            struct{}
	ledgerAccountKind     struct{}
	ledgerEntryKind       struct{}
	productKind           struct{}
	priceKind             struct{}
	billKind              struct{}
	billLineKind          struct{}
	attemptKind           struct{}
	operationKind         struct{}
	reviewCaseKind        struct{}
	refundKind            struct{}
	entitlementKind       struct{}
	providerEventKind     struct{}
	idempotencyRecordKind struct{}
	outboxMessageKind     struct{}
	jobKind               struct{}
	cardKind              struct{}
	cardRegistrationKind  struct{}
	subscriptionKind      struct{}
	giftKind              struct{}
	mailKind              struct{}
	testClockKind         struct{}
)

func (merchantKind) prefix() string          { return "mer" }
func (apiKeyKind) prefix() string            { return "key" }
func (userKind) prefix() string              { return "user" }
func (walletKind) prefix() string            { return "wal" }
func (ledgerAccountKind) prefix() string     { return "acc" }
func (ledgerEntryKind) prefix() string       { return "le" }
func (productKind) prefix() string           { return "prod" }
func (priceKind) prefix() string             { return "price" }
func (billKind) prefix() string              { return "bill" }
func (billLineKind) prefix() string          { return "line" }
func (attemptKind) prefix() string           { return "att" }
func (operationKind) prefix() string         { return "op" }
func (reviewCaseKind) prefix() string        { return "rev" }
func (refundKind) prefix() string            { return "ref" }
func (entitlementKind) prefix() string       { return "ent" }
func (providerEventKind) prefix() string     { return "pev" }
func (idempotencyRecordKind) prefix() string { return "idem" }
func (outboxMessageKind) prefix() string     { return "msg" }
func (jobKind) prefix() string               { return "job" }
func (cardKind) prefix() string              { return "card" }
func (cardRegistrationKind) prefix() string  { return "creg" }
func (subscriptionKind) prefix() string      { return "sub" }
func (giftKind) prefix() string              { return "gift" }
func (mailKind) prefix() string              { return "mail" }
func (testClockKind) prefix() string         { return "clock" }

// NewMerchantID returns a fresh id made at the given instant.
func NewMerchantID(at time.Time) MerchantID { return MerchantID{newID[merchantKind](at)} }

// NewAPIKeyID returns a fresh id made at the given instant.
func NewAPIKeyID(at time.Time) APIKeyID { return APIKeyID{newID[apiKeyKind](at)} }

// NewUserID returns a fresh id made at the given instant.
func NewUserID(at time.Time) UserID { return UserID{newID[userKind](at)} }

// NewWalletID returns a fresh id made at the given instant.
func NewWalletID(at time.Time) WalletID { return WalletID{newID[walletKind](at)} }

// NewLedgerEntryID returns a fresh id made at the given instant.
func NewLedgerEntryID(at time.Time) LedgerEntryID { return LedgerEntryID{newID[ledgerEntryKind](at)} }

// NewProductID returns a fresh id made at the given instant.
func NewProductID(at time.Time) ProductID { return ProductID{newID[productKind](at)} }

// NewPriceID returns a fresh id made at the given instant.
func NewPriceID(at time.Time) PriceID { return PriceID{newID[priceKind](at)} }

// NewBillID returns a fresh id made at the given instant.
func NewBillID(at time.Time) BillID { return BillID{newID[billKind](at)} }

// NewBillLineID returns a fresh id made at the given instant.
func NewBillLineID(at time.Time) BillLineID { return BillLineID{newID[billLineKind](at)} }

// NewAttemptID returns a fresh id made at the given instant.
func NewAttemptID(at time.Time) AttemptID { return AttemptID{newID[attemptKind](at)} }

// NewOperationID returns a fresh id made at the given instant.
func NewOperationID(at time.Time) OperationID { return OperationID{newID[operationKind](at)} }

// NewReviewCaseID returns a fresh id made at the given instant.
func NewReviewCaseID(at time.Time) ReviewCaseID { return ReviewCaseID{newID[reviewCaseKind](at)} }

// NewRefundID returns a fresh id made at the given instant.
func NewRefundID(at time.Time) RefundID { return RefundID{newID[refundKind](at)} }

// NewEntitlementID returns a fresh id made at the given instant.
func NewEntitlementID(at time.Time) EntitlementID { return EntitlementID{newID[entitlementKind](at)} }

// NewProviderEventID returns a fresh id made at the given instant.
func NewProviderEventID(at time.Time) ProviderEventID {
	return ProviderEventID{newID[providerEventKind](at)}
}

// NewIdempotencyRecordID returns a fresh id made at the given instant.
func NewIdempotencyRecordID(at time.Time) IdempotencyRecordID {
	return IdempotencyRecordID{newID[idempotencyRecordKind](at)}
}

// NewOutboxMessageID returns a fresh id made at the given instant.
func NewOutboxMessageID(at time.Time) OutboxMessageID {
	return OutboxMessageID{newID[outboxMessageKind](at)}
}

// NewJobID returns a fresh id made at the given instant.
func NewJobID(at time.Time) JobID { return JobID{newID[jobKind](at)} }

// NewCardID returns a fresh id made at the given instant.
func NewCardID(at time.Time) CardID { return CardID{newID[cardKind](at)} }

// NewCardRegistrationID returns a fresh id made at the given instant.
func NewCardRegistrationID(at time.Time) CardRegistrationID {
	return CardRegistrationID{newID[cardRegistrationKind](at)}
}

// NewSubscriptionID returns a fresh id made at the given instant.
func NewSubscriptionID(at time.Time) SubscriptionID {
	return SubscriptionID{newID[subscriptionKind](at)}
}

// NewGiftID returns a fresh id made at the given instant.
func NewGiftID(at time.Time) GiftID { return GiftID{newID[giftKind](at)} }

// NewMailID returns a fresh id made at the given instant.
func NewMailID(at time.Time) MailID { return MailID{newID[mailKind](at)} }

// NewTestClockID returns a fresh id made at the given instant.
func NewTestClockID(at time.Time) TestClockID { return TestClockID{newID[testClockKind](at)} }

// ParseMerchantID reads a TypeID with the prefix mer.
func ParseMerchantID(s string) (MerchantID, error) {
	parsed, err := parseID[merchantKind](s)
	return MerchantID{parsed}, err
}

// ParseUserID reads a TypeID with the prefix user.
func ParseUserID(s string) (UserID, error) {
	parsed, err := parseID[userKind](s)
	return UserID{parsed}, err
}

// ParseWalletID reads a TypeID with the prefix wal.
func ParseWalletID(s string) (WalletID, error) {
	parsed, err := parseID[walletKind](s)
	return WalletID{parsed}, err
}

// ParseLedgerEntryID reads a TypeID with the prefix le.
func ParseLedgerEntryID(s string) (LedgerEntryID, error) {
	parsed, err := parseID[ledgerEntryKind](s)
	return LedgerEntryID{parsed}, err
}

// ParseProductID reads a TypeID with the prefix prod.
func ParseProductID(s string) (ProductID, error) {
	parsed, err := parseID[productKind](s)
	return ProductID{parsed}, err
}

// ParsePriceID reads a TypeID with the prefix price.
func ParsePriceID(s string) (PriceID, error) {
	parsed, err := parseID[priceKind](s)
	return PriceID{parsed}, err
}

// ParseBillID reads a TypeID with the prefix bill.
func ParseBillID(s string) (BillID, error) {
	parsed, err := parseID[billKind](s)
	return BillID{parsed}, err
}

// ParseAttemptID reads a TypeID with the prefix att.
func ParseAttemptID(s string) (AttemptID, error) {
	parsed, err := parseID[attemptKind](s)
	return AttemptID{parsed}, err
}

// ParseProviderEventID reads a TypeID with the prefix pev.
func ParseProviderEventID(s string) (ProviderEventID, error) {
	parsed, err := parseID[providerEventKind](s)
	return ProviderEventID{parsed}, err
}

// ParseReviewCaseID reads a TypeID with the prefix rev.
func ParseReviewCaseID(s string) (ReviewCaseID, error) {
	parsed, err := parseID[reviewCaseKind](s)
	return ReviewCaseID{parsed}, err
}

// ParseRefundID reads a TypeID with the prefix ref.
func ParseRefundID(s string) (RefundID, error) {
	parsed, err := parseID[refundKind](s)
	return RefundID{parsed}, err
}

// ParseEntitlementID reads a TypeID with the prefix ent.
func ParseEntitlementID(s string) (EntitlementID, error) {
	parsed, err := parseID[entitlementKind](s)
	return EntitlementID{parsed}, err
}

// ParseCardID reads a TypeID with the prefix card.
func ParseCardID(s string) (CardID, error) {
	parsed, err := parseID[cardKind](s)
	return CardID{parsed}, err
}

// ParseCardRegistrationID reads a TypeID with the prefix creg.
func ParseCardRegistrationID(s string) (CardRegistrationID, error) {
	parsed, err := parseID[cardRegistrationKind](s)
	return CardRegistrationID{parsed}, err
}

// ParseSubscriptionID reads a TypeID with the prefix sub.
func ParseSubscriptionID(s string) (SubscriptionID, error) {
	parsed, err := parseID[subscriptionKind](s)
	return SubscriptionID{parsed}, err
}

// ParseGiftID reads a TypeID with the prefix gift.
func ParseGiftID(s string) (GiftID, error) {
	parsed, err := parseID[giftKind](s)
	return GiftID{parsed}, err
}

// ParseMailID reads a TypeID with the prefix mail.
func ParseMailID(s string) (MailID, error) {
	parsed, err := parseID[mailKind](s)
	return MailID{parsed}, err
}

// ParseTestClockID reads a TypeID with the prefix clock.
func ParseTestClockID(s string) (TestClockID, error) {
	parsed, err := parseID[testClockKind](s)
	return TestClockID{parsed}, err
}

// LedgerAccountIDOf returns the id of the account that these words describe.
// It is derived, so two processes that first need an account agree on its id.
func LedgerAccountIDOf(merchant MerchantID, kind AccountKind, currency Currency, owner string) LedgerAccountID {
	return LedgerAccountID{derivedID[ledgerAccountKind](merchant.UUID(), string(kind), string(currency), owner)}
}

// The ids that the API shows write and read themselves as GraphQL strings.

// MarshalGQL writes the TypeID.
func (i MerchantID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *MerchantID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i UserID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *UserID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i WalletID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *WalletID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i ProductID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *ProductID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i PriceID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *PriceID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i BillID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *BillID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i AttemptID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *AttemptID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i ReviewCaseID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *ReviewCaseID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i RefundID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *RefundID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i EntitlementID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *EntitlementID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i LedgerEntryID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *LedgerEntryID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i CardID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *CardID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i CardRegistrationID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *CardRegistrationID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i SubscriptionID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *SubscriptionID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i GiftID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *GiftID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }

// MarshalGQL writes the TypeID.
func (i TestClockID) MarshalGQL(w io.Writer) { i.marshalGQL(w) }

// UnmarshalGQL reads a TypeID.
func (i *TestClockID) UnmarshalGQL(v any) error { return i.unmarshalGQL(v) }
