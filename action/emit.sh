#!/usr/bin/env bash
# Copies the reports beside each other, and writes the run's event among them. Bad reports are judged later.
set -uo pipefail
shopt -s globstar nullglob

evidence=$RUNNER_TEMP/ci-intel-evidence
rm -rf "$evidence" && mkdir -p "$evidence/reports" || exit 3

number=0 missing=false
while IFS= read -r pattern; do
    pattern=${pattern#"${pattern%%[![:space:]]*}"} pattern=${pattern%"${pattern##*[![:space:]]}"}
    [ -n "$pattern" ] || continue
    found=0
    # Unquoted on purpose: it is a pattern, and blanks in it do not separate.
    IFS= && for path in $pattern; do
        # Of what a pattern finds the files; a folder that is named is taken whole.
        [ -f "$path" ] || { [ -d "$path" ] && [ "$path" = "$pattern" ]; } || continue
        found=1 number=$((number + 1))
        cp -R -- "$path" "$evidence/reports/$(printf '%04d' "$number")-$(basename -- "$path")" || exit 3
    done
    [ "$found" = 1 ] && continue
    missing=true
    echo "::warning title=CI evidence::no file matches $(printf '%s' "$pattern" | tr -d '\r\n%')"
done <<< "${REPORTS:-}"

options=(--out "$evidence/run.json" --status "$STATUS")
[ -z "${ENVIRONMENT:-}" ] || options+=(--environment "$ENVIRONMENT")
[ -z "${RUNNER_LABEL:-}" ] || options+=(--runner-label "$RUNNER_LABEL")
[ "${WHOLE_RUN:-}" != true ] || options+=(--whole-run)
[ "$number" = 0 ] || options+=("$evidence/reports")

"$RUNNER_TEMP/ci-intel/bin/ci-intel" emit pipeline-run "${options[@]}"
code=$?
[ "$number" -gt 0 ] || rmdir "$evidence/reports"
# One of its own for each job of a matrix and each attempt: what is there is never overwritten.
own=ci-intel-evidence-${GITHUB_JOB:-job}-${JOB_INDEX:-0}-${GITHUB_RUN_ATTEMPT:-1}
case "${ARTIFACT:-$own}" in
    ci-intel-evidence | ci-intel-evidence-?*) artifact=${ARTIFACT:-$own} ;;
    *)
        artifact=$own
        echo "::warning title=CI evidence::an artifact is collected if it is called ci-intel-evidence, or that with a hyphen and more: it is called $own"
        ;;
esac
{
    echo "evidence=$evidence"
    echo "artifact=$artifact"
    echo "code=$code"
    echo "missing=$missing"
} >> "$GITHUB_OUTPUT"
