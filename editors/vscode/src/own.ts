// The actions that users write themselves, in the user file of dola-ls.
import * as vscode from 'vscode';
import {
  CodeActionRequest,
  CodeActionTriggerKind,
  Command,
  type LanguageClient,
  type Range,
} from 'vscode-languageclient/node';
import { inform } from './tell';

/** The server's command for all of them; its argument names the action by its id. */
export const OWN = 'dola.own';
/** What the kinds of all of them begin with. */
const KINDS = ['refactor.rewrite.dola', 'dola'];

interface Place {
  uri: string;
  range: Range;
}

/** Ask which of them that are for a place; return its id, or undefined where the user was told that there is none. */
export async function chooseOwn(client: LanguageClient, place: Place): Promise<string | undefined> {
  const offered = await ownAt(client, place);
  if (offered.length === 0) {
    inform(
      'Dola: no action of your own is for this place, so nothing was sent. They are [[actions]] tables in the user ' +
        'file of dola-ls; “Dola: Restart Server” has it read again.',
    );
    return undefined;
  }
  const chosen = await vscode.window.showQuickPick(offered, { title: 'Dola: Actions of Your Own' });
  return chosen?.description;
}

/** Return those that the menu of code actions would have, by title and id. */
async function ownAt(client: LanguageClient, { uri, range }: Place): Promise<{ label: string; description: string }[]> {
  const actions = await client.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range,
    context: { diagnostics: [], only: KINDS, triggerKind: CodeActionTriggerKind.Invoked },
  });
  return (actions ?? []).flatMap((action) => {
    const command = Command.is(action) ? action : action.command;
    const id = (command?.arguments?.[0] as { action?: string } | undefined)?.action;
    return command?.command === OWN && id ? [{ label: action.title.replace(/^Dola: /, ''), description: id }] : [];
  });
}
