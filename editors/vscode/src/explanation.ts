// Explanations open in the Markdown preview instead of as text.
import * as vscode from 'vscode';
import type { WindowMiddleware } from 'vscode-languageclient/node';
import { isPageFile } from './pages';

/** Shows the server's pages as they are meant to be read, and all else as usual. */
export const showDocument: NonNullable<WindowMiddleware['showDocument']> = async (params, _token, next) => {
  const page = vscode.Uri.parse(params.uri);
  if (page.scheme !== 'file' || !isPageFile(page.fsPath)) {
    return next(params, _token);
  }
  try {
    await vscode.commands.executeCommand('markdown.showPreviewToSide', page);
    return { success: true };
  } catch {
    return next(params, _token); // the Markdown extension is switched off
  }
};
