package natsgroup

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// seal makes messages that only ranks with the job's token can read and make. A
// message counts on the subject that it was made for, and nowhere else.
type seal struct{ aead cipher.AEAD }

// sealOverhead is by how much a message grows.
const sealOverhead = 28

func newSeal(o Options) (seal, error) {
	key, err := derive(o.Token, "seal\x00"+o.Job+"\x00"+o.Name)
	if err != nil {
		return seal{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return seal{aead}, err
}

func (s seal) close(subject string, plain []byte) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(subject))
}

func (s seal) open(subject string, sealed []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, []byte(subject))
}

// login is what a rank shows to the server of rank 0: a signature, so that a
// server that only pretends to be it learns nothing of use.
func login(token string) (public string, opt nats.Option, err error) {
	raw, err := derive(token, "login")
	if err != nil {
		return "", nil, err
	}
	seed, err := nkeys.EncodeSeed(nkeys.PrefixByteUser, raw)
	if err != nil {
		return "", nil, err
	}
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return "", nil, err
	}
	public, err = pair.PublicKey()
	return public, nats.Nkey(public, pair.Sign), err
}

func derive(token, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(token), nil, "godcp natsgroup 1\x00"+purpose, 32)
}

// root is where the subjects of a group begin: what people can read of the job
// and the name, and what makes it the only one.
func root(o Options) string {
	sum := sha256.Sum256([]byte(o.Job + "\x00" + o.Name))
	return fmt.Sprintf("godcp.%s.%s", plain(o.Job), hex.EncodeToString(sum[:8]))
}

// plain is a text as a token of a subject.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, text)
	return text[:min(len(text), 40)]
}
