package local

var tryLock = lockBytes
