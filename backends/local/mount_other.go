//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package local

import "os"

// locksStayHere: these systems send locks to the server, or answer that they
// cannot.
func locksStayHere(*os.File) bool { return false }
