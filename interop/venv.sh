#!/usr/bin/env bash
# Makes a Python environment with one release of torch, outside the tree, and
# prints the path of its Python. A second call finds it there.
#
#   interop/venv.sh 2.15.0
#
# GODCP_CACHE is where environments live; GODCP_BASE_PYTHON is the Python they
# are made with, which must be one that the release has a wheel for.
set -euo pipefail

version=${1:?usage: venv.sh TORCH_VERSION}
dir=${GODCP_CACHE:-${HOME:?}/.cache/godcp}/torch-$version
python=$dir/bin/python

if [[ ! -e $dir/.complete ]]; then
	# What an interrupted run left is not worth repairing.
	rm -rf "$dir"
	mkdir -p "${dir%/*}"
	"${GODCP_BASE_PYTHON:-python3}" -m venv "$dir" >&2
	case $version in
	2.[0-4].*) numpy='numpy<2' ;;
	*) numpy='numpy' ;;
	esac
	"$python" -m pip install --quiet --disable-pip-version-check \
		"torch==$version" "$numpy" setuptools >&2
	"$python" -c 'import torch; print("torch", torch.__version__, "ready")' >&2
	touch "$dir/.complete"
fi
# These may join an environment that is older than the need for them.
if ! "$python" -Ic 'import safetensors, zstandard' 2>/dev/null; then
	"$python" -m pip install --quiet --disable-pip-version-check safetensors zstandard >&2
fi
printf '%s\n' "$python"
