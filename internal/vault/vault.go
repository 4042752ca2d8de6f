// Package vault seals what the database may keep but nobody may read in it: the
// providers' ids of saved cards, gift codes. It owns the keys and the way they
// are used; it knows no table and stores nothing.
//
// A sealed value is bound to its row: the row's id is authenticated with it, so
// that a value copied to another row does not open there. What has to be found
// again is hashed under a key of its own beside it. No error of this package
// holds a key, a plain text or a sealed value.
//
// Start with New; Seal, Open and Hash are all there is.
package vault

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// minKeyBytes is the least length of a key. What is derived from it is as strong
// as 32 random bytes.
const minKeyBytes = 32

// The words that keep what is derived from one key apart.
const (
	sealingWords = "paygraph vault aes-256-gcm v1"
	namingWords  = "paygraph vault key id v1"
	hashingWords = "paygraph vault hash v1\x00"
)

// Keys are the secrets of an installation, each of at least 32 random bytes.
//
// Current seals; it and every older one open. To rotate, a new key becomes the
// current one and the old one goes to Older, where it stays until nothing sealed
// by it is left. Hash cannot be rotated: with another one nothing is found again.
type Keys struct {
	Current []byte
	Older   [][]byte
	Hash    []byte
}

// Vault seals, opens and hashes. It is safe for concurrent use.
type Vault struct {
	aead    tink.AEAD
	hashKey []byte
}

// New makes a Vault of the keys. It refuses a key that is too short, and one that
// is given twice.
func New(keys Keys) (*Vault, error) {
	if len(keys.Hash) < minKeyBytes {
		return nil, fmt.Errorf("the vault's hash key is too short: want %d bytes", minKeyBytes)
	}
	manager := keyset.NewManager()
	seen := map[uint32]bool{}
	for at, secret := range slices.Concat([][]byte{keys.Current}, keys.Older) {
		if len(secret) < minKeyBytes {
			return nil, fmt.Errorf("key %d of the vault is too short: want %d bytes", at, minKeyBytes)
		}
		key, err := sealingKey(secret)
		if err != nil {
			return nil, fmt.Errorf("key %d of the vault: %w", at, err)
		}
		name, _ := key.IDRequirement()
		if seen[name] {
			return nil, fmt.Errorf("key %d of the vault is given twice", at)
		}
		seen[name] = true
		if _, err := manager.AddKey(key); err != nil {
			return nil, fmt.Errorf("key %d of the vault: %w", at, err)
		}
		if at > 0 {
			continue
		}
		if err := manager.SetPrimary(name); err != nil {
			return nil, fmt.Errorf("key %d of the vault: %w", at, err)
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("make the vault's keyset: %w", err)
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("make the vault of its keyset: %w", err)
	}
	return &Vault{aead: primitive, hashKey: slices.Clone(keys.Hash)}, nil
}

// sealingKey derives tink's key from a secret, and the name under which tink
// finds it again: the first five bytes of what it sealed. The same secret always
// gives the same key.
func sealingKey(secret []byte) (*aesgcm.Key, error) {
	material, err := hkdf.Key(sha256.New, secret, nil, sealingWords, 32)
	if err != nil {
		return nil, fmt.Errorf("derive it: %w", err)
	}
	name, err := hkdf.Key(sha256.New, secret, nil, namingWords, 4)
	if err != nil {
		return nil, fmt.Errorf("derive its name: %w", err)
	}
	parameters, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return nil, fmt.Errorf("choose its parameters: %w", err)
	}
	return aesgcm.NewKey(secretdata.NewBytesFromData(material, insecuresecretdataaccess.Token{}), binary.BigEndian.Uint32(name), parameters)
}

// errNoIdentity is a mistake of the caller: what is bound to no row could be
// moved to any.
var errNoIdentity = errors.New("a sealed value needs the identity of its row")

// ErrSealed says that a value does not open: it was sealed for another row or by
// a key that is gone, or somebody changed it.
var ErrSealed = errors.New("the sealed value does not open")

// Seal encrypts plain for the row that identity, its TypeID, names. Sealing twice
// gives two values. It returns an error for an empty identity only.
func (v *Vault) Seal(plain []byte, identity string) ([]byte, error) {
	if identity == "" {
		return nil, errNoIdentity
	}
	sealed, err := v.aead.Encrypt(plain, []byte(identity))
	if err != nil {
		return nil, fmt.Errorf("seal a value of %s: %w", identity, err)
	}
	return sealed, nil
}

// Open decrypts what was sealed for the row that identity names. It returns
// ErrSealed when it cannot.
func (v *Vault) Open(sealed []byte, identity string) ([]byte, error) {
	if identity == "" {
		return nil, errNoIdentity
	}
	plain, err := v.aead.Decrypt(sealed, []byte(identity))
	if err != nil {
		return nil, fmt.Errorf("open a value of %s: %w", identity, ErrSealed) // tink's own error says no more
	}
	return plain, nil
}

// Hash returns 32 bytes by which value is found again: HMAC-SHA256 under the hash
// key of the domain, which says what kind of value it is, and the value. Equal
// values of two domains have different hashes.
func (v *Vault) Hash(domain, value string) []byte {
	mac := hmac.New(sha256.New, v.hashKey)
	mac.Write([]byte(hashingWords))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(domain))))
	mac.Write([]byte(domain))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}
