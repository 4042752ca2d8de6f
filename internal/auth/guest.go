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
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/viewer"
)

// A guest token opens one bill. It is derived and never stored: "gt_" and, in
// base64url without padding, 72 bytes
//
//	bill 16 | merchant 16 | token version 4 | expiry in Unix seconds 4 | MAC 32
//
// where the MAC is HMAC-SHA256 under a server key of guestDomain and the 40
// bytes before it. All fields have fixed lengths and 72 is a multiple of three,
// so a token has one spelling.
const (
	guestPrefix    = "gt_"
	guestDomain    = "paygraph guest token v1\x00"
	guestBodyBytes = 40
	guestBytes     = guestBodyBytes + sha256.Size
)

// billState is what a guest token is compared with.
type billState struct {
	merchant     pay.MerchantID
	tokenVersion int
}

// GuestToken returns the token that opens the bill until expires (cut to whole
// seconds) or until its token version is raised. The same words always give the
// same token, so a replay returns it again.
func (a *Authenticator) GuestToken(merchant pay.MerchantID, bill pay.BillID, tokenVersion int, expires time.Time) string {
	token := make([]byte, 0, guestBytes)
	token = append(token, bill.Bytes()...)
	token = append(token, merchant.Bytes()...)
	token = binary.BigEndian.AppendUint32(token, clampUint32(int64(tokenVersion)))
	token = binary.BigEndian.AppendUint32(token, clampUint32(expires.Unix()))
	token = append(token, guestMAC(a.guestKeys[0], token)...)
	return guestPrefix + base64.RawURLEncoding.EncodeToString(token)
}

func (a *Authenticator) byGuestToken(ctx context.Context, text string) (viewer.Viewer, error) {
	token, err := base64.RawURLEncoding.Strict().DecodeString(text[len(guestPrefix):])
	if err != nil || len(token) != guestBytes {
		return viewer.Viewer{}, errMalformed()
	}
	body, mac := token[:guestBodyBytes], token[guestBodyBytes:]
	if !a.isOurs(body, mac) {
		return viewer.Viewer{}, refuse("auth.bad_signature", "The token's signature is wrong.")
	}
	var id pay.BillID
	var merchant pay.MerchantID
	if err := scanIDs(body, &id, &merchant); err != nil {
		return viewer.Viewer{}, err
	}
	version := int(binary.BigEndian.Uint32(body[32:]))
	expires := time.Unix(int64(binary.BigEndian.Uint32(body[36:])), 0).UTC()
	if !a.clock.Now().Before(expires) {
		return viewer.Viewer{}, errExpired()
	}
	good, err := a.opensBill(ctx, id, billState{merchant: merchant, tokenVersion: version})
	if err != nil {
		return viewer.Viewer{}, err
	}
	if !good {
		return viewer.Viewer{}, refuse("auth.revoked", "The token has been revoked.")
	}
	return viewer.Viewer{Role: pay.RoleGuest, Merchant: merchant, Bill: id, Principal: "bill/" + id.String(), Expires: expires}, nil
}

// isOurs compares mac with that of every key, in constant time.
func (a *Authenticator) isOurs(body, mac []byte) bool {
	ours := false
	for _, key := range a.guestKeys {
		ours = hmac.Equal(mac, guestMAC(key, body)) || ours
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

func guestMAC(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(guestDomain))
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}

func scanIDs(body []byte, bill *pay.BillID, merchant *pay.MerchantID) error {
	if err := bill.Scan(body[:16]); err != nil {
		return fmt.Errorf("read a guest token's bill: %w", err)
	}
	if err := merchant.Scan(body[16:32]); err != nil {
		return fmt.Errorf("read a guest token's merchant: %w", err)
	}
	return nil
}

// clampUint32 keeps n within four bytes: seconds up to the year 2106.
func clampUint32(n int64) uint32 {
	return uint32(min(max(n, 0), math.MaxUint32))
}
