// Package all imports every backend of this repository, so that a program
// like the command dcp opens all their URLs.
package all

import (
	_ "github.com/godcp/godcp/backends/gcs"     // gs
	_ "github.com/godcp/godcp/backends/gocloud" // azblob
	_ "github.com/godcp/godcp/backends/local"   // file, bare paths
	_ "github.com/godcp/godcp/backends/memfs"   // mem
	_ "github.com/godcp/godcp/backends/s3"      // s3
)
