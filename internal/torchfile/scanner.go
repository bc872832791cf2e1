package torchfile

import "bytes"

// scanner walks a pickle opcode by opcode. After the first surprise ok is
// false and nothing it returns means anything.
type scanner struct {
	b    []byte
	i    int
	ok   bool
	memo byte // the index of the next BINPUT
}

// skip steps over text if it comes next.
func (s *scanner) skip(text string) bool {
	if s.ok && len(s.b)-s.i >= len(text) && string(s.b[s.i:s.i+len(text)]) == text {
		s.i += len(text)
		return true
	}
	return false
}

func (s *scanner) expect(text string) { s.ok = s.skip(text) }

// take returns the next n bytes.
func (s *scanner) take(n int) []byte {
	if !s.ok || n > len(s.b)-s.i {
		s.ok = false
		return nil
	}
	s.i += n
	return s.b[s.i-n : s.i]
}

// put steps over a BINPUT; torch numbers them in order, and fetches none of
// them in this form.
func (s *scanner) put() {
	if s.ok && len(s.b)-s.i >= 2 && s.b[s.i] == 'q' && s.b[s.i+1] == s.memo {
		s.i += 2
		s.memo++
	}
}

// line returns the text up to a newline and steps over both.
func (s *scanner) line() []byte {
	n := bytes.IndexByte(s.b[s.i:], '\n')
	if n < 0 {
		s.ok = false
		return nil
	}
	line := s.take(n)
	s.take(1)
	return line
}

// text reads a short BINUNICODE of printable ASCII.
func (s *scanner) text() []byte {
	h := s.take(5)
	if h == nil || h[0] != 'X' || h[2]|h[3]|h[4] != 0 {
		s.ok = false
		return nil
	}
	t := s.take(int(h[1]))
	for _, c := range t {
		s.ok = s.ok && ' ' <= c && c <= '~'
	}
	return t
}

// int reads BININT1, BININT2, BININT or a LONG1 of up to 8 bytes.
func (s *scanner) int() int64 {
	op := s.take(1)
	if op == nil {
		return 0
	}
	switch op[0] {
	case 'K':
		if b := s.take(1); b != nil {
			return int64(b[0])
		}
	case 'M':
		if b := s.take(2); b != nil {
			return int64(le.Uint16(b))
		}
	case 'J':
		if b := s.take(4); b != nil {
			return int64(int32(le.Uint32(b)))
		}
	case '\x8a':
		n := s.take(1)
		if n == nil || n[0] == 0 || n[0] > 8 {
			break
		}
		if b := s.take(int(n[0])); b != nil {
			v := int64(int8(b[len(b)-1]))
			for i := len(b) - 2; i >= 0; i-- {
				v = v<<8 | int64(b[i])
			}
			return v
		}
	}
	s.ok = false
	return 0
}

// ints reads a tuple of at most len(dst) ints and its BINPUT, and returns how
// many there are.
func (s *scanner) ints(dst []int64) int {
	if s.skip(")") {
		return 0
	}
	marked := s.skip("(")
	n := 0
	for s.ok {
		if marked && s.skip("t") || !marked && n > 0 && n <= 3 && s.skip([...]string{"\x85", "\x86", "\x87"}[n-1]) {
			s.put()
			return n
		}
		if n == len(dst) {
			break
		}
		dst[n] = s.int()
		n++
	}
	s.ok = false
	return 0
}
