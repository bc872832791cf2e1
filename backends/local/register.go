package local

import "github.com/godcp/godcp/fsbase"

func init() { Register(&fsbase.DefaultMux) }

// Register adds local folders to a registry of its caller's. To have them in
// the default one it is enough to import this package.
func Register(mux *fsbase.Mux) { mux.Register(Scheme, opener{}) }
