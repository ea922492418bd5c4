// Which files are pages that the server wrote for the user to read.
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';

/** Tell whether a file is such a page, and no one else's: in a folder of the server's among the temporary ones. */
export function isPageFile(file: string, temporary = tmpdir()): boolean {
  const folder = path.dirname(file);
  return (
    file.endsWith('.md') &&
    path.basename(folder).startsWith('dola-ls-') &&
    path.relative(resolved(temporary), resolved(path.dirname(folder))) === ''
  );
}

/** The server names its pages without symbolic links and short names; macOS's temporary folder has such a link. */
function resolved(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder; // it is not there, or may not be looked at
  }
}
