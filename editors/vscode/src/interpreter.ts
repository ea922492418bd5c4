// The Python interpreter that the user selected, where the Python extension is there.
import * as vscode from 'vscode';

/** As much of the Python extension's API as is used: github.com/microsoft/vscode-python-environments. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

const ID = 'ms-python.python';

async function api(): Promise<PythonApi | undefined> {
  try {
    return await vscode.extensions.getExtension<PythonApi>(ID)?.activate();
  } catch {
    return undefined;
  }
}

/** Return the full path of the selected interpreter. Only for folders that are trusted. */
export async function selectedInterpreter(): Promise<string | undefined> {
  const python = await api();
  try {
    const environments = python?.environments;
    const active = environments?.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
    const resolved = active && (await environments?.resolveEnvironment(active));
    return resolved?.executable.uri?.fsPath;
  } catch {
    return undefined; // its API has changed, or it has no interpreter
  }
}

/** Call `changed` when the user selects another interpreter. */
export async function watchInterpreter(changed: () => void): Promise<vscode.Disposable> {
  const event = (await api())?.environments?.onDidChangeActiveEnvironmentPath;
  return event ? event(changed) : new vscode.Disposable(() => undefined);
}
