package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// stateKeySize makes it AES-256.
const stateKeySize = 32

// sealer encrypts with AES-256-GCM under a random nonce, which stands in front.
// One key may seal 2^32 times that way (NIST SP 800-38D section 8.3), which
// logins and their renewals never reach.
type sealer struct {
	aead   cipher.AEAD
	source string // where the key is from, for errors
}

// errSealed is the answer to a blob that does not open: it was damaged, belongs
// to another row, or the key is another.
var errSealed = errors.New("the sealed data does not open")

func newSealer(key []byte, source string) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead, source}, err
}

// place is where a blob belongs. It is authenticated with it, so that a blob
// opens nowhere else.
type place struct {
	account, kind string
	generation    int64
}

// bytes is unambiguous: account ids and kinds hold no zero byte.
func (p place) bytes() []byte {
	return []byte(strings.Join([]string{"mailmcp credentials", p.account, p.kind, strconv.FormatInt(p.generation, 10)}, "\x00"))
}

func (s sealer) seal(plain []byte, at place) []byte { return s.aead.Seal(nil, nil, plain, at.bytes()) }

func (s sealer) open(sealed []byte, at place) ([]byte, error) {
	plain, err := s.aead.Open(nil, nil, sealed, at.bytes())
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// parseStateKey reads MAIL_STATE_KEY; nil when it is not set.
func parseStateKey(text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != stateKeySize {
		return nil, bad("MAIL_STATE_KEY", "is not allowed: use 64 hex digits, such as openssl rand -hex 32 prints")
	}
	return key, nil
}

// stateSealer takes the key given, else the one in FILE.key, which it makes
// when create says so.
func stateSealer(name string, key []byte, create bool) (sealer, error) {
	if key != nil {
		return newSealer(key, "MAIL_STATE_KEY")
	}
	file := name + ".key"
	if create {
		if err := makeKeyFile(file); err != nil {
			return sealer{}, bad("-state", "%v", err)
		}
	}
	key, err := readKeyFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return sealer{}, bad("-state", "%s is gone, and MAIL_STATE_KEY is not set: %s was sealed with one of them", file, name)
	case err != nil:
		return sealer{}, bad("-state", "%v", err)
	}
	return newSealer(key, file)
}

// makeKeyFile writes a new key where there is none and leaves one that is there
// alone. The key is on the disk before anything is sealed with it.
func makeKeyFile(name string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	key := make([]byte, stateKeySize)
	rand.Read(key) // never fails
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return syncFolder(filepath.Dir(name))
}

// readKeyFile reads a key that nobody else can.
func readKeyFile(name string) ([]byte, error) {
	if err := ownersAlone(name); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || checkOwner(name, info) != nil {
		return nil, fmt.Errorf("%s changed while it was read", name)
	}
	text, err := io.ReadAll(io.LimitReader(file, 1<<10))
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != stateKeySize {
		return nil, fmt.Errorf("%s holds no key of 64 hex digits", name)
	}
	return key, nil
}
