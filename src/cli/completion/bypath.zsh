#compdef bypath
# zsh's completion of bypath: the program itself says what fits ("bypath --complete WORD…").
# SPDX-License-Identifier: BSD-3-Clause

local program=${(Q)words[1]}
local -a behind lines described open
local line word

behind=("${(@Q)words[2,CURRENT]}") # the last may be empty
lines=("${(@f)$(${~program} --complete "${behind[@]}" 2>/dev/null)}")
for line in $lines; do
	word=${line%%$'\t'*}
	case $line in
	@*) _files -g "*${line#@}(-.)" ;;
	*=*$'\t'* | *=) open+=($word) ;; # a value follows
	*$'\t'*) described+=("${word//:/\\:}:${line#*$'\t'}") ;;
	*) described+=("${word//:/\\:}") ;;
	esac
done
(( ! $#open )) || compadd -S '' -a open
(( ! $#described )) || _describe bypath described
