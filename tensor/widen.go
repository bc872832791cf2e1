package tensor

// span says which values a real dtype has: multiples of 2^low of at most digits
// binary digits, up to 2^high.
type span struct {
	digits, low, high int
	signed, special   bool // below zero; infinite, NaN and -0
}

var spans = map[DType]span{
	Bool:   {1, 0, 1, false, false},
	Uint8:  {8, 0, 8, false, false},
	Uint16: {16, 0, 16, false, false},
	Uint32: {32, 0, 32, false, false},
	Uint64: {64, 0, 64, false, false},
	// The lowest value is -2^n, but takes one digit only.
	Int8:           {7, 0, 7, true, false},
	Int16:          {15, 0, 15, true, false},
	Int32:          {31, 0, 31, true, false},
	Int64:          {63, 0, 63, true, false},
	Float64:        {53, -1074, 1024, true, true},
	Float32:        {24, -149, 128, true, true},
	Float16:        {11, -24, 16, true, true},
	BFloat16:       {8, -133, 128, true, true},
	Float8E5M2:     {3, -16, 16, true, true},
	Float8E4M3FN:   {4, -9, 9, true, false},
	Float8E4M3FNUZ: {4, -10, 8, true, false},
	Float8E5M2FNUZ: {3, -17, 16, true, false},
}

// CanWiden tells whether [Convert] keeps every value of from exactly, NaN as
// some NaN. Each dtype widens to itself, a real one to a complex one whose parts
// hold it; nothing else widens to or from the quantized, bits and fp4 types.
func CanWiden(from, to DType) bool {
	switch {
	case from == to:
		return from.known()
	case from.IsComplex() && !to.IsComplex():
		return false
	}
	from, to = from.part(), to.part()
	if from == to {
		return true
	}
	if from == Float8E8M0FNU { // one digit, and 2^-127 is the smallest
		return to == Float64 || to == Float32 || to == BFloat16
	}
	a, ok := spans[from]
	b, ok2 := spans[to]
	if !ok || !ok2 {
		return false
	}
	if from.IsFloat() && !to.IsFloat() || a.special && !b.special || a.signed && !b.signed {
		return false
	}
	return a.digits <= b.digits && a.low >= b.low && a.high <= b.high
}
