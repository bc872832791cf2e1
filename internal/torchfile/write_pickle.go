package torchfile

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/godcp/godcp/tensor"
)

// classOfDType is the storage class of each dtype that has one.
var classOfDType = func() map[tensor.DType]string {
	m := map[tensor.DType]string{}
	for class, d := range storageClasses {
		m[d] = class
	}
	return m
}()

// tensorPickleOf is the data.pkl of a dense tensor whose bytes are data/0:
// protocol 2 with every memo mark that Python's pickler sets.
func tensorPickleOf(d tensor.DType, shape []int64) ([]byte, error) {
	switch d {
	case tensor.Bits8, tensor.Bits16, tensor.Bits1x8, tensor.Bits2x4, tensor.Bits4x2, tensor.Invalid:
		return nil, fmt.Errorf("dtype %v cannot be in a checkpoint", d)
	}
	if d.IsQuantized() {
		return nil, fmt.Errorf("dtype %v needs a quantizer, which a tensor does not have", d)
	}
	numel, ok := tensor.NumElements(shape)
	if !ok {
		return nil, fmt.Errorf("shape %v has too many elements", shape)
	}
	p := pickler{b: append(make([]byte, 0, 256), "\x80\x02"...)}
	class, typed := classOfDType[d]
	if typed {
		p.global(rebuildModule, rebuildTensorV2)
		p.op("((").text("storage").global("torch", class)
	} else {
		p.global(rebuildModule, rebuildTensorV3)
		p.op("((").text("storage").global("torch.storage", "UntypedStorage")
		numel *= d.Size() // an untyped storage counts bytes
	}
	p.text("0").text("cpu").int(numel).op("t").put().op("Q")
	p.int(0).tuple(shape).tuple(tensor.ContiguousStrides(shape))
	p.op("\x89") // requires_grad
	p.global(orderedDict.Module, orderedDict.Name).op(")R").put()
	if !typed {
		p.global("torch", d.String())
	}
	p.op("t").put().op("R").put().op(".")
	return p.b, nil
}

// pickler writes pickle opcodes of protocol 2.
type pickler struct {
	b    []byte
	memo byte // the next BINPUT's index
}

func (p *pickler) op(s string) *pickler {
	p.b = append(p.b, s...)
	return p
}

func (p *pickler) put() *pickler {
	p.b = append(p.b, 'q', p.memo)
	p.memo++
	return p
}

func (p *pickler) global(module, name string) *pickler {
	return p.op("c").op(module).op("\n").op(name).op("\n").put()
}

func (p *pickler) text(s string) *pickler {
	p.b = le.AppendUint32(append(p.b, 'X'), uint32(len(s)))
	return p.op(s).put()
}

// int takes what is not negative.
func (p *pickler) int(n int64) *pickler {
	switch {
	case n <= math.MaxUint8:
		p.b = append(p.b, 'K', byte(n))
	case n <= math.MaxUint16:
		p.b = le.AppendUint16(append(p.b, 'M'), uint16(n))
	case n <= math.MaxInt32:
		p.b = le.AppendUint32(append(p.b, 'J'), uint32(n))
	default: // LONG1, in as few bytes as keep the sign
		size := bits.Len64(uint64(n))/8 + 1
		p.b = append(p.b, '\x8a', byte(size))
		p.b = append(p.b, le.AppendUint64(nil, uint64(n))[:size]...)
	}
	return p
}

func (p *pickler) tuple(ns []int64) *pickler {
	if len(ns) == 0 {
		return p.op(")")
	}
	if len(ns) > 3 {
		p.op("(")
	}
	for _, n := range ns {
		p.int(n)
	}
	return p.op([...]string{"\x85", "\x86", "\x87", "t"}[min(len(ns), 4)-1]).put()
}
