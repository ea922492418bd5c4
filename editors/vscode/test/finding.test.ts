import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { findServer, isAtLeast, OLDEST, which, type Places } from '../src/finding';
import { run } from '../src/run';

const folder = () => mkdtempSync(path.join(tmpdir(), 'dola-test-'));

/** Write a program that says it is dola-ls of a version, or whatever else. */
function program(where: string, says: string, name = 'dola-ls'): string {
  mkdirSync(where, { recursive: true });
  const file = path.join(where, name);
  writeFileSync(file, `#!/bin/sh\n${says}\n`);
  chmodSync(file, 0o755);
  return file;
}
const version = (number: string) => `echo "dola-ls ${number}"`;

async function find(places: Partial<Places>) {
  const skipped: string[] = [];
  const all: Places = { setting: '', interpreter: undefined, path: '', platform: 'linux', ...places };
  return { found: await findServer(all, run, (sentence) => skipped.push(sentence)), skipped };
}

test('the setting comes before the interpreter, and the interpreter before PATH', async () => {
  const [set, venv, onPath] = [folder(), folder(), folder()];
  const setting = program(set, version('0.1.0'));
  program(venv, version('0.1.1'));
  program(onPath, version('0.1.2'));
  const interpreter = path.join(venv, 'python');

  const versionAmong = async (places: Partial<Places>) => {
    const { found } = await find(places);
    return found && 'version' in found ? found.version : undefined;
  };
  assert.equal(await versionAmong({ setting, interpreter, path: onPath }), '0.1.0');
  assert.equal(await versionAmong({ interpreter, path: onPath }), '0.1.1');
  assert.equal(await versionAmong({ path: onPath }), '0.1.2');
  assert.equal((await find({})).found, undefined);
});

test('one that is too old or no dola-ls is passed over, and the log is told', async () => {
  const [venv, onPath] = [folder(), folder()];
  program(venv, version('0.0.9'));
  program(onPath, 'echo something else');

  const { found, skipped } = await find({ interpreter: path.join(venv, 'python'), path: onPath });

  assert.equal(found, undefined);
  assert.match(skipped[0] ?? '', /0\.0\.9, older than/);
  assert.match(skipped[1] ?? '', /did not tell its version/);
});

test('what was set is used or complained of, and nothing takes its place', async () => {
  const onPath = folder();
  program(onPath, version('0.1.0'));
  const cases: [string, RegExp][] = [
    ['dola-ls', /not a full path/],
    ['./dola-ls', /not a full path/],
    [path.join(onPath, 'nothing'), /no such program/],
    [program(folder(), 'exit 3'), /does not answer as dola-ls does/],
    [program(folder(), version('0.0.1')), new RegExp(`is dola-ls 0\\.0\\.1, and this extension needs ${OLDEST}`)],
  ];
  for (const [setting, sentence] of cases) {
    const { found } = await find({ setting, path: onPath });
    assert.ok(found && 'problem' in found, setting);
    assert.match(found.problem, sentence);
    assert.match(found.problem, /No server was started/);
  }
});

test('a program in the folder that is open is never found by PATH', () => {
  const here = folder();
  program(here, version('9.9.9'));
  const before = process.cwd();
  process.chdir(here);
  try {
    assert.equal(which('dola-ls', ':.::./', 'linux'), undefined);
  } finally {
    process.chdir(before);
  }
  assert.equal(which('dola-ls', `.:${here}`, 'linux'), path.join(here, 'dola-ls'));
});

test('versions are compared by number', () => {
  assert.ok(isAtLeast('0.10.0', '0.9.9'));
  assert.ok(isAtLeast('1', '0.9'));
  assert.ok(isAtLeast('0.1', '0.1.0'));
  assert.ok(isAtLeast('0.1.0.dev3', '0.1.0'));
  assert.ok(!isAtLeast('0.1.9', '0.2'));
  assert.ok(!isAtLeast('nonsense', '0.1'));
});
