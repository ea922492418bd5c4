// Running another program to its end: what it wrote, and whether it could be started at all.
import { execFile } from 'node:child_process';

export interface Ran {
  /** The exit code; undefined where the program was not started, or was killed. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  seconds?: number;
  signal?: AbortSignal;
  cwd?: string;
}

export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<Ran>;

/** Run a program without a shell. Never rejects, except where `signal` was aborted. */
export const run: Run = (command, args, { seconds = 20, signal, cwd } = {}) =>
  new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      {
        timeout: seconds * 1000,
        maxBuffer: 8 * 1024 * 1024,
        windowsHide: true,
        ...(signal && { signal }),
        ...(cwd && { cwd }),
      },
      (error, stdout, stderr) => {
        if (signal?.aborted) {
          reject(new Cancelled());
          return;
        }
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        resolve({ code, stdout, stderr: stderr || (error?.message ?? '') });
      },
    );
  });

/** The user gave up waiting. */
export class Cancelled extends Error {}
