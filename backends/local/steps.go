package local

// step is one call to the system that a write depends on.
type step string

const (
	stepMkdir   step = "mkdir"
	stepCreate  step = "create"
	stepWrite   step = "write"
	stepSync    step = "sync"
	stepClose   step = "close"
	stepLock    step = "lock"
	stepLink    step = "link"
	stepRename  step = "rename"
	stepExclude step = "rename without replacing"
	stepSyncDir step = "sync folder"
)

// do carries out a step, or lets a test do so in its own way.
func (f *FS) do(s step, call func() error) error {
	if f.around != nil {
		return f.around(s, call)
	}
	return call()
}
