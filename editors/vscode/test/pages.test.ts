import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { isPageFile } from '../src/pages';

test("a page is in a folder of the server's, below the temporary one by whatever name", () => {
  const home = realpathSync.native(mkdtempSync(path.join(tmpdir(), 'pages-')));
  try {
    const real = path.join(home, 'real');
    const link = path.join(home, 'link');
    mkdirSync(real);
    symlinkSync(real, link, 'junction');
    for (const temporary of [real, link]) {
      assert.ok(isPageFile(path.join(real, 'dola-ls-x1', 'Explain-f.md'), temporary));
      assert.ok(isPageFile(path.join(link, 'dola-ls-x1', 'Explain-f.md'), temporary));
      assert.ok(!isPageFile(path.join(real, 'dola-ls-x1', 'f.py'), temporary));
      assert.ok(!isPageFile(path.join(real, 'other', 'a.md'), temporary));
      assert.ok(!isPageFile(path.join(home, 'dola-ls-x1', 'a.md'), temporary));
      assert.ok(!isPageFile(path.join(real, 'deep', 'dola-ls-x1', 'a.md'), temporary));
    }
    const gone = path.join(home, 'gone');
    assert.ok(isPageFile(path.join(gone, 'dola-ls-x1', 'a.md'), gone));
  } finally {
    rmSync(home, { recursive: true });
  }
});
