// Package pickle reads Python pickles without running them, and writes pickles.
//
// A pickle is a program for a small stack machine. [Decode] runs that program
// on values that are only ever data: a call (REDUCE, NEWOBJ, BUILD) becomes an
// [Object] that remembers what would have been called. Depth, memory and
// lengths are bounded, so hostile input costs at most a stated multiple of its
// own size.
//
// Protocols 2 to 5 are read; of the older text opcodes only GLOBAL. A [Writer]
// writes protocol 2 or 4.
package pickle

import (
	"errors"

	"github.com/godcp/godcp/ckpterr"
)

// Global is a module-level name: torch.float32 is {"torch", "float32"}.
type Global struct{ Module, Name string }

// String is the dotted name.
func (g Global) String() string { return g.Module + "." + g.Name }

// Verdict is what the caller says about a [Global] of a file.
type Verdict uint8

// The verdicts.
const (
	Opaque Verdict = iota // unknown: kept as an inert node; refused if Restricted
	Allow                 // known to the caller
	Deny                  // UnsafePickle
)

// Limits bound what one Decode may take. Zero fields mean the defaults.
type Limits struct {
	// MaxDepth is how deep containers, calls and marks may nest (default 100,
	// at most 4000).
	MaxDepth int

	// MaxMemory is how many bytes the decoded values may take (default 24 MiB
	// plus 12 times the input). The memo takes at most 5 times the input more,
	// the stack 32 MiB.
	MaxMemory int64
}

// Options say how to read.
type Options struct {
	Limits Limits

	// Persistent turns the id of a BINPERSID into a value; nil refuses such
	// opcodes as UnsafePickle. Its error ends the decoding and keeps its class.
	Persistent func(id Value) (any, error)

	// Restricted admits only the opcodes of torch's weights_only unpickler and
	// only those globals that Globals allows.
	Restricted bool

	// Globals judges each distinct global of the file once; nil holds all for
	// Opaque. What [KnownDangerous] lists is refused without asking.
	Globals func(Global) Verdict

	// Builder makes values of the caller's own; may be nil.
	Builder Builder
}

// Builder turns calls that the caller knows into handles of the caller's own,
// so that no generic nodes are kept for them. It never sees an object that the
// file may still change; where a file is too odd for that, Decode starts again
// without the Builder, and all handles given so far are void.
//
// A call that is answered with false stays an [Object]. Items are valid only
// during the call.
type Builder interface {
	// Class numbers a global; 0 is "not mine". Asked once per distinct global.
	Class(Global) Class

	// Call is callable(*args).
	Call(c Class, args Items) (Handle, bool)

	// CallTuple is callable(members): one argument, a tuple.
	CallTuple(c Class, members Items) (Handle, bool)

	// BuildDict is an instance made without arguments whose state is a dict:
	// key, value, key, value … in the file's order, repeated keys included.
	BuildDict(c Class, pairs Items) (Handle, bool)

	// BuildTuple is an instance made without arguments whose state is a tuple.
	BuildTuple(c Class, members Items) (Handle, bool)
}

// Class is a Builder's number for a global.
type Class uint8

// Handle is a Builder's name for a value it made; 59 bits can be used.
type Handle uint64

// errRetry: the file looks at an object that the fast way has not kept.
var errRetry = errors.New("pickle: needs every node")

// Decode runs the pickle at the start of data and returns its value and how
// many bytes it took, STOP included; what follows STOP is not looked at. The
// value keeps no reference to data.
//
// Errors are [*ckpterr.Error] of class UnsafePickle, MalformedPickle or
// LimitExceeded, with the byte offset of the opcode.
func Decode(data []byte, opt Options) (Value, int, error) {
	m := newMachine(data, opt)
	v, n, err := m.run()
	if errors.Is(err, errRetry) {
		opt.Builder = nil
		m = newMachine(data, opt)
		v, n, err = m.run()
	}
	if err != nil {
		return Value{}, 0, ckpterr.At(err, ckpterr.Place{Offset: int64(m.at)})
	}
	return v, n, nil
}
