// What VS Code starts when its window is there. The server is started when there is a file for it, or a command is run.
import * as vscode from 'vscode';
import { isServed, registerActions } from './commands';
import { watchInterpreter } from './interpreter';
import { Keys } from './keys';
import { Service } from './service';
import { NEED_RESTART } from './settings';
import { inform } from './tell';

let service: Service | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Dola', { log: true });
  const keys = new Keys(context.secrets, () => vscode.workspace.getConfiguration('dola'));
  const dola = new Service(context, keys, log);
  service = dola;
  const { review } = dola;
  const command = (id: string, run: () => unknown) => vscode.commands.registerCommand(id, run);
  const afterKey = async (changed: boolean) => {
    if (changed && vscode.workspace.isTrusted) {
      await dola.restart(); // keys are handed over when the server is started
    }
  };
  context.subscriptions.push(
    log,
    dola,
    ...registerActions(() => dola.ready()),
    command('dola.ui.cancel', () => dola.run('dola.cancel', {})),
    command('dola.ui.withdraw', () => withdraw(dola)),
    command('dola.ui.status', () => dola.run('dola.status')),
    command('dola.ui.showReasoning', () => dola.run('dola.showReasoning')),
    command('dola.ui.restart', () => (vscode.workspace.isTrusted ? dola.restart(true) : dola.ready())),
    command('dola.ui.logs', () => log.show()),
    command('dola.ui.setKey', async () => afterKey(await keys.set())),
    command('dola.ui.clearKey', async () => afterKey(await keys.clear())),
    command('dola.ui.review', () => review.choose()),
    command('dola.ui.apply', () => review.do('apply')),
    command('dola.ui.discard', () => review.do('discard')),
    command('dola.ui.retry', () => review.do('retry')),
    command('dola.ui.applyPart', () => review.doPart('apply')),
    command('dola.ui.discardPart', () => review.doPart('discard')),
    vscode.workspace.onDidGrantWorkspaceTrust(() => begun && begin()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (dola.wasStarted && NEED_RESTART.some((name) => change.affectsConfiguration(name))) {
        void dola.restart();
      }
    }),
    vscode.window.onDidChangeVisibleTextEditors(() => beginWithAFile()),
    vscode.window.onDidChangeVisibleNotebookEditors(() => beginWithAFile()),
  );
  let begun = false;
  const begin = () => {
    begun = true;
    if (vscode.workspace.isTrusted) {
      void watchInterpreter(() => void dola.lookAgain()).then((watch) => context.subscriptions.push(watch));
    }
    void dola.start();
  };
  // A window without a file needs no server, and is not asked to install one.
  const beginWithAFile = () => {
    if (!begun && isAnyShown()) {
      begin();
    }
  };
  beginWithAFile();
}

/** Tell whether the user sees a file that the server works on, in whatever language. */
function isAnyShown(): boolean {
  const { visibleTextEditors, visibleNotebookEditors } = vscode.window;
  return visibleNotebookEditors.length > 0 || visibleTextEditors.some(({ document }) => isServed(document));
}

/** Take back the consent to send code of the folder of the file in front, or of one that is shown. */
async function withdraw(dola: Service): Promise<void> {
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  // A preview in front is no text editor.
  const editors = [...(activeTextEditor ? [activeTextEditor] : []), ...visibleTextEditors];
  const uri = editors.find(({ document }) => isServed(document))?.document.uri;
  if (!uri) {
    inform('Dola: consent is withdrawn for the folder of a file, and none is shown. Open one of the folder, and run this again.');
    return;
  }
  await dola.run('dola.consent', { allow: false, uri: uri.toString() });
}

export async function deactivate(): Promise<void> {
  await service?.stop();
}
