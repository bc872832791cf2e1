package conformance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ContractVersion is the version of the contract in package fsbase's comment.
// It grows when a clause comes to demand something else or more.
const ContractVersion = 1

// Suite says which questions a report answers.
type Suite struct {
	Contract int    `json:"contract"` // ContractVersion
	Checks   int    `json:"checks"`   // how many the suite has
	Digest   string `json:"digest"`   // two suites that ask the same have the same
}

// suiteOf describes checks. The digest is of what users rely on: a text that
// is put better changes nothing.
func suiteOf(checks []Check) Suite {
	h := sha256.New()
	for _, c := range checks {
		fmt.Fprintln(h, c.ID, c.Level, c.Profile, c.Clauses, c.Needs)
	}
	return Suite{Contract: ContractVersion, Checks: len(checks), Digest: hex.EncodeToString(h.Sum(nil)[:8])}
}
