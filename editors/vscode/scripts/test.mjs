// Runs the tests of what needs no editor, with Node's own test runner.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const files = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
rmSync('dist/test', { recursive: true, force: true });
await build({
  entryPoints: files.map((name) => `test/${name}`),
  outdir: 'dist/test',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: 'inline',
  logLevel: 'warning',
});
const built = files.map((name) => `dist/test/${name.replace(/ts$/, 'js')}`);
process.exit(spawnSync(process.execPath, ['--enable-source-maps', '--test', ...built], { stdio: 'inherit' }).status ?? 1);
