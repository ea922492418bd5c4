/** As much of `vscode.WorkspaceConfiguration` as is used where no editor is at hand. */
export interface Configuration {
  get<T>(name: string, otherwise: T): T;
}
