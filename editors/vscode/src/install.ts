// A virtual environment of the extension's own, made from the wheel that it carries.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { isAtLeast, OLDEST, versionOf, type Server } from './finding';
import type { Python } from './python';
import type { Ran, Run } from './run';

/** The server could not be installed; the message is for the user. */
export class NotInstalled extends Error {}

const PREFIX = 'server-';
const BUILDING = 'building-';
/** Lies beside the wheel: each package that the server needs, with its version and its files' hashes. */
const LOCKED = 'locked.txt';

/** The private servers of one extension, a folder for each version. */
export class PrivateServers {
  constructor(
    /** The extension's storage. */
    private readonly folder: string,
    /** The wheel that the extension carries. */
    private readonly wheel: string,
    /** The wheel's version. */
    readonly version: string,
    private readonly run: Run,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** Return the server of the wheel's version if it is there and works. */
  current(): Promise<Server | undefined> {
    return this.working(this.version);
  }

  /** Return an older server that works and will do, the newest first. */
  async older(): Promise<Server | undefined> {
    const versions = this.installed().filter((version) => version !== this.version && isAtLeast(version, OLDEST));
    versions.sort((a, b) => (isAtLeast(a, b) ? -1 : 1));
    for (const version of versions) {
      const server = await this.working(version);
      if (server) {
        return server;
      }
    }
    return undefined;
  }

  /** Tell whether one was ever installed, working or not: then the user has agreed to it. */
  get wasInstalled(): boolean {
    return this.installed().length > 0;
  }

  /**
   * Install the wheel beside what there is, and only then take the place of what there was.
   * Throws NotInstalled, or Cancelled; either way what was there before is still there.
   */
  async install(python: Python, report: (what: string) => void, signal: AbortSignal): Promise<Server> {
    try {
      mkdirSync(this.folder, { recursive: true });
      const building = mkdtempSync(path.join(this.folder, BUILDING));
      try {
        await this.build(building, python, report, signal);
        return await this.take(building);
      } finally {
        rmSync(building, { recursive: true, force: true });
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      throw code === undefined ? error : new NotInstalled(writeProblem(code, this.folder));
    }
  }

  private async build(building: string, python: Python, report: (what: string) => void, signal: AbortSignal) {
    report('making a virtual environment');
    const made = await this.run(python.command, [...python.args, '-I', '-m', 'venv', building], {
      seconds: 180,
      signal,
    });
    if (made.code !== 0) {
      throw new NotInstalled(venvProblem(made, python));
    }
    report('fetching its packages');
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
    // What is fetched is what was tried with this version, to the byte; the wheel itself came along.
    const steps = [
      ['--require-hashes', '--requirement', path.join(path.dirname(this.wheel), LOCKED)],
      ['--no-deps', '--no-index', this.wheel],
    ];
    for (const step of steps) {
      const installed = await this.run(this.python(building), [...pip, ...step], { seconds: 900, signal });
      if (installed.code !== 0) {
        throw new NotInstalled(pipProblem(installed));
      }
    }
    report('trying it');
    if ((await versionOf(this.python(building), MODULE, this.run)) !== this.version) {
      throw new NotInstalled(
        "Dola's server was installed and does not start. It is not used. Run “Dola: Restart Server” to try again.",
      );
    }
  }

  private async take(building: string): Promise<Server> {
    const place = this.place(this.version);
    try {
      // A virtual environment may be moved as long as it is used by its python, not its scripts.
      rmSync(place, { recursive: true, force: true });
      renameSync(building, place);
    } catch (error) {
      // Another window may have been faster, and may be using it already.
      const theirs = await this.current();
      if (theirs === undefined) {
        throw error;
      }
      return theirs;
    }
    for (const version of this.installed()) {
      if (version !== this.version) {
        this.forget(version);
      }
    }
    return this.server(this.version);
  }

  private forget(version: string): void {
    try {
      rmSync(this.place(version), { recursive: true, force: true });
    } catch {
      // Windows does not remove what runs; the next update will.
    }
  }

  private async working(version: string): Promise<Server | undefined> {
    if (!this.installed().includes(version)) {
      return undefined;
    }
    const told = await versionOf(this.python(this.place(version)), MODULE, this.run);
    return told === version ? this.server(version) : undefined;
  }

  private server(version: string): Server {
    return { command: this.python(this.place(version)), args: MODULE, version, from: "of the extension's own" };
  }

  private installed(): string[] {
    try {
      const names = readdirSync(this.folder);
      return names.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
    } catch {
      return [];
    }
  }

  private place(version: string): string {
    return path.join(this.folder, PREFIX + version);
  }

  private python(place: string): string {
    return this.platform === 'win32' ? path.join(place, 'Scripts', 'python.exe') : path.join(place, 'bin', 'python');
  }
}

// -I, or the folder that is open could put a package of that name before ours.
const MODULE = ['-I', '-m', 'dola_ls'];

const RETRY = 'Nothing was installed.';

function venvProblem(ran: Ran, python: Python): string {
  const output = ran.stdout + ran.stderr;
  if (/ensurepip|No module named '?venv/.test(output)) {
    return (
      `${python.command} cannot make virtual environments. ${RETRY} Install what is missing (on Debian and Ubuntu: ` +
      'sudo apt install python3-venv), and run “Dola: Restart Server”.'
    );
  }
  return generalProblem('A virtual environment could not be made', output);
}

function pipProblem(ran: Ran): string {
  const output = ran.stdout + ran.stderr;
  if (NO_NETWORK.test(output)) {
    return (
      `The packages of Dola's server could not be fetched: the Python package index was not reached. ${RETRY} ` +
      'Check the connection, or pip’s settings if you are behind a proxy, and run “Dola: Restart Server”.'
    );
  }
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return (
      "Dola's server could not be installed: the package index gave a file that is not the one this version was made " +
      `with. ${RETRY} Check pip’s settings for another index, and run “Dola: Restart Server”.`
    );
  }
  return generalProblem("Dola's server could not be installed", output);
}

const NO_NETWORK =
  /NewConnectionError|Failed to establish a new connection|name resolution|getaddrinfo|ConnectTimeout|Connection refused|ProxyError|Read timed out|Network is unreachable|SSLError|No matching distribution found|Could not find a version/;

function generalProblem(what: string, output: string): string {
  if (/No space left|Errno 28|disk is full/i.test(output)) {
    return `${what}: the disk is full. ${RETRY} Make room, and run “Dola: Restart Server”.`;
  }
  const lines = output.split('\n').map((line) => line.trim());
  const last = lines.filter(Boolean).at(-1) ?? 'it gave no reason';
  return `${what}: ${last.slice(0, 200)} ${RETRY} “Dola: Show Logs” says more; then run “Dola: Restart Server”.`;
}

function writeProblem(code: string, folder: string): string {
  const why = code === 'ENOSPC' ? 'the disk is full' : `${folder} cannot be written (${code})`;
  return `Dola's server could not be installed: ${why}. ${RETRY} Then run “Dola: Restart Server”.`;
}
