// The actions as commands of the palette and of the editor's context menu.
import * as vscode from 'vscode';
import { ExecuteCommandRequest, type LanguageClient } from 'vscode-languageclient/node';
import { chooseOwn, OWN } from './own';
import { inform, warn } from './tell';

/** The server's commands that work on the cursor or selection, by the command that runs each. */
const ACTIONS: Record<string, string> = {
  'dola.ui.explain': 'dola.explain',
  'dola.ui.refactor': 'dola.refactor',
  'dola.ui.generateTests': 'dola.generateTests',
  'dola.ui.document': 'dola.document',
  'dola.ui.fix': 'dola.fix',
  'dola.ui.do': 'dola.instruct',
  'dola.ui.own': 'dola.own',
  'dola.ui.describeImage': 'dola.describeImage',
  'dola.ui.writeFromImage': 'dola.writeFromImage',
  'dola.ui.describeVideo': 'dola.describeVideo',
  'dola.ui.showPrompt': 'dola.showPrompt',
};
/** What can be shown before it is sent, by the names it has in the palette. */
const SHOWN: Record<string, string> = {
  Refactor: 'dola.refactor',
  Explain: 'dola.explain',
  'Generate Tests': 'dola.generateTests',
  Document: 'dola.document',
  Fix: 'dola.fix',
  'Do…': 'dola.instruct',
  'An Action of Your Own…': OWN,
  'Describe Image': 'dola.describeImage',
  'Write Code from Image': 'dola.writeFromImage',
  'Describe Video': 'dola.describeVideo',
};
/** The server's hints on proposals are no problems to be fixed. */
const OURS = 'dola-ls';
/** How many problems a call may hold, and of how many beside them the server makes use. */
const MOST = 50;
const MOST_OTHERS = 10;

/** Register the actions; `ready` returns the client, or undefined where it has said why there is none. */
export function registerActions(ready: () => Promise<LanguageClient | undefined>): vscode.Disposable[] {
  return Object.entries(ACTIONS).map(([id, command]) =>
    // A key binding may name the action to show; a menu passes the file on.
    vscode.commands.registerCommand(id, (given?: unknown) =>
      runAction(command, typeof given === 'string' ? given : undefined, ready),
    ),
  );
}

async function runAction(
  command: string,
  given: string | undefined,
  ready: () => Promise<LanguageClient | undefined>,
): Promise<void> {
  const editor = editorInFront();
  if (!editor) {
    return;
  }
  // What the user means is what stands there now, whatever happens while the server starts.
  const { document, selection } = editor;
  // The lines may be others by then, and the server refuses a version that is past.
  const { version } = document;
  const show = command === 'dola.showPrompt';
  const action = show ? (given ?? (await askForAction())) : command;
  if (!action) {
    return;
  }
  const more = action === 'dola.instruct' ? await askForInstruction(document, selection) : {};
  const client = more && (await ready());
  if (!client) {
    return;
  }
  if (!client.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command)) {
    warn(
      `Dola: this server, dola-ls ${client.initializeResult?.serverInfo?.version ?? ''}, has no ${command}. ` +
        'Nothing was sent. Update dola-ls.',
    );
    return;
  }
  const problems =
    action === 'dola.fix'
      ? await problemsAt(client, document, selection)
      : // For the model to know; the task stays what it is.
        { others: await asDiagnostics(client, reported(document, selection), MOST) };
  if (!problems) {
    inform(
      'Dola: there is no error or warning on these lines, so nothing was sent. Put the cursor on one.',
    );
    return;
  }
  const place = {
    uri: client.code2ProtocolConverter.asUri(document.uri),
    range: client.code2ProtocolConverter.asRange(selection),
    version,
  };
  const own = action !== OWN ? undefined : (!show && given) || (await chooseOwn(client, place));
  if (action === OWN && !own) {
    return;
  }
  await execute(client, command, {
    ...place,
    ...(show && { action }),
    ...(own && { action: own }),
    ...more,
    ...problems,
  });
}

/** Tell whether a document is one that the server works on. */
export function isServed({ uri }: vscode.TextDocument): boolean {
  return ['file', 'untitled', 'vscode-notebook-cell'].includes(uri.scheme);
}

/** Return the editor that actions work on, or say that there is none. */
function editorInFront(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor && isServed(editor.document)) {
    return editor;
  }
  inform(
    'Dola works on the file in front, and none is open. Open one, and put the cursor into a function or select lines.',
  );
  return undefined;
}

/** Run a command of the server; what comes of it comes by progress, edit or message. */
export async function execute(client: LanguageClient, command: string, argument?: object): Promise<unknown> {
  return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: argument ? [argument] : [] });
}

async function askForAction(): Promise<string | undefined> {
  const name = await vscode.window.showQuickPick(Object.keys(SHOWN), {
    title: 'Dola: Show What Would Be Sent',
    placeHolder: 'By which action? Nothing is sent.',
  });
  return name && SHOWN[name];
}

async function askForInstruction(
  document: vscode.TextDocument,
  selection: vscode.Selection,
): Promise<{ instruction: string } | undefined> {
  const lines =
    selection.isEmpty || selection.isSingleLine
      ? `line ${selection.active.line + 1}`
      : `lines ${selection.start.line + 1}-${selection.end.line + 1}`;
  const instruction = await vscode.window.showInputBox({
    title: `Dola: Do… (${vscode.workspace.asRelativePath(document.uri)}, ${lines})`,
    prompt: selection.isEmpty ? 'What should be done with what the cursor is in?' : 'What should be done with the selection?',
    placeHolder: 'for example: add type hints',
    ignoreFocusOut: true,
  });
  return instruction?.trim() ? { instruction: instruction.trim() } : undefined;
}

/** Return how many lines lie between a selection and what is reported. */
function away({ range }: vscode.Diagnostic, selection: vscode.Selection): number {
  return Math.max(range.start.line - selection.end.line, selection.start.line - range.end.line, 0);
}

/** Return what other tools report of a document, the nearest and the worst first. */
function reported(document: vscode.TextDocument, selection: vscode.Selection): vscode.Diagnostic[] {
  return vscode.languages
    .getDiagnostics(document.uri)
    .filter(({ source }) => source !== OURS)
    .sort((a, b) => away(a, selection) - away(b, selection) || a.severity - b.severity);
}

async function asDiagnostics(client: LanguageClient, given: vscode.Diagnostic[], most: number) {
  return client.code2ProtocolConverter.asDiagnostics(given.slice(0, most));
}

/** Return what is reported on the lines of a selection, and what beside them; undefined for nothing. */
async function problemsAt(client: LanguageClient, document: vscode.TextDocument, selection: vscode.Selection) {
  const all = reported(document, selection);
  const here = all.filter((one) => away(one, selection) === 0);
  // Tools give a hint for each unused name; they matter where there is nothing else.
  const worse = here.filter(({ severity }) => severity !== vscode.DiagnosticSeverity.Hint);
  const chosen = worse.length > 0 ? worse : here;
  if (chosen.length === 0) {
    return undefined;
  }
  const others = all.filter((one) => away(one, selection) > 0);
  return {
    diagnostics: await asDiagnostics(client, chosen, MOST),
    others: await asDiagnostics(client, others, MOST_OTHERS),
  };
}
