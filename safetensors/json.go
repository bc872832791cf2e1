package safetensors

import (
	"slices"

	"github.com/godcp/godcp/ckpterr"
)

const (
	maxDepth = 64
	maxName  = 64 << 10 // bytes of a tensor's name
)

// scanner reads JSON text strictly: no duplicate keys, bounded depth, valid
// UTF-8, and only integers where integers belong. It keeps no reference to b.
type scanner struct {
	b    []byte
	i    int
	base int64 // bytes from the start of the file to b
}

// fault is BadSafetensors at the current place.
func (s *scanner) fault(format string, args ...any) error {
	e := ckpterr.New(ckpterr.BadSafetensors, format, args...)
	if s.base >= 0 {
		e.Offset = s.base + int64(s.i)
	}
	return e
}

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// next tells whether c is the next token and steps over it.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

func (s *scanner) want(c byte) error {
	if !s.next(c) {
		return s.unexpected("'" + string(c) + "'")
	}
	return nil
}

func (s *scanner) unexpected(want string) error {
	if s.i >= len(s.b) {
		return s.fault("the JSON text ends where %s should be", want)
	}
	return s.fault("%q in the JSON text where %s should be", s.b[s.i], want)
}

// end makes sure that only spaces are left.
func (s *scanner) end() error {
	s.space()
	if s.i < len(s.b) {
		return s.unexpected("its end")
	}
	return nil
}

// object calls member for every key, which is to read the value.
func (s *scanner) object(member func(key string) error) error {
	if err := s.want('{'); err != nil {
		return err
	}
	if s.next('}') {
		return nil
	}
	var seen keySet
	for {
		s.space()
		key, err := s.str()
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return s.fault("key %q twice in one JSON object", key)
		}
		if err := s.want(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
		if s.next('}') {
			return nil
		}
		if err := s.want(','); err != nil {
			return err
		}
	}
}

// array calls element for every element, which is to read it.
func (s *scanner) array(element func() error) error {
	if err := s.want('['); err != nil {
		return err
	}
	if s.next(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.next(']') {
			return nil
		}
		if err := s.want(','); err != nil {
			return err
		}
	}
}

// ints reads an array of at most limit integers.
func (s *scanner) ints(limit int) ([]int64, error) {
	list := []int64{}
	err := s.array(func() error {
		if len(list) == limit {
			return s.fault("more than %d numbers in a list", limit)
		}
		n, err := s.int()
		list = append(list, n)
		return err
	})
	return list, err
}

// skip steps over any value.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return ckpterr.New(ckpterr.LimitExceeded, "JSON nested deeper than %d", maxDepth)
	}
	s.space()
	if s.i >= len(s.b) {
		return s.unexpected("a value")
	}
	switch c := s.b[s.i]; c {
	case '{':
		return s.object(func(string) error { return s.skip(depth + 1) })
	case '[':
		return s.array(func() error { return s.skip(depth + 1) })
	case '"':
		_, err := s.str()
		return err
	case 't', 'f', 'n':
		word := map[byte]string{'t': "true", 'f': "false", 'n': "null"}[c]
		if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
			return s.unexpected("a value")
		}
		s.i += len(word)
		return nil
	default:
		_, err := s.number()
		return err
	}
}

// keySet is the keys of one object; most have only a few.
type keySet struct {
	few  []string
	many map[string]struct{}
}

// add is false when key is there already.
func (k *keySet) add(key string) bool {
	if k.many == nil {
		if slices.Contains(k.few, key) {
			return false
		}
		if k.few = append(k.few, key); len(k.few) > 16 {
			k.many = make(map[string]struct{}, 2*len(k.few))
			for _, f := range k.few {
				k.many[f] = struct{}{}
			}
		}
		return true
	}
	n := len(k.many)
	k.many[key] = struct{}{}
	return len(k.many) > n
}
