package fsbase

import "io/fs"

// Condition is what must hold at the moment of a commit. The zero Condition
// holds always.
type Condition struct {
	absent  bool
	version Version
	invalid bool
}

// IfAbsent holds when nothing has the name.
func IfAbsent() Condition { return Condition{absent: true} }

// IfVersion holds when the name has exactly this version. IfVersion("") is
// refused with fs.ErrInvalid by whatever it is given to.
func IfVersion(v Version) Condition { return Condition{version: v, invalid: v == ""} }

// Absent tells whether c is IfAbsent.
func (c Condition) Absent() bool { return c.absent }

// Version returns the version of IfVersion, or "".
func (c Condition) Version() Version { return c.version }

// Unconditional tells whether c holds always.
func (c Condition) Unconditional() bool { return c == Condition{} }

// Check returns fs.ErrInvalid for IfVersion("").
func (c Condition) Check(op, path string) error {
	if c.invalid {
		return &fs.PathError{Op: op, Path: path, Err: fs.ErrInvalid}
	}
	return nil
}
