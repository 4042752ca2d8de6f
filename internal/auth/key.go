package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/paygraph/paygraph/ent"
	"github.com/paygraph/paygraph/ent/apikey"
	"github.com/paygraph/paygraph/ent/merchant"
	"github.com/paygraph/paygraph/internal/pay"
	"github.com/paygraph/paygraph/internal/store"
	"github.com/paygraph/paygraph/internal/viewer"
)

// Key is an API key when it is made: the only moment when its text is known.
// Printed, logged or formatted it shows its hint.
type Key struct {
	Role     pay.Role // PUBLIC: publishable, pk_…; SERVER: secret, sk_…
	TestMode bool     // pk_test_…, not pk_live_…
	Text     string   // what the merchant sends; never stored
	Hash     []byte   // SHA-256 of Text; what is stored
	Hint     string   // the first characters of Text, to tell keys apart in a list
}

// String returns the hint.
func (k Key) String() string { return k.Hint + "…" }

// GoString returns the hint, for %#v.
func (k Key) GoString() string { return k.String() }

// LogValue returns the hint.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

const (
	keyBytes  = 25 // 200 random bits
	keyLength = 40 // their characters, after the prefix
	hintExtra = 4  // characters of the hint after the prefix
)

// NewKey makes a fresh random key for a page (PUBLIC) or a server (SERVER). It
// is good once CreateKey has stored it.
func NewKey(role pay.Role, testMode bool) (Key, error) {
	secret := make([]byte, keyBytes)
	_, _ = rand.Read(secret) // never fails since Go 1.24
	return keyOf(secret, role, testMode)
}

// DerivedKey returns the one key that these words always give: the same on
// every start, for development. Whoever knows secret knows the key.
func DerivedKey(secret []byte, role pay.Role, testMode bool, merchant pay.MerchantID) (Key, error) {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "paygraph api key v1\x00%s\x00%t\x00%s", role, testMode, merchant)
	return keyOf(mac.Sum(nil)[:keyBytes], role, testMode)
}

func keyOf(secret []byte, role pay.Role, testMode bool) (Key, error) {
	prefix, err := keyPrefix(role, testMode)
	if err != nil {
		return Key{}, err
	}
	text := prefix + base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").EncodeToString(secret)
	hash := sha256.Sum256([]byte(text))
	return Key{Role: role, TestMode: testMode, Text: text, Hash: hash[:], Hint: text[:len(prefix)+hintExtra]}, nil
}

func keyPrefix(role pay.Role, testMode bool) (string, error) {
	kind := map[pay.Role]string{pay.RolePublic: "pk", pay.RoleServer: "sk"}[role]
	if kind == "" {
		return "", fmt.Errorf("make an api key: the role must be PUBLIC or SERVER, not %q", role)
	}
	if testMode {
		return kind + "_test_", nil
	}
	return kind + "_live_", nil
}

// CreateKey stores k for merchant within tx, or finds it stored already: a
// revoked key stays revoked. The caller commits.
//
// It returns CodeNotFound for an unknown merchant, and CodeConflict when k is a
// test key of a live merchant or the reverse, or another merchant's.
func CreateKey(ctx context.Context, tx *store.Tx, merchantID pay.MerchantID, k Key) (*ent.APIKey, error) {
	owner, err := tx.Merchant.Query().Where(merchant.ID(merchantID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, pay.NotFound("merchant")
	}
	if err != nil {
		return nil, fmt.Errorf("read merchant %s: %w", merchantID, err)
	}
	if owner.TestMode != k.TestMode {
		return nil, pay.Errorf(pay.CodeConflict, "key.wrong_mode", "A test merchant takes test keys, a live one live keys.")
	}
	err = tx.APIKey.Create().SetID(pay.NewAPIKeyID(tx.Now)).SetMerchantID(merchantID).SetRole(k.Role).
		SetHash(k.Hash).SetHint(k.Hint).SetCreatedAt(tx.Now).
		OnConflictColumns(apikey.FieldHash).DoNothing().Exec(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // no row: it was there
		return nil, fmt.Errorf("store key %s: %w", k, err)
	}
	row, err := tx.APIKey.Query().Where(apikey.Hash(k.Hash)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", k, err)
	}
	if row.MerchantID != merchantID {
		return nil, pay.Errorf(pay.CodeConflict, "key.taken", "This key is another merchant's.")
	}
	return row, nil
}

// RevokeKey ends a key of merchant within tx; repeating it changes nothing. The
// key is refused everywhere at most five seconds after the commit.
//
// It returns CodeNotFound when the merchant has no such key.
func RevokeKey(ctx context.Context, tx *store.Tx, merchantID pay.MerchantID, id pay.APIKeyID) error {
	n, err := tx.APIKey.Update().
		Where(apikey.ID(id), apikey.MerchantID(merchantID), apikey.RevokedAtIsNil()).
		SetRevokedAt(tx.Now).Save(ctx)
	if err != nil {
		return fmt.Errorf("revoke key %s: %w", id, err)
	}
	if n == 1 {
		return nil
	}
	known, err := tx.APIKey.Query().Where(apikey.ID(id), apikey.MerchantID(merchantID)).Count(ctx)
	if err != nil {
		return fmt.Errorf("read key %s: %w", id, err)
	}
	if known == 0 {
		return pay.NotFound("key")
	}
	return nil
}

// byKey finds the key by its hash, so the time it takes tells nothing about the
// keys there are. Many payers share one publishable key: its principal is the
// key's, and a PUBLIC caller's idempotency key must therefore be a UUID.
func (a *Authenticator) byKey(ctx context.Context, text string) (viewer.Viewer, error) {
	if !isKeyText(text) {
		return viewer.Viewer{}, errMalformed()
	}
	hash := sha256.Sum256([]byte(text))
	if v, ok := a.keys.Peek(hash); ok {
		return v, nil
	}
	now := a.clock.Now()
	row, err := a.store.Read().APIKey.Query().
		Where(apikey.Hash(hash[:]), apikey.RevokedAtIsNil()).
		Only(viewer.AsProgram(ctx))
	if ent.IsNotFound(err) {
		return viewer.Viewer{}, refuse("auth.unknown_key", "There is no such key, or it has been revoked.")
	}
	if err != nil {
		return viewer.Viewer{}, fmt.Errorf("look up an api key: %w", err)
	}
	v := viewer.Viewer{Role: row.Role, Merchant: row.MerchantID, Principal: "key/" + row.ID.String()}
	a.keys.Put(hash, v, now)
	return v, nil
}

// isKeyText reports whether text has the shape of a key, so that only such
// texts cost a query.
func isKeyText(text string) bool {
	kind, rest, _ := strings.Cut(text, "_")
	mode, secret, _ := strings.Cut(rest, "_")
	return (kind == "pk" || kind == "sk") && (mode == "test" || mode == "live") && len(secret) == keyLength
}
