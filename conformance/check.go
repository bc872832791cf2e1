package conformance

import "slices"

// Level says how binding a check is. A failed SHOULD is reported and does not
// make a backend nonconforming.
type Level string

// The levels, in the sense of RFC 2119.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
)

// Profile groups checks by what a user of the backend relies on. A report
// tells the outcome of each.
type Profile string

// The profiles.
const (
	Core      Profile = "core"      // names, streams, operations, errors, contexts
	Atomic    Profile = "atomic"    // nothing partial, nothing absent, nothing mixed
	Exclusive Profile = "exclusive" // create if absent
	Swap      Profile = "swap"      // compare and swap
	Ranged    Profile = "ranged"    // reads without an open stream
	List      Profile = "list"      // listing and removing by prefix
	Durable   Profile = "durable"   // power loss
)

// Profiles returns every profile, in the order in which reports show them. The
// slice is the caller's.
func Profiles() []Profile {
	return []Profile{Core, Atomic, Exclusive, Swap, Ranged, List, Durable}
}

// Check is one question put to a backend. Its ID never changes once released:
// reports and exceptions refer to it.
type Check struct {
	ID      string       // section/subject
	Clauses []string     // of package fsbase's comment, such as "W4"
	Level   Level        // MUST or SHOULD
	Profile Profile      // whose users rely on it
	Needs   []Capability // without all of them the result is Absent
	Doc     string       // one sentence: what is demanded

	run func(t *trial)
	sow func(t *trial) (run func(t *trial)) // the beginning of a check that begins before all others
}

// Checks returns every check of the suite, in the order in which they run. The
// slice is the caller's.
func Checks() []Check {
	return slices.Concat(
		nameChecks, oddNameChecks, reservedChecks, folderChecks, identityChecks, writeChecks, closeChecks, infoChecks, againChecks, agreeChecks, readChecks, readCloseChecks, readMemoryChecks, nothingChecks, pinChecks,
		pinWayChecks, pinSizeChecks, operationChecks,
		sizeChecks, powerChecks, ladderChecks, borderChecks, octaveChecks, compressibleChecks, middleChecks, hugeChecks, interleavingChecks, heldChecks, raceChecks, raceLookChecks, mixedChecks, copyRaceChecks, handleChecks, openedChecks, errorChecks,
		cancelChecks, cancelPublishChecks, contextChecks, cancelReadChecks, alikeChecks, sumChecks, capabilityChecks, fastViewChecks, listChecks, listManyChecks, listBesideChecks, walkChecks, exclusiveChecks, swapChecks,
		swapRaceChecks, emptiedChecks, foreignChecks, otherNameChecks, historyChecks,
		uploadChecks, hostileChecks, streamChecks, rangedChecks, copyChecks, removeAllChecks, durableChecks, durableWayChecks, crashAmidChecks, crashBesideChecks, crashChurnChecks, crashNameChecks, afterCrashChecks,
		faultCommitChecks, faultResidueChecks, faultReadChecks, faultRemoveChecks, faultLostChecks, faultLargeChecks, faultLaterChecks, faultChangedChecks, faultResumeChecks, faultCancelChecks, faultLibraryChecks, faultDurableChecks, scenarioChecks, modelChecks, leakChecks, laterChecks,
	)
}
