import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { NotInstalled, PrivateServers } from '../src/install';
import { findPython } from '../src/python';
import { Cancelled, run, type Ran, type Run } from '../src/run';

const PYTHON = { command: '/usr/bin/python3', args: [] };
const ok = (stdout = ''): Ran => ({ code: 0, stdout, stderr: '' });
const failed = (stderr: string): Ran => ({ code: 1, stdout: '', stderr });
const ignore = () => undefined;

interface Machine {
  /** What `python -m venv` and `pip install` do. */
  venv?: Ran;
  pip?: Ran;
  /** The version of what gets installed. */
  version?: string;
  /** Folders whose Python has gone. */
  broken?: string[];
}

/** A machine with a Python that makes folders in place of virtual environments. */
function machine(does: Machine = {}): { run: Run; ran: string[] } {
  const ran: string[] = [];
  const fake: Run = async (command, args, options) => {
    const words = args.join(' ');
    ran.push(words);
    if (options?.signal?.aborted) {
      throw new Cancelled();
    }
    if (words.includes('-m venv')) {
      const result = does.venv ?? ok();
      if (result.code === 0) {
        mkdirSync(path.join(args.at(-1) ?? '', 'bin'), { recursive: true });
      }
      return result;
    }
    if (words.includes('pip install')) {
      const result = does.pip ?? ok();
      if (result.code === 0) {
        writeFileSync(command, does.version ?? '0.2.0');
      }
      return result;
    }
    if (!existsSync(command) || does.broken?.some((part) => command.includes(part))) {
      return { code: undefined, stdout: '', stderr: 'ENOENT' };
    }
    return ok(`dola-ls ${(await import('node:fs')).readFileSync(command, 'utf8')}\n`);
  };
  return { run: fake, ran };
}

const storage = () => path.join(mkdtempSync(path.join(tmpdir(), 'dola-test-')), 'storage');
const servers = (folder: string, does: Machine = {}, version = '0.2.0') =>
  new PrivateServers(folder, `/x/dola_ls-${version}-py3-none-any.whl`, version, machine({ version, ...does }).run, 'linux');
const signal = () => new AbortController().signal;

test('a server is installed beside what there is, and found again', async () => {
  const folder = storage();
  const ours = servers(folder);
  assert.equal(await ours.current(), undefined);
  assert.ok(!ours.wasInstalled);

  const said: string[] = [];
  const server = await ours.install(PYTHON, (what) => said.push(what), signal());

  assert.deepEqual(server.args, ['-I', '-m', 'dola_ls']);
  assert.equal(server.command, path.join(folder, 'server-0.2.0', 'bin', 'python'));
  assert.deepEqual(readdirSync(folder), ['server-0.2.0']);
  assert.deepEqual(await servers(folder).current(), server);
  assert.equal(said.length, 3);
});

test('only what is locked is fetched, and the wheel comes from the extension', async () => {
  const { run: fake, ran } = machine();
  await new PrivateServers(storage(), '/x/dola_ls-0.2.0-py3-none-any.whl', '0.2.0', fake, 'linux').install(PYTHON, ignore, signal());
  const [locked, wheel] = ran.filter((words) => words.includes('pip install'));
  assert.match(locked ?? '', /--require-hashes --requirement \/x\/locked\.txt$/);
  assert.match(wheel ?? '', /--no-deps --no-index \/x\/dola_ls-0\.2\.0-py3-none-any\.whl$/);
});

test('an update takes the place of the version before, and is agreed to already', async () => {
  const folder = storage();
  await servers(folder, {}, '0.1.0').install(PYTHON, ignore, signal());
  const newer = servers(folder);
  assert.ok(newer.wasInstalled);
  assert.equal(await newer.current(), undefined);

  await newer.install(PYTHON, ignore, signal());

  assert.deepEqual(readdirSync(folder), ['server-0.2.0']);
});

test('one whose Python has gone counts as none, and is repaired by installing', async () => {
  const folder = storage();
  await servers(folder).install(PYTHON, ignore, signal());
  const broken = servers(folder, { broken: ['server-0.2.0'] });
  assert.equal(await broken.current(), undefined);
  assert.ok(broken.wasInstalled);

  await servers(folder).install(PYTHON, ignore, signal());

  assert.ok(await servers(folder).current());
});

test('what fails leaves what was there, says why and what to do', async () => {
  const cases: [Machine, RegExp][] = [
    [{ venv: failed('The virtual environment was not created: ensurepip is not available.') }, /apt install python3-venv/],
    [{ pip: failed('NewConnectionError(… Failed to establish a new connection)\nERROR: No matching distribution') }, /package index was not reached/],
    [{ pip: failed('ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device') }, /the disk is full/],
    [{ pip: failed('ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.') }, /not the one this version was made/],
    [{ pip: failed('error: something odd\n') }, /something odd/],
    [{ version: '0.0.1' }, /does not start/],
  ];
  for (const [does, sentence] of cases) {
    const folder = storage();
    await servers(folder, {}, '0.1.0').install(PYTHON, ignore, signal());
    const newer = servers(folder, does);

    await assert.rejects(newer.install(PYTHON, ignore, signal()), (error: Error) => {
      assert.ok(error instanceof NotInstalled);
      assert.match(error.message, sentence);
      assert.match(error.message, /Dola: Restart Server/);
      return true;
    });

    assert.deepEqual(readdirSync(folder), ['server-0.1.0']);
    assert.equal((await newer.older())?.version, '0.1.0');
  }
});

test('cancelling leaves nothing behind', async () => {
  const folder = storage();
  const abort = new AbortController();
  abort.abort();

  await assert.rejects(servers(folder).install(PYTHON, ignore, abort.signal), Cancelled);

  assert.deepEqual(readdirSync(folder), []);
});

test('a folder that cannot be written is named', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'dola-test-')), 'file');
  writeFileSync(file, '');

  await assert.rejects(servers(file).install(PYTHON, ignore, signal()), /cannot be written/);
});

test('a program that is cancelled is ended', async () => {
  const abort = new AbortController();
  const running = run(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { signal: abort.signal });
  abort.abort();
  await assert.rejects(running, Cancelled);
});

test('no Python and an old Python have a sentence each; a good one is taken', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'dola-test-'));
  const python = (name: string) => {
    writeFileSync(path.join(folder, name), '', { mode: 0o755 });
    return path.join(folder, name);
  };
  const answering = (versions: Record<string, string>): Run => async (command) => ok(`${versions[command] ?? ''}\n`);
  const find = (versions: Record<string, string>, interpreter?: string) =>
    findPython(interpreter, folder, 'linux', answering(versions));

  const none = await find({});
  assert.ok('problem' in none);
  assert.match(none.problem, /no Python was found.*Nothing was installed/);

  const three = python('python3');
  const old = await find({ [three]: '3.9' });
  assert.ok('problem' in old);
  assert.match(old.problem, /newest that was found is 3\.9 .*python3\)/);

  const newer = python('python3.12');
  assert.deepEqual(await find({ [three]: '3.9', [newer]: '3.12' }), { command: newer, args: [] });
  assert.deepEqual(await find({ [three]: '3.13', '/venv/python': '3.11' }, '/venv/python'), {
    command: '/venv/python',
    args: [],
  });
});
