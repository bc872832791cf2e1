package safetensors

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// int reads an integer without fraction or exponent that fits 64 bits.
func (s *scanner) int() (int64, error) {
	s.space()
	start := s.i
	text, err := s.number()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || text[0] == '-' && n == 0 {
		s.i = start
		return 0, s.fault("%s is no 64-bit integer", clip(text))
	}
	return n, nil
}

func clip(s string) string { return s[:min(len(s), 40)] }

// number returns the text of a number in JSON's grammar.
func (s *scanner) number() (string, error) {
	start := s.i
	s.oneOf("-")
	lead := s.i
	ok := s.digits() && (s.b[lead] != '0' || s.i-lead == 1)
	if ok && s.oneOf(".") {
		ok = s.digits()
	}
	if ok && s.oneOf("eE") {
		s.oneOf("+-")
		ok = s.digits()
	}
	if !ok {
		return "", s.unexpected("a number")
	}
	return string(s.b[start:s.i]), nil
}

func (s *scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > from
}

func (s *scanner) oneOf(set string) bool {
	if s.i < len(s.b) && strings.IndexByte(set, s.b[s.i]) >= 0 {
		s.i++
		return true
	}
	return false
}

// str reads a string.
func (s *scanner) str() (string, error) {
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return "", s.unexpected("a string")
	}
	s.i++
	start := s.i
	for s.i < len(s.b) && s.b[s.i] != '"' && s.b[s.i] != '\\' && s.b[s.i] >= ' ' {
		s.i++
	}
	out := s.b[start:s.i:s.i] // the append below copies
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			if !utf8.Valid(out) {
				return "", s.fault("a string that is not UTF-8")
			}
			s.i++
			return string(out), nil
		case c < ' ':
			return "", s.fault("control character %#x in a string", c)
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
			s.i++
		}
	}
	return "", s.unexpected("the end of a string")
}

// escape reads a backslash and what follows it.
func (s *scanner) escape() (rune, error) {
	s.i++
	if s.i >= len(s.b) {
		return 0, s.unexpected("an escape")
	}
	c := s.b[s.i]
	s.i++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		r, ok := s.hex4()
		if ok && utf16.IsSurrogate(r) {
			ok = len(s.b)-s.i >= 2 && s.b[s.i] == '\\' && s.b[s.i+1] == 'u'
			if ok {
				s.i += 2
				var low rune
				low, ok = s.hex4()
				r = utf16.DecodeRune(r, low)
				ok = ok && r != utf8.RuneError
			}
		}
		if ok {
			return r, nil
		}
	}
	return 0, s.fault("a bad escape in a string")
}

func (s *scanner) hex4() (rune, bool) {
	if len(s.b)-s.i < 4 {
		return 0, false
	}
	var r rune
	for _, c := range s.b[s.i : s.i+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	s.i += 4
	return r, true
}
