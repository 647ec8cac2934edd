#!/usr/bin/env bash
# Loads the evidence into the warehouse, if one is named; what it does not take in time is not lost, and no failure.
set -uo pipefail

if [ -z "${WAREHOUSE:-}${CI_INTEL_WAREHOUSE:-}${CI_INTEL_BQ_PROJECT:-}" ]; then
    {
        echo "delivered=false"
        echo "code=0"
    } >> "$GITHUB_OUTPUT"
    {
        echo "### CI evidence"
        echo
        echo "No warehouse is configured here: the evidence is kept as an artifact, for \`ci-intel collect\` to fetch."
    } >> "$GITHUB_STEP_SUMMARY"
    exit 0
fi

spool=$RUNNER_TEMP/ci-intel-spool
rm -rf "$spool"
[ -z "${WAREHOUSE:-}" ] || export CI_INTEL_WAREHOUSE=$WAREHOUSE
"$RUNNER_TEMP/ci-intel/bin/ci-intel" load "$EVIDENCE" --deadline "$DEADLINE" --spool "$spool" --summary "$GITHUB_STEP_SUMMARY"
code=$?
delivered=true
if [ "$code" = 3 ] || [ -n "$(ls "$spool" 2> /dev/null)" ]; then
    delivered=false
    echo "::warning title=CI evidence::not all evidence reached the warehouse; it is kept as an artifact"
fi
{
    echo "delivered=$delivered"
    echo "code=$code"
} >> "$GITHUB_OUTPUT"
