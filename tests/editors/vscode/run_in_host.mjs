// run_in_host.mjs CONFIG: runs in_host.js inside VS Code's extension host. The results are in
// config.results, a scenario each. `config.extension` is the extension's folder.
import path from 'node:path';
import { readConfig, start } from './editor.mjs';

const config = readConfig();
const tests = path.join(import.meta.dirname, 'in_host.js');
const python = path.join(import.meta.dirname, 'python_extension');
const MINUTES = 15;

let over;
const exited = new Promise((resolve) => (over = resolve));
const { page, stop } = await start(config, async (page) => {
  // The workbench calls these where it was asked to run tests.
  await page.exposeFunction('codeAutomationExit', over);
  await page.exposeFunction('codeAutomationLog', (type, args) => console.log(type, ...args));
  // The built workbench takes this from no URL, so the page's settings are changed before it reads them.
  await page.addInitScript(
    ({ extensions, tests }) => {
      const resource = (path) => ({ $mid: 1, scheme: 'vscode-remote', authority: location.host, path });
      new MutationObserver((_, observer) => {
        const meta = document.getElementById('vscode-workbench-web-configuration');
        if (!meta) {
          return;
        }
        observer.disconnect();
        const settings = JSON.parse(meta.getAttribute('data-settings'));
        settings.developmentOptions = {
          ...settings.developmentOptions,
          extensions: extensions.map(resource),
          extensionTestsPath: resource(tests),
        };
        meta.setAttribute('data-settings', JSON.stringify(settings));
      }).observe(document, { childList: true, subtree: true });
    },
    { extensions: [config.extension, python], tests },
  );
});
const code = await Promise.race([exited, new Promise((resolve) => setTimeout(() => resolve(124), MINUTES * 60_000))]);
await page.screenshot({ path: path.join(config.folder, 'last.png') }).catch(() => undefined);
await stop();
process.exit(Number(code));
