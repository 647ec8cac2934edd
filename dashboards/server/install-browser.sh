#!/usr/bin/env bash
# Chromium, which opens the dashboards in tests: the system's own, installed by its package manager if it is not there.
set -euo pipefail

command -v chromium > /dev/null && exit 0
echo "installing chromium …"
as_root=$([ "$(id -u)" -eq 0 ] || echo sudo)
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
