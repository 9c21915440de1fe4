# bash's completion of bypath: the program itself says what fits ("bypath --complete WORD…").
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash

_bypath()
{
	local line=${COMP_LINE:0:COMP_POINT} program last head text
	local -a words
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	program=${words[0]/#\~/$HOME}
	last=${words[-1]}
	# Readline replaces what stands behind the last of its breaks.
	head=
	case $COMP_WORDBREAKS in
	*=*:* | *:*=*) head=${last%"${last##*[=:]}"} ;;
	*=*) head=${last%"${last##*=}"} ;;
	*:*) head=${last%"${last##*:}"} ;;
	esac
	COMPREPLY=()
	while IFS= read -r text; do
		case $text in
		@*)
			compopt -o filenames
			last=${last#"$head"}
			while IFS= read -r text; do
				COMPREPLY+=("$text")
			done < <(compgen -f -X "!*${text#@}" -- "$last" && compgen -d -- "$last" || compgen -d -- "$last")
			;;
		*)
			text=${text%%$'\t'*}
			[[ $text != *= ]] || compopt -o nospace
			COMPREPLY+=("${text#"$head"}")
			;;
		esac
	done < <("$program" --complete "${words[@]:1}" 2>/dev/null)
}
complete -F _bypath bypath
