#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing names a machine's folders, and no secret reaches a log or a message.
set -u
rc=0
code=$(find base formats bios export factory server device agent configs man \
	completion -type f 2>/dev/null)
docs=$(find . -maxdepth 1 -type f ! -name LICENSE ! -name .git)
tests=$(find tests -type f ! -path tests/lint/words.sh)

# deny PATTERN WHY FILE...
deny() {
	pattern=$1
	why=$2
	shift 2
	if grep -nIE -- "$pattern" "$@" /dev/null; then
		echo "^ $why"
		rc=1
	fi
}

# shellcheck disable=SC2086 # lists
{
	deny '(^|[^a-zA-Z0-9_./$}])/(work|home|root)/' 'a folder of one machine' \
		$code $docs $tests
	deny '\.\./shared|spec/[a-z-]+\.md' 'not part of this repository' \
		$code $docs
	deny '\b(TODO|FIXME|XXX)\b' 'what is not done is not there' \
		$code $docs $tests
	deny 'log_(err|warn|info)\(.*\b(pps|otp|password|passphrase|psk)\b *[,)]' \
		'a secret in a log' $code
	deny 'err_(set|sys|refuse|in)\(.*, *(.*[>.])?(pps|otp|password|passphrase)\)' \
		'a secret in an error message' $code
	deny 'BEGIN ([A-Z]+ )?PRIVATE KEY-----$' 'a private key' $code
}
exit $rc
