#!/bin/sh
# Counts lines per folder of src, include and drivers at several commits, in one way.
# SPDX-License-Identifier: BSD-3-Clause
# usage: count.sh [COMMIT...]   (HEAD)
#
# Every line of every file of text counts, comments and empty ones too, templates, style, scripts and what generates code with
# them: so nothing shrinks by being moved.
set -eu
cd "$(dirname "$0")/../.."
for commit in "${@:-HEAD}"; do
	git grep -I -c '' "$commit" -- src include drivers |
		awk -F: -v commit="$(git rev-parse --short "$commit")" '{
			n = split($2, part, "/")
			folder = n > 2 ? part[1] "/" part[2] : part[1]
			print commit, folder, $3
			print commit, "total", $3
		}'
done | awk '
	!($1 in column) { column[$1] = ++n_columns; commits[n_columns] = $1 }
	{ lines[$2, $1] += $3; folders[$2] = 1 }
	END {
		printf "%-20s", "folder"
		for (i = 1; i <= n_columns; i++)
			printf "%9s", commits[i]
		printf "\n"
		n = 0
		for (folder in folders)
			if (folder != "total")
				names[++n] = folder
		for (i = 2; i <= n; i++) # few: sorted by insertion
			for (k = i; k > 1 && names[k] < names[k - 1]; k--) {
				name = names[k]; names[k] = names[k - 1]; names[k - 1] = name
			}
		names[++n] = "total"
		for (i = 1; i <= n; i++) {
			printf "%-20s", names[i]
			for (k = 1; k <= n_columns; k++)
				printf "%9d", lines[names[i], commits[k]]
			printf "\n"
		}
	}'
