package planner

import "github.com/godcp/godcp/tensor"

// DTypePolicy says what to do when a template's dtype is not the checkpoint's.
// torch always casts, silently.
type DTypePolicy uint8

const (
	// DTypeExact refuses another dtype.
	DTypeExact DTypePolicy = iota
	// DTypeWiden converts when every stored value is exact in the template's
	// dtype.
	DTypeWiden
	// DTypeCast converts always, as torch's copy_ does.
	DTypeCast
)

// Allows tells whether elements of dtype stored may be loaded as want.
func (p DTypePolicy) Allows(stored, want tensor.DType) bool {
	switch {
	case stored == want:
		return true
	case p == DTypeWiden:
		return tensor.CanWiden(stored, want)
	default:
		return p == DTypeCast
	}
}
