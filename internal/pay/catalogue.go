package pay

// ProductKind is what buying a product does.
type ProductKind string

// The kinds of products.
const (
	ProductDirect       ProductKind = "DIRECT"       // grants resources, or one named page
	ProductSubscription ProductKind = "SUBSCRIPTION" // grants resources while it is renewed
	ProductGift         ProductKind = "GIFT"         // gives another product to somebody
	ProductTopUp        ProductKind = "TOP_UP"       // credits a wallet
)

// ProductKinds lists every kind.
func ProductKinds() []ProductKind {
	return []ProductKind{ProductDirect, ProductSubscription, ProductGift, ProductTopUp}
}

// RefundPolicy is what a full refund does to what was granted.
type RefundPolicy string

// The refund policies.
const (
	RefundRevoke RefundPolicy = "REVOKE" // takes it back
	RefundKeep   RefundPolicy = "KEEP"   // leaves it
)

// RefundPolicies lists every policy.
func RefundPolicies() []RefundPolicy { return []RefundPolicy{RefundRevoke, RefundKeep} }

// MethodKind is what kind of thing paid.
type MethodKind string

// The kinds of payment methods.
const (
	MethodCard     MethodKind = "CARD"
	MethodWallet   MethodKind = "WALLET"
	MethodTelegram MethodKind = "TELEGRAM"
	MethodOther    MethodKind = "OTHER"
)

// MethodKinds lists every kind of method.
func MethodKinds() []MethodKind {
	return []MethodKind{MethodCard, MethodWallet, MethodTelegram, MethodOther}
}
