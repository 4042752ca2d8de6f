package pay

// Role is who asks.
type Role string

// The roles, from the least trusted to the most.
const (
	RolePublic  Role = "PUBLIC"  // a publishable key in a page
	RoleGuest   Role = "GUEST"   // a capability token of one bill
	RoleUser    Role = "USER"    // a signed-in payer
	RoleServer  Role = "SERVER"  // a merchant's secret key
	RoleSupport Role = "SUPPORT" // a person at the console: looks, and refunds a little
	RoleFinance Role = "FINANCE" // a person at the console: moves money
	RoleAdmin   Role = "ADMIN"   // a person at the console: everything of the merchant's
)

// Roles lists every role.
func Roles() []Role {
	return []Role{RolePublic, RoleGuest, RoleUser, RoleServer, RoleSupport, RoleFinance, RoleAdmin}
}

// IsPerson reports whether the role is held by a person at the console.
func (r Role) IsPerson() bool { return r == RoleSupport || r == RoleFinance || r == RoleAdmin }

// IsMerchantSide reports whether the role sees all of its merchant's objects.
func (r Role) IsMerchantSide() bool { return r == RoleServer || r.IsPerson() }
