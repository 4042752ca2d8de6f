package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/bill"
	"github.com/paygraph/paygraph/ent/cardregistration"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A guest token opens one bill, or one card registration. It is derived and
// never stored: its prefix ("gt_" of a bill, "rt_" of a registration) and, in
// base64url without padding, 72 bytes
//
//	object 16 | merchant 16 | token version 4 | expiry in Unix seconds 4 | MAC 32
//
// where the MAC is HMAC-SHA256 under a server key of the kind's domain and the 40
// bytes before it. The domains keep the kinds apart: what is cut from one token
// and put under the other's prefix has a wrong signature. All fields have fixed
// lengths and 72 is a multiple of three, so a token has one spelling.
const (
	guestPrefix        = "gt_"
	guestDomain        = "paygraph guest token v1\x00"
	registrationPrefix = "rt_"
	registrationDomain = "paygraph card registration token v1\x00"
	guestBodyBytes     = 40
	guestBytes         = guestBodyBytes + sha256.Size
)

// registrationTokenVersion is the version of every registration's tokens: they
// are short-lived, and none is revoked by itself.
const registrationTokenVersion = 1

// billState is what a guest token is compared with.
type billState struct {
	merchant     pay.MerchantID
	tokenVersion int
}

// GuestToken returns the token that opens the bill until expires (cut to whole
// seconds) or until its token version is raised. The same words always give the
// same token, so a replay returns it again.
func (a *Authenticator) GuestToken(merchant pay.MerchantID, bill pay.BillID, tokenVersion int, expires time.Time) string {
	return guestPrefix + a.sign(guestDomain, bill.Bytes(), merchant, tokenVersion, expires)
}

// RegistrationToken returns the token that opens the card registration until
// expires (cut to whole seconds). The same words always give the same token.
func (a *Authenticator) RegistrationToken(merchant pay.MerchantID, registration pay.CardRegistrationID, expires time.Time) string {
	return registrationPrefix + a.sign(registrationDomain, registration.Bytes(), merchant, registrationTokenVersion, expires)
}

func (a *Authenticator) sign(domain string, object []byte, merchant pay.MerchantID, tokenVersion int, expires time.Time) string {
	token := make([]byte, 0, guestBytes)
	token = append(token, object...)
	token = append(token, merchant.Bytes()...)
	token = binary.BigEndian.AppendUint32(token, clampUint32(int64(tokenVersion)))
	token = binary.BigEndian.AppendUint32(token, clampUint32(expires.Unix()))
	token = append(token, guestMAC(domain, a.guestKeys[0], token)...)
	return base64.RawURLEncoding.EncodeToString(token)
}

func (a *Authenticator) byGuestToken(ctx context.Context, text string) (viewer.Viewer, error) {
	body, err := a.verify(guestDomain, text[len(guestPrefix):])
	if err != nil {
		return viewer.Viewer{}, err
	}
	var id pay.BillID
	if err := id.Scan(body.object); err != nil {
		return viewer.Viewer{}, fmt.Errorf("read a guest token's bill: %w", err)
	}
	good, err := a.opensBill(ctx, id, billState{merchant: body.merchant, tokenVersion: body.version})
	if err != nil {
		return viewer.Viewer{}, err
	}
	if !good {
		return viewer.Viewer{}, errRevoked()
	}
	return viewer.Viewer{Role: pay.RoleGuest, Merchant: body.merchant, Bill: id, Principal: "bill/" + id.String(), Expires: body.expires}, nil
}

func (a *Authenticator) byRegistrationToken(ctx context.Context, text string) (viewer.Viewer, error) {
	body, err := a.verify(registrationDomain, text[len(registrationPrefix):])
	if err != nil {
		return viewer.Viewer{}, err
	}
	var id pay.CardRegistrationID
	if err := id.Scan(body.object); err != nil {
		return viewer.Viewer{}, fmt.Errorf("read a guest token's card registration: %w", err)
	}
	good := body.version == registrationTokenVersion
	if good {
		if good, err = a.opensRegistration(ctx, id, body.merchant); err != nil {
			return viewer.Viewer{}, err
		}
	}
	if !good {
		return viewer.Viewer{}, errRevoked()
	}
	return viewer.Viewer{
		Role: pay.RoleGuest, Merchant: body.merchant, Registration: id,
		Principal: "registration/" + id.String(), Expires: body.expires,
	}, nil
}

// guestBody is what a token says whose signature is ours.
type guestBody struct {
	object   []byte
	merchant pay.MerchantID
	version  int
	expires  time.Time
}

// verify reads the text after a token's prefix. It returns CodeUnauthenticated
// for what is malformed, not ours in that domain, or expired.
func (a *Authenticator) verify(domain, text string) (guestBody, error) {
	token, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(token) != guestBytes {
		return guestBody{}, errMalformed()
	}
	body, mac := token[:guestBodyBytes], token[guestBodyBytes:]
	if !a.isOurs(domain, body, mac) {
		return guestBody{}, refuse("auth.bad_signature", "The token's signature is wrong.")
	}
	read := guestBody{
		object:  body[:16],
		version: int(binary.BigEndian.Uint32(body[32:])),
		expires: time.Unix(int64(binary.BigEndian.Uint32(body[36:])), 0).UTC(),
	}
	if err := read.merchant.Scan(body[16:32]); err != nil {
		return guestBody{}, fmt.Errorf("read a guest token's merchant: %w", err)
	}
	if !a.clock.Now().Before(read.expires) {
		return guestBody{}, errExpired()
	}
	return read, nil
}

// isOurs compares mac with that of every key, in constant time.
func (a *Authenticator) isOurs(domain string, body, mac []byte) bool {
	ours := false
	for _, key := range a.guestKeys {
		ours = hmac.Equal(mac, guestMAC(domain, key, body)) || ours
	}
	return ours
}

// opensBill reports whether the bill exists and is still as the token says.
// What is remembered may only say yes: the token may be newer than it.
func (a *Authenticator) opensBill(ctx context.Context, id pay.BillID, claimed billState) (bool, error) {
	if known, ok := a.bills.Peek(id); ok && known == claimed {
		return true, nil
	}
	now := a.clock.Now()
	row, err := a.store.Read().Bill.Query().Where(bill.ID(id)).
		Select(bill.FieldMerchantID, bill.FieldTokenVersion).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up bill %s for its token: %w", id, err)
	}
	known := billState{merchant: row.MerchantID, tokenVersion: row.TokenVersion}
	a.bills.Put(id, known, now)
	return known == claimed, nil
}

// opensRegistration reports whether the merchant has such a card registration.
// One that exists exists for ever.
func (a *Authenticator) opensRegistration(ctx context.Context, id pay.CardRegistrationID, claimed pay.MerchantID) (bool, error) {
	if known, ok := a.registrations.Peek(id); ok {
		return known == claimed, nil
	}
	now := a.clock.Now()
	row, err := a.store.Read().CardRegistration.Query().Where(cardregistration.ID(id)).
		Select(cardregistration.FieldMerchantID).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up card registration %s for its token: %w", id, err)
	}
	a.registrations.Put(id, row.MerchantID, now)
	return row.MerchantID == claimed, nil
}

func guestMAC(domain string, key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(domain))
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}

// clampUint32 keeps n within four bytes: seconds up to the year 2106.
func clampUint32(n int64) uint32 {
	return uint32(min(max(n, 0), math.MaxUint32))
}
