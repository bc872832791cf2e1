// Package fsbase is the storage contract of godcp: what a place must do so
// that checkpoints can be saved there and read back.
//
// # Who calls what
//
// Backend authors implement [FileSystemBase] (8 methods; embed [Flat] and use
// [NewBufferWriter], or [NewPartWriter] for values too large for memory, for
// half of them), add the capabilities that their storage really has, register a
// URL scheme with a [Mux], and run package conformance.
// Users call [Open] and the package functions ([CreateExclusive], [Stat],
// [List], [ReadRanges], [Publish] …); they never assert on capabilities.
//
// # The contract
//
// Checks of the conformance suite cite these clauses by number.
//
// Names
//
//	N1  A FileSystemBase is rooted at the URL it was opened with. Paths are
//	    relative to that root, slash-separated and satisfy [io/fs.ValidPath];
//	    "." names the root. Anything else is fs.ErrInvalid, whatever the method,
//	    before storage is touched. No path leaves the root.
//	N2  ConcatPath joins with one slash and never cleans: ConcatPath("a", "../b")
//	    is "a/../b" and stays invalid. ConcatPath(".", "b") and
//	    ConcatPath("", "b") are "b".
//	N3  Names are bytes: case and Unicode form are kept. A backend may refuse a
//	    name that its storage cannot hold (fs.ErrInvalid); it never changes one.
//
// Writing
//
//	W1  CreateStream, then Write any number of times, then Commit: only when
//	    Commit has returned nil is anything visible under the name, and then it
//	    is all the bytes that were written.
//	W2  What was there stays readable, whole, until that moment; no reader ever
//	    finds the name absent or a mixture while it is replaced.
//	W3  After Commit returned nil, bytes and name survive a power loss
//	    (unless the file system was made by [Unsyncer]).
//	W4  Close without Commit discards: nothing is visible, no temporary file
//	    stays but what the storage made without an answer. Close after Commit is
//	    a no-op that returns nil. Close twice is nil.
//	W5  Write or Commit after Commit or Close is fs.ErrClosed.
//	W6  An error of Write is sticky: Commit then fails and publishes nothing.
//	W7  When the context of CreateStream is done before Commit begins, Commit
//	    fails with the context's error and publishes nothing.
//	W8  CreateStream makes missing parents. The root comes into being with the
//	    first write, never by Open.
//	W9  Streams do not share state: many may be open at once, on one name too;
//	    the last Commit wins, whole. One stream is for one goroutine.
//	W10 Write does not keep p and does not change it (io.Writer).
//	W11 Commit returns the Info of exactly what it published.
//	W12 ModTime is when the storage got the content, by the storage's clock, or
//	    zero. It stays, and of two writes of one name, one after the other, the
//	    later has no earlier time.
//
// Reading
//
//	R1  OpenStream of a name that is not there is fs.ErrNotExist, and so is one
//	    of a folder.
//	R2  A ReadStream reads one version, pinned at open. If that version cannot
//	    be read any more the answer is ErrChanged (or fs.ErrNotExist), never
//	    another version's bytes and never a mixture.
//	R3  ReadAt follows io.ReaderAt to the letter, also in that n < len(p) means
//	    an error, and io.EOF at the end. It is safe for concurrent use.
//	    A negative offset is fs.ErrInvalid.
//	R4  Info().Size is the number of bytes that can be read.
//	R5  ReadAt after Close is fs.ErrClosed; Close twice is nil.
//	R6  A committed write is visible to every OpenStream, Exists and Stat that
//	    begins after Commit returned, from any handle.
//	R7  When the context of OpenStream is done, OpenStream and later ReadAt
//	    calls fail with the context's error; local reads that already run may
//	    finish.
//
// Other operations
//
//	O1  Exists is about streams: a folder is false. A failure to find out
//	    (permission, network) is an error, not false.
//	O2  RmFile removes the name. Of an absent one it returns nil or
//	    fs.ErrNotExist; callers treat both alike. It never removes anything else.
//	O3  Rename moves a stream and replaces the target; the source is gone
//	    afterwards. An absent source, and nothing else, is fs.ErrNotExist and
//	    leaves the target alone. It need not be atomic as to both names:
//	    the stream may be under both meanwhile, and a Commit of the source that
//	    overlaps it may be removed with the source.
//	O4  Mkdir makes a folder with its parents; existing is fine. Flat stores do
//	    nothing. No operation may depend on it.
//	O5  A context that is done before a call makes the call fail with the
//	    context's error, with no effect.
//	O6  A FileSystemBase is safe for concurrent use.
//	O7  Calls on one name are linearizable: each (of a write, Commit; of a read,
//	    OpenStream) takes effect at one moment between its begin and its end,
//	    and all clients and handles see the same order. Only an unconditional
//	    Commit or Rename that overlaps a conditional write of the same name may
//	    be lost to it, and what the storage did not answer may be asked again,
//	    and take effect a second time, until the call returns.
//
// Capabilities
//
//	C1  A capability is there when [As] finds it. What As does not find answers
//	    errors.ErrUnsupported through its package function; nothing is emulated.
//	C2  ExclusiveCreator: of any number of concurrent commits under one absent
//	    name, exactly one succeeds; the others fail with an error that is both
//	    ErrPrecondition and fs.ErrExist, and leave nothing.
//	C3  Swapper: commit succeeds only if the name still has the given version;
//	    otherwise ErrPrecondition (also when the name is gone, and never
//	    fs.ErrExist) and nothing changes. Of concurrent swaps of one version exactly one succeeds.
//	C4  Versions: two different committed contents of one name never have the
//	    same version; a version is never "".
//	C5  Uploader: Upload reads src by ReadAt, possibly in parallel and more than
//	    once, never outside its first size bytes and never after it has
//	    returned, and publishes these bytes, as W1–W7, under the given condition,
//	    which counts when it publishes. A source that fails publishes nothing,
//	    be it with an error other than io.EOF, which may come with all bytes, or
//	    with too few bytes ([ReadSource]). Other bytes than the source's are
//	    never published, even if it breaks io.ReaderAt. A negative size is
//	    fs.ErrInvalid.
//	C6  RangeReader: fills every Dst or fails; a pin that is not the current
//	    version is ErrChanged; the Info is that of the version read.
//	C7  Stater: Stat is OpenStream's Info without opening.
//	C8  Lister: every stream whose name has the raw prefix, recursively, files
//	    only, in byte order of names, each once; an error ends the sequence, and
//	    a consumer may stop early, and use the file system meanwhile: what is
//	    there all the time is yielded whatever else comes and goes. Temporary
//	    names of unfinished writes are not listed.
//	C9  Copier: as read and commit of the same bytes; the source stays.
//	C10 RemoveAller: removes every stream that Lister would list for the prefix
//	    and yields each removed name; a failure is yielded and ends it. What is
//	    not yielded is not removed, but for the rest of one request: where the
//	    consumer stops, at most 999 names more.
//	C11 Unsyncer: the same storage without W3, nothing else changed.
//
// Errors
//
//	E1  Errors are *fs.PathError whose Path has no secrets in it, and are told
//	    apart by errors.Is alone: fs.ErrNotExist, fs.ErrExist, fs.ErrPermission,
//	    fs.ErrInvalid, fs.ErrClosed, errors.ErrUnsupported, context.Canceled,
//	    context.DeadlineExceeded, ErrPrecondition, ErrChanged, ErrThrottled,
//	    ErrCommitUnknown. (io.EOF of ReadAt is bare.)
//	E2  The error of the storage's own library stays reachable by errors.As.
//	E3  A Commit whose outcome is not known is ErrCommitUnknown: the caller may
//	    ask again with the same bytes and condition, and must not clean up. A
//	    caller's own commit is never reported as another's.
//	E4  What the storage refuses for now (503) is ErrThrottled, and what the
//	    caller may not do (403) is fs.ErrPermission, once the backend has
//	    stopped asking again. Neither is taken for absence by anything that
//	    looks, and a listing does not end early without an error.
package fsbase

