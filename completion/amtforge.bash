# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion for amtforge, amtforge-server, amtforge-device and amtforge-agent:
# verbs and options are asked of the program's own --help.

# _amtforge_list PROGRAM SECTION [VERB...]: first words of a --help section.
_amtforge_list() {
	local program=$1 section=$2
	shift 2
	"$program" "$@" --help 2>/dev/null | awk -v section="$section:" '
		/^[a-z]+:$/ { on = $0 == section; next }
		on && /^  [^ ]/ {
			sub(/^  /, "")
			sub(/(  .*| [A-Z<].*)$/, "")
			print
		}'
}

_amtforge() {
	local cur=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]}
	local verbs verb="" at=1 words
	# Options may stand before the verb; --json takes no value.
	while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} == -* ]]; do
		case ${COMP_WORDS[at]} in
		--json | --*=*) ((at++)) ;;
		*)
			[[ ${COMP_WORDS[at + 1]} == = ]] && ((at++))
			((at += 2))
			;;
		esac
	done
	words=
	((at < COMP_CWORD)) && words=${COMP_WORDS[*]:at:COMP_CWORD-at}
	verbs=$(_amtforge_list "$program" verbs)
	COMPREPLY=()
	while read -r v; do
		[[ "$words " == "$v "* ]] && verb=$v
	done <<<"$verbs"
	if [[ -n $verb && $cur == -* ]]; then
		# shellcheck disable=SC2086 # a verb may have two words
		mapfile -t COMPREPLY < <(compgen -W \
			"$(_amtforge_list "$program" options $verb)" -- "$cur")
	elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --uuid-order ]]; then
		mapfile -t COMPREPLY < <(compgen -W "text raw" -- "$cur")
	elif [[ -n $verb ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	else
		# the next word of each verb that begins with those typed
		mapfile -t COMPREPLY < <(compgen -W "$(
			while read -r v; do
				[[ -z $words ]] && echo "${v%% *}"
				[[ $v == "$words "* ]] && echo "${v#"$words "}"
			done <<<"$verbs" | sort -u
		)" -- "$cur")
	fi
}

complete -o filenames -F _amtforge amtforge amtforge-server amtforge-device \
	amtforge-agent
