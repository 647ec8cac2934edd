#!/usr/bin/env bash
# Loads the evidence into the warehouse, if one is named; what it does not take in time is not lost, and no failure.
set -uo pipefail

what="the evidence is kept" eventless=
if [ ! -f "$EVIDENCE/run.json" ]; then
    what="the reports are kept"
    eventless="The event of this run could not be made, and is missing; the step before says why."
fi

if [ -z "${WAREHOUSE:-}${CI_INTEL_WAREHOUSE:-}${CI_INTEL_BQ_PROJECT:-}" ]; then
    {
        echo "delivered=false"
        echo "code=0"
    } >> "$GITHUB_OUTPUT"
    {
        echo "### CI evidence"
        echo
        if [ -n "$(ls "$EVIDENCE")" ]; then
            echo "No warehouse is configured here: $what as an artifact, for \`ci-intel collect\` to fetch."
        fi
        if [ -n "$eventless" ]; then
            echo "$eventless"
        fi
    } >> "$GITHUB_STEP_SUMMARY"
    exit 0
fi

spool=$RUNNER_TEMP/ci-intel-spool
rm -rf "$spool"
[ -z "${WAREHOUSE:-}" ] || export CI_INTEL_WAREHOUSE=$WAREHOUSE
"$RUNNER_TEMP/ci-intel/bin/ci-intel" load "$EVIDENCE" --deadline "$DEADLINE" --spool "$spool" --summary "$GITHUB_STEP_SUMMARY"
code=$?
[ -z "$eventless" ] || printf '\n%s\n' "$eventless" >> "$GITHUB_STEP_SUMMARY"
delivered=true
if [ "$code" = 3 ] || [ -n "$(ls "$spool" 2> /dev/null)" ]; then
    delivered=false
    echo "::warning title=CI evidence::not all evidence reached the warehouse; it is kept as an artifact"
fi
{
    echo "delivered=$delivered"
    echo "code=$code"
} >> "$GITHUB_OUTPUT"
