// Explanations open in the Markdown preview instead of as text.
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import type { WindowMiddleware } from 'vscode-languageclient/node';

/** Shows the server's pages as they are meant to be read, and all else as usual. */
export const showDocument: NonNullable<WindowMiddleware['showDocument']> = async (params, _token, next) => {
  const page = vscode.Uri.parse(params.uri);
  if (!isPage(page)) {
    return next(params, _token);
  }
  try {
    await vscode.commands.executeCommand('markdown.showPreviewToSide', page);
    return { success: true };
  } catch {
    return next(params, _token); // the Markdown extension is switched off
  }
};

/** Tell whether a file is one that the server wrote for the user to read, and no one else's. */
function isPage(uri: vscode.Uri): boolean {
  const folder = path.dirname(uri.fsPath);
  return (
    uri.scheme === 'file' &&
    uri.path.endsWith('.md') &&
    path.basename(folder).startsWith('dola-ls-') &&
    path.relative(tmpdir(), path.dirname(folder)) === ''
  );
}
