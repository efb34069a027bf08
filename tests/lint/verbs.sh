#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# verbs.sh BUILD: what a program's --help tells, its man page tells and the
# completion offers: verbs (".It Cm unit issue" in the page) and options, and
# the page tells no verb more.
set -u
build=$1
rc=0
. completion/amtforge.bash

bad() {
	echo "$*"
	rc=1
}

# offered WORD...: what the completion offers as the next word.
offered() {
	COMP_WORDS=("$@" "")
	COMP_CWORD=$#
	_amtforge
	printf '%s\n' "${COMPREPLY[@]}"
}

# A verb's words are lower case, what follows is not.
page_verbs() {
	sed -nE 's/^\.It (Xo )?(Cm|Ic) ([a-z]+( [a-z]+)*).*/\3/p' "$1" | sort -u
}

# A program's help is asked once, by the completion too: it calls these.
declare -A help
told() {
	local words="$*"
	[[ -v help[$words] ]] ||
		help[$words]=$("$build/bin/$1" "${@:2}" 2>/dev/null)
	printf '%s\n' "${help[$words]}"
}
for bin in "$build"/bin/*; do
	[ -e "$bin" ] || continue
	eval "${bin##*/}() { told ${bin##*/} \"\$@\"; }"
done

for bin in "$build"/bin/*; do
	[ -e "$bin" ] || continue
	program=${bin##*/}
	page=man/$program.1
	told "$program" --help >/dev/null # kept for the subshells
	verbs=$(_amtforge_list "$program" verbs | sort)
	[ -n "$verbs" ] || bad "$program --help: tells no verbs"
	first_words=$'\n'$(offered "$program")$'\n'
	after_json=$'\n'$(offered "$program" --json)$'\n'
	second_words=
	last=
	while read -r verb; do
		[ -n "$verb" ] || continue
		first=${verb%% *}
		[[ $first_words == *$'\n'"$first"$'\n'* ]] ||
			bad "completion/amtforge.bash: does not offer $verb"
		[[ $after_json == *$'\n'"$first"$'\n'* ]] ||
			bad "completion/amtforge.bash: no $verb after --json"
		[ "$first" != "$verb" ] || continue
		[ "$first" = "$last" ] ||
			second_words=$'\n'$(offered "$program" "$first")$'\n'
		last=$first
		[[ $second_words == *$'\n'"${verb#* }"$'\n'* ]] ||
			bad "completion/amtforge.bash: does not offer $verb"
	done <<<"$verbs"
	if [ ! -e "$page" ]; then
		bad "$page: is not there"
		continue
	fi
	diff <(echo "$verbs") <(page_verbs "$page") | grep '^[<>]' | sed "
		s|^<|$page: lacks the verb|
		s|^>|$page: tells a verb that --help does not:|" |
		grep . && rc=1
	text=$(mandoc -T ascii "$page" | sed 's/.\x08//g')
	while read -r verb; do
		[ -n "$verb" ] || continue
		# shellcheck disable=SC2086 # a verb may have two words
		for option in $(_amtforge_list "$program" options $verb); do
			[[ $text =~ $option([^a-z-]|$) ]] ||
				bad "$page: lacks $option of $verb"
		done
	done <<<"$verbs"
done
exit $rc
