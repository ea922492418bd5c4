// Makes dola-ls.vsix: checks the types, builds the wheel of the server beside the bundle, and packs.
// PYTHON names the Python that builds the wheel; pip fetches the build back end (hatchling).
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const run = (command, ...args) => execFileSync(command, args, { stdio: 'inherit' });
const node = (script, ...args) => run(process.execPath, script, ...args);
const root = path.resolve('..', '..');
const python = process.env.PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');

node('node_modules/typescript/bin/tsc', '--noEmit');

rmSync('bundled', { recursive: true, force: true });
mkdirSync('bundled');
run(python, '-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps', '--wheel-dir', 'bundled', root);
const wheels = readdirSync('bundled');
if (wheels.length !== 1 || !/^dola_ls-.*-py3-none-any\.whl$/.test(wheels[0])) {
  throw new Error(`one universal wheel was expected, not ${wheels}`);
}

copyFileSync(path.join(root, 'server', 'locked.txt'), path.join('bundled', 'locked.txt'));

rmSync('dist', { recursive: true, force: true });
node('scripts/build.mjs', '--minify');
copyFileSync(path.join(root, 'LICENSE'), 'LICENSE');
node('node_modules/@vscode/vsce/vsce', 'package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', 'dola-ls.vsix');
