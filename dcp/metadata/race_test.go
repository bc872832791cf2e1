//go:build race

package metadata

// raceEnabled: the race detector's shadow memory counts as the process's.
const raceEnabled = true
