// Messages that are seen whole: VS Code cuts one without a button off at the end of its line.
import * as vscode from 'vscode';

/** About how many characters VS Code shows of such a message. */
const ONE_LINE = 55;

/** Return the buttons of a message; one that is too long for its line and has none gets one. */
export function buttonsFor(message: string, buttons: string[] = []): string[] {
  return buttons.length === 0 && message.length > ONE_LINE ? ['OK'] : buttons;
}

/** Tell the user something that asks nothing. */
export function inform(message: string): void {
  void vscode.window.showInformationMessage(message, ...buttonsFor(message));
}

/** Tell the user that something did not go as it should. */
export function warn(message: string): void {
  void vscode.window.showWarningMessage(message, ...buttonsFor(message));
}
