package conformance

import (
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
)

// SeedVariable is the environment variable that goes before Harness.Seed: a
// failure that tells its seed is seen again by
//
//	GODCP_CONFORMANCE_SEED=… go test -run TestConformance/model/random
const SeedVariable = "GODCP_CONFORMANCE_SEED"

// newSeed returns a random seed. It has 53 bits, so that whatever reads the
// report as JSON keeps all of them.
func newSeed() uint64 {
	var b [8]byte
	crand.Read(b[:]) // never fails
	return max(1, binary.LittleEndian.Uint64(b[:])>>11)
}

// runSeed returns the seed of a Run: of the environment, else of the harness,
// else a random one.
func runSeed(harness uint64) (uint64, error) {
	if text := os.Getenv(SeedVariable); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("conformance: %s: %w", SeedVariable, err)
		}
		harness = seed
	}
	if harness == 0 {
		return newSeed(), nil
	}
	return harness, nil
}

// rng returns random numbers for one purpose of the check, which are the same
// in every run with the same seed, whatever else runs. It is for one goroutine.
func (t *trial) rng(purpose string) *rand.Rand {
	h := fnv.New64a()
	io.WriteString(h, t.check.ID+" "+purpose)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.random = true
	return rand.New(rand.NewPCG(t.env.seed, h.Sum64()))
}

// verdict is the text of the failures, with the seed if it had a part in them.
func (t *trial) verdict() string {
	text := t.detail()
	t.mu.Lock()
	defer t.mu.Unlock()
	if text != "" && t.random {
		text += fmt.Sprintf("\nthe seed is %d", t.env.seed)
	}
	return text
}
