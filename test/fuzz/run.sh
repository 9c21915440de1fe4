#!/bin/sh
# Runs one libFuzzer executable for a bounded time, its new inputs in a scratch folder.
# SPDX-License-Identifier: BSD-3-Clause
# usage: run.sh EXECUTABLE SECONDS FOLDER…
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
mkdir "$scratch/new"
target=$1 seconds=$2
shift 2
# An input that breaks the target stays in the build folder, to become a file of the corpus. Not libFuzzer's own exit code
# of then, which is that of a test that was skipped.
status=0
"$target" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 -error_exitcode=1 -print_final_stats=1 \
	-artifact_prefix="$PWD/$(basename "$target")-" "$scratch/new" "$@" >"$scratch/log" 2>&1 ||
	status=$?
tail -n 40 "$scratch/log"
exit $status
