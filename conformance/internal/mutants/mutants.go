package mutants

import "slices"

// Mutant is a backend that breaks the contract in one way.
type Mutant struct {
	Name   string   // what is broken
	Kills  []string // the checks that must see it, by ID
	faults faults
}

// New returns an empty backend with the fault.
func (m Mutant) New() Backend { return newVariant(New(), m.faults) }

// All returns every mutant.
func All() []Mutant {
	return slices.Concat(
		openedMutants, handOverMutants, interleavingMutants, faultChangedMutants, amidMutants, toldMutants, poolMutants, heldMutants, keptMutants, octaveMutants, spanMutants, afterCrashMutants, meetingMutants, nothingMutants,
		deniedMutants, foreignMutants, listingMutants, fastMutants, folderMutants, residueMutants,
		ladderMutants, hostileMutants, streamMutants, faultMutants, faultLargeMutants, faultLaterMutants, afterFaultMutants, contextMutants, historyMutants, scenarioMutants, modelMutants,
		oddNameMutants, reservedMutants, contentMutants, versionMutants, pinMutants, viewMutants, mixedMutants, walkMutants, memoryMutants, endingMutants, syncMutants, crashBesideMutants, copyMeetingMutants,
		nameMutants, writeMutants, closeMutants, cancelMutants, infoMutants, readMutants, operationMutants, sizeMutants,
		atomicMutants, conditionMutants, uploadMutants, copyMutants, rangedMutants, errorMutants, listMutants, removeAllMutants, capabilityMutants, durableMutants,
	)
}
