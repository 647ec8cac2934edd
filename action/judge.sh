#!/usr/bin/env bash
# Fails the job over evidence only where it was asked to.
set -uo pipefail

worst=0
for code in "${EMITTED:-3}" "${LOADED:-3}"; do
    [ "$code" -le "$worst" ] || worst=$code
done
if [ "$worst" = 0 ] && [ "${MISSING:-}" = true ] && [ "${STRICT:-}" = true ]; then
    echo "::error title=CI evidence::some of the reports that were asked for are not there; the steps above say which"
    exit 1
fi
[ "$worst" != 0 ] || exit 0
case $worst in
    1) what="some reports are no good evidence; the steps above say which, and why" ;;
    *) what="some evidence could not be dealt with; the steps above say why" ;;
esac
if [ "${STRICT:-}" = true ]; then
    echo "::error title=CI evidence::$what"
    exit "$worst"
fi
echo "::warning title=CI evidence::$what"
