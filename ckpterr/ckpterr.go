// Package ckpterr says what is wrong in a checkpoint.
//
// Storage that fails is told by [io/fs] and fsbase errors; a checkpoint whose
// bytes are bad is told by an [*Error]: a [Class] that programs can switch on,
// and the place (file, offset, fqn) that people need.
//
//	if errors.Is(err, ckpterr.ChecksumMismatch) { … }
package ckpterr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Class is a kind of damage. It is itself an error, so that errors.Is finds it
// anywhere in a chain.
type Class string

// The classes. Their names are stable: `dcp --json` prints them.
const (
	NotACheckpoint   Class = "NotACheckpoint"   // nothing there that godcp can open
	UnsafePickle     Class = "UnsafePickle"     // a pickle names something that could run code
	MalformedPickle  Class = "MalformedPickle"  // a pickle breaks the pickle protocol
	LimitExceeded    Class = "LimitExceeded"    // decoding would take more than the stated bounds
	BadMetadata      Class = "BadMetadata"      // .metadata decodes, but says something impossible
	UnsafePath       Class = "UnsafePath"       // a file name leads out of the checkpoint
	OutOfRange       Class = "OutOfRange"       // a byte range lies outside its file or storage
	MissingFile      Class = "MissingFile"      // a file that the metadata names is absent
	MissingItem      Class = "MissingItem"      // a chunk or entry without stored bytes
	BadArchive       Class = "BadArchive"       // an item is not a sound torch.save archive
	ChecksumMismatch Class = "ChecksumMismatch" // stored checksum and bytes disagree
	SizeMismatch     Class = "SizeMismatch"     // shape, dtype or byte count differ from the metadata
	ChunkBounds      Class = "ChunkBounds"      // a chunk reaches outside its tensor
	ChunkOverlap     Class = "ChunkOverlap"     // two chunks hold the same element
	ChunkGap         Class = "ChunkGap"         // an element is in no chunk
	UnknownTransform Class = "UnknownTransform" // a stream extension that is not registered
	BadTransform     Class = "BadTransform"     // a stream extension cannot be undone
	BadSafetensors   Class = "BadSafetensors"   // a safetensors file breaks its format
)

// Error makes a Class a sentinel for errors.Is.
func (c Class) Error() string { return string(c) }

// Error is damage with its place. The zero FQN or File means "not known";
// Offset is in bytes from the start of File and -1 when not known.
type Error struct {
	Class  Class
	File   string // relative to the checkpoint, slash-separated
	Offset int64
	FQN    string
	Hint   string // what the user could do; may be empty
	Err    error  // the cause in words
}

// New makes an Error without a place; [At] adds it on the way up.
func New(class Class, format string, args ...any) *Error {
	return &Error{Class: class, Offset: -1, Err: fmt.Errorf(format, args...)}
}

// WithHint returns e with a hint added.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// Error prints the place, the class and the cause. Names come from untrusted
// files, so control characters in them are escaped.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(Escape(e.File))
		if e.Offset >= 0 {
			fmt.Fprintf(&b, " at %d", e.Offset)
		}
		b.WriteString(": ")
	}
	if e.FQN != "" {
		b.WriteString(Escape(e.FQN))
		b.WriteString(": ")
	}
	b.WriteString(string(e.Class))
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is both the class and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}

// Place is where an error was met. Its zero File and FQN mean "not known";
// so does a negative Offset.
type Place struct {
	File   string
	Offset int64
	FQN    string
}

// At fills in what the first Error of err's chain does not know about its
// place. Other errors come back as they are.
func At(err error, p Place) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	c := *e
	if c.File == "" {
		c.File = p.File
		if c.Offset < 0 {
			c.Offset = p.Offset
		} else if p.Offset >= 0 {
			c.Offset += p.Offset // was relative to the item
		}
	}
	if c.FQN == "" {
		c.FQN = p.FQN
	}
	return &c
}

// ClassOf returns the class of err, or "" for an error of another kind.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

// Escape makes a name from an untrusted file safe to print on one line of a
// terminal: control characters, invalid UTF-8 and invisible runes come out as
// Go escapes, everything else unchanged.
func Escape(s string) string {
	q := strconv.QuoteToGraphic(s)
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	return q
}
