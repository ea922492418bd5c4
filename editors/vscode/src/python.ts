// A Python that the server can be installed with.
import { which } from './finding';
import type { Run } from './run';

/** What pyproject.toml of the server asks for. */
export const OLDEST_PYTHON: readonly [number, number] = [3, 11];

const NEXT =
  'Nothing was installed. Install Python 3.11 or newer, for example from python.org, and run “Dola: Restart Server”. ' +
  'If you have dola-ls elsewhere, set dola.path to it.';

export interface Python {
  command: string;
  args: string[];
}

/** Return the first Python that is new enough, or why there is none. */
export async function findPython(
  interpreter: string | undefined,
  pathVariable: string,
  platform: NodeJS.Platform,
  run: Run,
): Promise<Python | { problem: string }> {
  let newest: { version: [number, number]; command: string } | undefined;
  for (const python of candidates(interpreter, pathVariable, platform)) {
    const version = await versionOfPython(python, run);
    if (version === undefined) {
      continue;
    }
    if (compare(version, OLDEST_PYTHON) >= 0) {
      return python;
    }
    if (newest === undefined || compare(version, newest.version) > 0) {
      newest = { version, command: python.command };
    }
  }
  const wanted = OLDEST_PYTHON.join('.');
  if (newest === undefined) {
    return { problem: `Dola's server needs Python ${wanted} or newer, and no Python was found. ${NEXT}` };
  }
  return {
    problem:
      `Dola's server needs Python ${wanted} or newer, and the newest that was found is ` +
      `${newest.version.join('.')} (${newest.command}). ${NEXT}`,
  };
}

function candidates(interpreter: string | undefined, pathVariable: string, platform: NodeJS.Platform): Python[] {
  const found: Python[] = interpreter ? [{ command: interpreter, args: [] }] : [];
  const names = ['python3', 'python', ...[14, 13, 12, 11].map((minor) => `python3.${minor}`)];
  const launcher = platform === 'win32' ? which('py', pathVariable, platform) : undefined;
  if (launcher) {
    found.push({ command: launcher, args: ['-3'] });
  }
  for (const name of names) {
    const command = which(name, pathVariable, platform);
    if (command && !found.some((python) => python.command === command)) {
      found.push({ command, args: [] });
    }
  }
  return found;
}

async function versionOfPython(python: Python, run: Run): Promise<[number, number] | undefined> {
  const script = 'import sys; print("%d.%d" % sys.version_info[:2])';
  const ran = await run(python.command, [...python.args, '-I', '-c', script]);
  const [, major, minor] = /^(\d+)\.(\d+)\s*$/.exec(ran.stdout) ?? [];
  return ran.code === 0 && major && minor ? [Number(major), Number(minor)] : undefined;
}

function compare(a: readonly [number, number], b: readonly [number, number]): number {
  return a[0] - b[0] || a[1] - b[1];
}
