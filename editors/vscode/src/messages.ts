// The server's messages, each with the buttons for what it advises.
import * as vscode from 'vscode';
import { MessageType, type ShowMessageParams } from 'vscode-languageclient/node';
import type { Receipt } from './receipts';
import type { Proposed, Review } from './review';
import { buttonsFor } from './tell';

/** Adds to the server's messages what it cannot know: the commands of this extension. */
export class Messages {
  private rule: string | null = null;
  /** Proposals of which the server may yet speak; it does not where edits are to be reviewed. */
  private untold: { proposal: Proposed; opened: boolean }[] = [];

  constructor(private readonly review: Review) {}

  /** The server has told how an action ended; where it was refused, it says so next. */
  ended(receipt: Receipt): void {
    this.rule = receipt.outcome === 'refused' ? receipt.rule : null;
  }

  /** The server keeps a proposal, and may say so; `opened` tells whether its diff is shown. */
  proposed(proposal: Proposed, opened: boolean): void {
    this.untold.push({ proposal, opened });
  }

  /** A proposal is there no more, whether or not the server ever spoke of it. */
  settled(id: string): void {
    this.untold = this.untold.filter(({ proposal }) => proposal.id !== id);
  }

  /** The server has ended, and what it had to say with it. */
  forget(): void {
    this.rule = null;
    this.untold = [];
  }

  show({ type, message }: ShowMessageParams): void {
    const { rule } = this;
    this.rule = null;
    const of = this.untold.find(({ proposal }) => speaksOf(message, proposal));
    this.untold = this.untold.filter((other) => other !== of);
    if (of?.opened) {
      return; // the diff and its question say it all
    }
    const buttons: Record<string, () => unknown> = {
      ...(of && { Review: () => this.review.open(of.proposal.id) }),
      ...(rule !== null &&
        NO_MODEL.includes(rule) && {
          'Set API Key': () => vscode.commands.executeCommand('dola.ui.setKey'),
          Settings: () => vscode.commands.executeCommand('workbench.action.openSettings', 'dola.'),
        }),
    };
    void say(type, message, buttonsFor(message, Object.keys(buttons))).then((answer) => (answer ? buttons[answer]?.() : undefined));
  }
}

/** What the server calls it when there is no model to ask, or its key is wrong. */
const NO_MODEL = ['no_model', 'wrong_key'];

/** A message begins with what its action is called, and a proposal's label does too: `refactor f, 3 lines`. */
function speaksOf(message: string, { label }: Proposed): boolean {
  const action = label.slice(0, label.lastIndexOf(','));
  return message.toLowerCase().startsWith(`${action.toLowerCase()}: `);
}

function say(type: MessageType, message: string, buttons: string[]): Thenable<string | undefined> {
  switch (type) {
    case MessageType.Error:
      return vscode.window.showErrorMessage(message, ...buttons);
    case MessageType.Warning:
      return vscode.window.showWarningMessage(message, ...buttons);
    default:
      return vscode.window.showInformationMessage(message, ...buttons);
  }
}
