//go:build !linux

package local

const canRenameExclusive = false
