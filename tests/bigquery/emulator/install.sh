#!/usr/bin/env bash
# Installs the emulator into a folder: `install.sh FOLDER PYTHON UV`.
# local-bigquery asks for Python 3.13 and DuckDB 2; launch.py says why it gets neither.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 python=$2 uv=$3

rm -rf "$folder"
"$python" -m venv "$folder/venv"
"$uv" pip install --quiet --python "$folder/venv/bin/python" --require-hashes -r "$here/requirements.lock"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
    --require-hashes -r "$here/local-bigquery.lock"

# DuckDB looks for extensions in its user's home: the emulator has one of its own.
platform=$("$folder/venv/bin/python" -c "import duckdb; print(duckdb.execute('pragma platform').fetchone()[0])")
home="$folder/home/.duckdb/extensions/v1.5.5/$platform"
mkdir -p "$home"
cp "$folder"/venv/lib/python*/site-packages/duckdb_extension_*/extensions/v1.5.5/*.duckdb_extension "$home/"
touch "$folder/.ready"
