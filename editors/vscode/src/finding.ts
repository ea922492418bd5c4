// Which dola-ls is started: that of the setting, of the interpreter, on PATH, or none of these.
import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as path from 'node:path';
import type { Run } from './run';

/** The oldest server that speaks what this extension needs. */
export const OLDEST = '0.1.0';

export interface Server {
  command: string;
  args: string[];
  version: string;
  /** Where it was found, in words. */
  from: string;
}

/** Why the user's own choice cannot be used. */
export interface Problem {
  problem: string;
}

export interface Places {
  /** The setting `dola.path`. */
  setting: string;
  /** The selected Python interpreter, or undefined where there is none or it is not trusted. */
  interpreter: string | undefined;
  /** The environment variable PATH. */
  path: string;
  platform: NodeJS.Platform;
}

/**
 * Return the first server that is recent enough, a problem with the one that was set, or undefined.
 * `skipped` gets a sentence for each that was passed over.
 */
export async function findServer(
  places: Places,
  run: Run,
  skipped: (sentence: string) => void,
): Promise<Server | Problem | undefined> {
  if (places.setting.trim()) {
    return theOneThatWasSet(places.setting.trim(), run);
  }
  const candidates: [string, string][] = [];
  if (places.interpreter) {
    const folder = path.dirname(places.interpreter);
    const there = programs('dola-ls', places.platform).map((name) => path.join(folder, name));
    candidates.push(...there.filter(isFile).map((file): [string, string] => [file, `of ${places.interpreter}`]));
  }
  const onPath = which('dola-ls', places.path, places.platform);
  if (onPath) {
    candidates.push([onPath, 'on PATH']);
  }
  for (const [command, from] of candidates) {
    const version = await versionOf(command, [], run);
    if (version === undefined) {
      skipped(`${command} did not tell its version and is not used.`);
    } else if (!isAtLeast(version, OLDEST)) {
      skipped(`${command} is dola-ls ${version}, older than ${OLDEST}, and is not used.`);
    } else {
      return { command, args: [], version, from };
    }
  }
  return undefined;
}

async function theOneThatWasSet(setting: string, run: Run): Promise<Server | Problem> {
  const command = setting.startsWith('~') ? path.join(homedir(), setting.slice(1)) : setting;
  const next = 'No server was started. Correct the setting, or empty it so that Dola looks for a server itself.';
  if (!path.isAbsolute(command)) {
    return { problem: `The setting dola.path is “${setting}”, which is not a full path. ${next}` };
  }
  if (!isFile(command)) {
    return { problem: `The setting dola.path is “${setting}”, and there is no such program. ${next}` };
  }
  const version = await versionOf(command, [], run);
  if (version === undefined) {
    return { problem: `“${setting}”, from the setting dola.path, does not answer as dola-ls does. ${next}` };
  }
  if (!isAtLeast(version, OLDEST)) {
    return {
      problem:
        `“${setting}”, from the setting dola.path, is dola-ls ${version}, and this extension needs ${OLDEST} ` +
        'or newer. No server was started. Update it (pip install --upgrade dola-ls), or empty the setting.',
    };
  }
  return { command, args: [], version, from: 'from the setting dola.path' };
}

/** Return the version that a program tells, or undefined where it is no dola-ls. */
export async function versionOf(command: string, args: readonly string[], run: Run): Promise<string | undefined> {
  const ran = await run(command, [...args, '--version'], { cwd: homedir() });
  return ran.code === 0 ? /^dola-ls (\d+(?:\.\d+)*\S*)\s*$/.exec(ran.stdout)?.[1] : undefined;
}

/** Tell whether a version is the given one or newer; what follows the numbers does not count. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [ours, theirs] = [numbers(version), numbers(oldest)];
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    const difference = (ours[i] ?? 0) - (theirs[i] ?? 0);
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}

function numbers(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}

/** Return the full path of a program. Entries of PATH that are not full paths are left out. */
export function which(name: string, pathVariable: string, platform: NodeJS.Platform): string | undefined {
  // An empty or relative entry would be looked up in the folder that is open.
  const folders = pathVariable.split(platform === 'win32' ? ';' : ':').filter((entry) => path.isAbsolute(entry));
  for (const folder of folders) {
    const found = programs(name, platform)
      .map((program) => path.join(folder, program))
      .find(isFile);
    if (found) {
      return found;
    }
  }
  return undefined;
}

function programs(name: string, platform: NodeJS.Platform): string[] {
  // Not .cmd or .bat: those would need a shell.
  return platform === 'win32' ? [`${name}.exe`] : [name];
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
