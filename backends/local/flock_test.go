//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package local

var tryLock = flock
