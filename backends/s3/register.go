package s3

import "github.com/godcp/godcp/fsbase"

func init() { Register(&fsbase.DefaultMux) }

// Register adds S3 to a registry of its caller's. To have it in the default one
// it is enough to import this package.
func Register(mux *fsbase.Mux) { mux.Register(Scheme, opener{}) }
