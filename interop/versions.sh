#!/usr/bin/env bash
# Tests with every release of torch that is supported, and prints one line for
# each: version, verdict, checkpoints read, seconds. Arguments are other
# versions to take instead.
set -euo pipefail
cd "$(dirname "$0")"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
(($#)) || set -- 2.4.1 2.7.1 2.15.0

status=0
for version; do
	if ! python=$(./venv.sh "$version"); then
		printf 'torch %-8s NO ENVIRONMENT\n' "$version"
		status=1
		continue
	fi
	began=$SECONDS verdict=ok
	GODCP_REQUIRE=torch GODCP_PYTHON=$python go test -count=1 -run '^Test(Torch|TorchLoads|Items|Safetensors|SafetensorsSave|Plans|Metadata|Values)$' -v . >"$log" 2>&1 || verdict=FAILED
	read=$(grep -cE '^    --- PASS: TestTorch/[^/]+ ' "$log" || true)
	printf 'torch %-8s %s, %d checkpoints, %d s\n' "$version" "$verdict" "$read" $((SECONDS - began))
	if [[ $verdict != ok ]]; then
		status=1
		tail -n 60 "$log"
	fi
done
exit $status
