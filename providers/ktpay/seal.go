package ktpay

import (
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/crypto/nacl/box"
)

// keySize is the size of a public X25519 key in bytes.
const keySize = 32

// parseKey reads an app_key: 32 bytes in padded standard base64.
func parseKey(text string) ([keySize]byte, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != keySize {
		return [keySize]byte{}, errors.New("it is not 32 bytes in padded standard base64")
	}
	if [keySize]byte(raw) == [keySize]byte{} {
		return [keySize]byte{}, errors.New("it is nothing but zeros")
	}
	return [keySize]byte(raw), nil
}

// seal closes a text so that only the owner of the key's other half can read it:
// libsodium's crypto_box_seal in standard base64 (KTWidget client, encrypted). Two
// seals of one text differ. It hides the text and proves nothing of who sealed it.
func (c *Client) seal(text []byte) ([]byte, error) {
	sealed, err := box.SealAnonymous(nil, text, &c.key, nil)
	if err != nil {
		return nil, fmt.Errorf("seal the order: %w", err)
	}
	return base64.StdEncoding.AppendEncode(nil, sealed), nil
}
