package dcp

// combineCRC32 returns the CRC-32 of two adjacent parts from the CRC of each
// and the length of the second, so that parts can be read and summed in any
// order. (Method of zlib's crc32_combine: multiply by x^(8·len) modulo the
// polynomial, in the reflected representation.)
func combineCRC32(first, second uint32, secondLen int64) uint32 {
	return multModP(xPower8(secondLen), first) ^ second
}

const crcPoly = 0xEDB88320 // IEEE, reflected: bit 31 is x^0

// multModP multiplies two polynomials modulo the CRC polynomial.
func multModP(a, b uint32) uint32 {
	var p uint32
	for m := uint32(1) << 31; a != 0; m >>= 1 {
		if a&m != 0 {
			p ^= b
			a &^= m
		}
		if b&1 != 0 {
			b = b>>1 ^ crcPoly
		} else {
			b >>= 1
		}
	}
	return p
}

// xPower8 is x^(8n) modulo the CRC polynomial.
func xPower8(n int64) uint32 {
	p := uint32(1) << 31 // x^0
	square := uint32(1) << 23
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			p = multModP(square, p)
		}
		square = multModP(square, square)
	}
	return p
}
