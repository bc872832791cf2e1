package torchfile

import (
	"github.com/godcp/godcp/tensor"
)

// Most checkpoints hold thousands of small tensors, and torch writes the same
// pickle for each of them but for a few numbers. scanTensor reads exactly that
// form; whatever deviates goes to the pickle machine, which says the same of
// what both can read.

// scan is what the usual pickle says.
type scan struct {
	dtype, class tensor.DType
	key          string
	numel        int64
	offset       int64
	dims         [2 * maxScanRank]int64 // sizes, then strides
	rank         int
	requiresGrad bool
}

const maxScanRank = 8

// scanned makes a record of s.
func (a *Archive) scanned(s *scan) (*TensorRecord, error) {
	st, err := a.storage(s.class, s.key, s.numel)
	if err != nil {
		return nil, err
	}
	dims := make([]int64, 2*s.rank)
	copy(dims, s.dims[:])
	return a.record(view{storage: st, dtype: s.dtype, offset: s.offset, dims: dims, rank: s.rank, requiresGrad: s.requiresGrad})
}

// scanTensor reads _rebuild_tensor_v2 and v3 without a dict of flags; false
// for any other pickle.
func scanTensor(b []byte, r *scan) bool {
	s := scanner{b: b, ok: true}
	s.expect("\x80\x02ctorch._utils\n_rebuild_tensor_v")
	v3 := s.skip("3\n")
	if !v3 {
		s.expect("2\n")
	}
	s.put()
	s.expect("((X\x07\x00\x00\x00storage")
	s.put()
	if s.skip("ctorch.storage\nUntypedStorage\n") {
		r.class = tensor.Uint8
	} else {
		s.expect("ctorch\n")
		var known bool
		r.class, known = storageClasses[string(s.line())]
		s.ok = s.ok && known
	}
	s.put()
	r.key = string(s.text())
	s.put()
	s.text() // location
	s.put()
	r.numel = s.int()
	s.expect("t")
	s.put()
	s.expect("Q")
	r.offset = s.int()
	r.rank = s.ints(r.dims[:maxScanRank])
	if s.ints(r.dims[r.rank:][:maxScanRank]) != r.rank {
		return false
	}
	r.requiresGrad = s.skip("\x88")
	if !r.requiresGrad {
		s.expect("\x89")
	}
	s.expect("ccollections\nOrderedDict\n")
	s.put()
	s.expect(")R")
	s.put()
	r.dtype = r.class
	if v3 {
		s.expect("ctorch\n")
		var known bool
		r.dtype, known = tensor.ParseDType(string(s.line()))
		s.ok = s.ok && known
		s.put()
	}
	s.expect("t")
	s.put()
	s.expect("R")
	s.put()
	s.expect(".")
	return s.ok && s.i == len(b)
}
