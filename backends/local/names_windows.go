package local

import "strings"

// changed tells whether Windows would make another name of p: it drops dots and
// blanks at the end of an element. N3.
func changed(p string) bool {
	for e := range strings.SplitSeq(p, "/") {
		if e != "." && strings.TrimRight(e, ". ") != e {
			return true
		}
	}
	return false
}
