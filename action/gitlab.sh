#!/usr/bin/env bash
# In a GitLab job: the run's event, then everything into the warehouse, if one is named.
set -uo pipefail
shopt -s globstar nullglob

hub=$PWD/.ci-intel/venv/bin/ci-intel
evidence=ci-intel-evidence
rm -rf "$evidence" && mkdir -p "$evidence/reports" || exit 3

number=0
# Patterns, separated by blanks.
for path in ${CI_INTEL_REPORTS:-}; do
    case $path in .ci-intel/* | "$evidence"/*) continue ;; esac
    [ -f "$path" ] || continue
    number=$((number + 1))
    cp -- "$path" "$evidence/reports/$(printf '%04d' "$number")-$(basename -- "$path")" || exit 3
done
options=(--out "$evidence/run.json")
[ "$number" = 0 ] || options+=("$evidence/reports")
"$hub" emit pipeline-run "${options[@]}" || true
[ "$number" -gt 0 ] || rmdir "$evidence/reports"

[ -z "${CI_INTEL_NAMED_WAREHOUSE:-}" ] || export CI_INTEL_WAREHOUSE=$CI_INTEL_NAMED_WAREHOUSE
"$hub" load "$evidence" --if-configured --deadline "$CI_INTEL_DEADLINE" --spool "$evidence/undelivered"
