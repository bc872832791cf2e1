// Package interop holds the tests that need real PyTorch: what torch saves is
// what godcp reads, and the other way round.
//
// GODCP_PYTHON names a Python with torch, safetensors and zstandard; venv.sh
// makes one. Its torch writes checkpoints of every kind (torch/make.py) and
// works out what must be found in them. Without it the tests are skipped, or
// fail if GODCP_REQUIRE, a comma-separated list, has "torch". GODCP_SEED
// repeats the shapes and contents of an earlier run. versions.sh runs all this
// with the releases of torch that are supported.
package interop