import (
	"context"
	"io"
	"time"
)

// FileSystemBase is a place for checkpoints: torch's FileSystemBase, rooted at
// one URL. The package comment holds its contract.
type FileSystemBase interface {
	// CreateStream begins a write: create_stream(path, "wb"). W1–W11.
	// The context bounds Write and Commit too.
	CreateStream(ctx context.Context, path string) (WriteStream, error)

	// OpenStream pins and opens one version: create_stream(path, "rb"). R1–R7.
	OpenStream(ctx context.Context, path string) (ReadStream, error)

	// ConcatPath joins without cleaning. N2.
	ConcatPath(path, suffix string) string

	// Rename replaces newPath. O3. The save transaction never needs it.
	Rename(ctx context.Context, path, newPath string) error

	// Mkdir makes a folder and its parents. O4.
	Mkdir(ctx context.Context, path string) error

	// Exists tells whether a stream of that name is there. O1.
	Exists(ctx context.Context, path string) (bool, error)

	// RmFile removes a stream. O2.
	RmFile(ctx context.Context, path string) error

	// ValidateCheckpointID says why this backend cannot serve the URL or path
	// id, or nil if it can. It does not touch storage.
	ValidateCheckpointID(id string) error
}

// WriteStream is one write that nobody sees before Commit. W1–W11.
type WriteStream interface {
	io.Writer

	// Commit publishes what was written.
	Commit() (Info, error)

	// Close discards what was not committed. Always defer it.
	Close() error
}

// ReadStream reads one version of one name. R1–R7.
type ReadStream interface {
	io.ReaderAt
	io.Closer
	Info() Info
}

// Info describes one version of one stream.
type Info struct {
	Path    string
	Size    int64 // bytes
	ModTime time.Time
	Version Version
	Sum     Checksum // zero when the storage keeps none
}

// Version is opaque: an ETag, a generation, a file's identity and times.
// It is never "".
type Version string

// Checksum is what the storage itself says about the content.
type Checksum struct {
	Algorithm string // "crc32c", "crc64nvme", "md5", "sha256", or "" for none
	Value     string // base64 of the big-endian digest
}

// Range is a part of a stream and the memory that receives it. The ranges of one
// call may overlap in the stream; their memory may not.
type Range struct {
	Offset int64  // bytes from the start of the stream
	Dst    []byte // len(Dst) bytes are read
}
