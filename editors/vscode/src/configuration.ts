/** As much of `vscode.WorkspaceConfiguration` as is used where no editor is at hand. */
export interface Configuration {
  get<T>(name: string, otherwise: T): T;
  /** What is set where; nothing of it where only the default counts. */
  inspect<T>(name: string):
    | {
        globalValue?: T | undefined;
        workspaceValue?: T | undefined;
        workspaceFolderValue?: T | undefined;
      }
    | undefined;
}
