package fsbase

// Limits returns the sizes that suit the storage: [PartLimiter]. What states
// none has none: the zero PartLimits.
func Limits(fsys FileSystemBase) PartLimits {
	if l, ok := As[PartLimiter](fsys); ok {
		return l.PartLimits()
	}
	return PartLimits{}
}
