package config

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"
)

// minKeyBytes is the least length of a key that signs.
const minKeyBytes = 32

// maxFileBytes bounds every file that a setting names.
const maxFileBytes = 1 << 20

// keySource is where keys come from: a variable, or a file for those who keep
// secrets in files. Never a flag's own value, for others can read those.
type keySource struct {
	env             string
	flag, envOfFile string
	text            Secret
	path            string
}

func (k *keySource) add(f *flags, flag, env, usage string) {
	k.env, k.envOfFile, k.flag = env, env+"_FILE", flag+"-file"
	f.take(setting{Env: env, Usage: usage + ": base64 of " + fmt.Sprint(minKeyBytes) + " or more random bytes (openssl rand -base64 32), blanks or commas between several"},
		func(text string) error {
			k.text = Secret(text)
			return nil
		})
	f.text(&k.path, setting{Flag: k.flag, Env: k.envOfFile, Placeholder: "FILE", Usage: "file with the same, instead of " + env})
}

func (k *keySource) name() string { return k.env + " or --" + k.flag + " (" + k.envOfFile + ")" }

// read returns the keys, nil when there are none or they are wrong.
func (k *keySource) read(f *flags, required bool) []Key {
	text := string(k.text)
	switch {
	case text != "" && k.path != "":
		f.mistake("%s: set one of them, not both", k.name())
		return nil
	case k.path != "":
		content, err := readFile(k.path)
		if err != nil {
			f.mistake("--%s (%s): %w", k.flag, k.envOfFile, err)
			return nil
		}
		text = string(content)
	case text == "" && required:
		f.mistake("%s: it must be set in live mode", k.name())
		return nil
	case text == "":
		return nil
	}
	keys, err := parseKeys(text)
	if err != nil {
		f.mistake("%s: %w", k.name(), err)
	}
	return keys
}

// readOne returns the one key, nil when there is none or it is wrong.
func (k *keySource) readOne(f *flags, required bool) Key {
	keys := k.read(f, required)
	switch {
	case len(keys) == 1:
		return keys[0]
	case len(keys) > 1:
		f.mistake("%s: one key is wanted, not %d", k.name(), len(keys))
	}
	return nil
}

// parseKeys reads keys in any alphabet of base64, padded or not. Its errors
// count the keys and quote none.
func parseKeys(text string) ([]Key, error) {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) })
	if len(words) == 0 {
		return nil, errors.New("it holds no key")
	}
	keys := make([]Key, 0, len(words))
	for at, word := range words {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
		key, err := base64.RawStdEncoding.DecodeString(word)
		switch {
		case err != nil:
			return nil, fmt.Errorf("key %d is not base64", at+1)
		case len(key) < minKeyBytes:
			return nil, fmt.Errorf("key %d has %d bytes; want %d or more", at+1, len(key), minKeyBytes)
		}
		for _, other := range keys {
			if bytes.Equal(other, key) {
				return nil, fmt.Errorf("key %d is there twice", at+1)
			}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// isGuessable reports whether a key was made by a person and not by chance: of
// 32 random bytes fewer than 16 different ones, or printable ones only, come up
// less than once in 10^13.
func (k Key) isGuessable() bool {
	var seen [256]bool
	different, printable := 0, true
	for _, b := range k {
		if !seen[b] {
			seen[b] = true
			different++
		}
		printable = printable && b >= ' ' && b <= '~'
	}
	return different < 16 || printable
}

// readFile reads a file that a setting names. Its error names the file and
// quotes nothing of it.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: it is not a file of at most 1 MiB", path)
	}
	return os.ReadFile(path) //nolint:gosec // the operator names it
}
