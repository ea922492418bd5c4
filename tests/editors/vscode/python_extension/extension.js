// Stands in for the Python extension, as far as its API is used: one interpreter, which a test selects.
const vscode = require('vscode');

exports.activate = () => {
  const changed = new vscode.EventEmitter();
  let interpreter;
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ path: interpreter ?? 'python' }),
      resolveEnvironment: async ({ path }) =>
        path === 'python' ? undefined : { executable: { uri: vscode.Uri.file(path) } },
      onDidChangeActiveEnvironmentPath: changed.event,
    },
    select(path) {
      interpreter = path;
      changed.fire({ path });
    },
  };
};
