// Getting a server to start: one that is there, or a private one, with the user's consent.
import { readdirSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { findServer, type Server } from './finding';
import { NotInstalled, PrivateServers } from './install';
import { selectedInterpreter } from './interpreter';
import { findPython } from './python';
import { Cancelled, run, type Run } from './run';
import { warn } from './tell';

/** No server can be started; the message says why, and what to do. */
export class NoServer extends Error {
  constructor(
    message: string,
    /** Whether the user has decided so, and needs no message. */
    readonly chosen = false,
  ) {
    super(message);
  }
}

export const CONSENT =
  'Dola works through a server, dola-ls, and none was found. Shall the extension install one? It goes into a private ' +
  'folder of the extension; its packages are fetched from the Python package index, and nothing else on this machine ' +
  'is changed.';

/** Tells whether the user agrees to an installation. */
export type Consent = () => Promise<boolean>;

/** Ask the user, who has just asked for what needs a server. */
export const consentNow: Consent = async () =>
  (await vscode.window.showInformationMessage('Install dola-ls?', { modal: true, detail: CONSENT }, 'Install')) ===
  'Install';

/** Return the server to start. Throws NoServer. */
export async function provide(
  context: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  consent: Consent,
): Promise<Server> {
  const interpreter = await selectedInterpreter();
  const searched = process.env['PATH'] ?? '';
  const found = await findServer(
    {
      setting: vscode.workspace.getConfiguration('dola').get('path', ''),
      interpreter,
      path: searched,
      platform: process.platform,
    },
    run,
    (sentence) => log.info(sentence),
  );
  if (found && 'problem' in found) {
    throw new NoServer(found.problem);
  }
  return found ?? (await ourOwn(privateServers(context, log), interpreter, searched, consent));
}

function privateServers(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): PrivateServers {
  const folder = context.asAbsolutePath('bundled');
  const wheel = wheelIn(folder);
  const version = /^dola_ls-([^-]+)-/.exec(wheel)?.[1];
  if (!version) {
    throw new NoServer(
      'No dola-ls was found, and this build of the extension carries none. Install dola-ls (pip install dola-ls), ' +
        'or set dola.path to it, and run “Dola: Restart Server”.',
    );
  }
  const logged: Run = async (command, args, options) => {
    const ran = await run(command, args, options);
    if (ran.code !== 0) {
      log.warn(`${[command, ...args].join(' ')} ended with ${ran.code ?? 'no code'}`);
      log.warn(ran.stdout + ran.stderr);
    }
    return ran;
  };
  return new PrivateServers(context.globalStorageUri.fsPath, path.join(folder, wheel), version, logged);
}

function wheelIn(folder: string): string {
  try {
    return readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '';
  } catch {
    return '';
  }
}

async function ourOwn(
  servers: PrivateServers,
  interpreter: string | undefined,
  searched: string,
  consent: Consent,
): Promise<Server> {
  const current = await servers.current();
  if (current) {
    return current;
  }
  // Who has agreed once need not agree to an update or a repair.
  if (!servers.wasInstalled && !(await consent())) {
    throw new NoServer('There is no server yet. Run “Dola: Restart Server” to install it.', true);
  }
  const python = await findPython(interpreter, searched, process.platform, run);
  try {
    if ('problem' in python) {
      throw new NotInstalled(python.problem);
    }
    return await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: `Dola: installing dola-ls ${servers.version}`,
        cancellable: true,
      },
      (progress, cancelled) => {
        const abort = new AbortController();
        cancelled.onCancellationRequested(() => abort.abort());
        return servers.install(python, (message) => progress.report({ message }), abort.signal);
      },
    );
  } catch (error) {
    if (!(error instanceof NotInstalled || error instanceof Cancelled)) {
      throw error;
    }
    const older = await servers.older();
    if (older) {
      warn(
        `Dola: the server was not updated, and version ${older.version} is used instead. ${error.message}`.trim(),
      );
      return older;
    }
    if (error instanceof Cancelled) {
      throw new NoServer('The installation was cancelled. Run “Dola: Restart Server” to install it.', true);
    }
    throw new NoServer(error.message);
  }
}
