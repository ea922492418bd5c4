// visible.mjs CONFIG: what a user sees and does, from Restricted Mode to the applied edit, with the
// packed extension. Screenshots go to config.shots.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { model as modelAt, poll, readConfig, start, writeSettings } from './editor.mjs';

const config = readConfig();
const { SHOP, REFACTORED, EXPLANATION } = config.texts;
const model = modelAt(config.model);
const file = path.join(config.workspace, 'shop.py');
const { page, stop } = await start(config);

const began = Date.now();
const step = (what) => console.log(`[${((Date.now() - began) / 1000).toFixed(1)}] ${what}`);
const shot = async (name) => {
  await page.waitForTimeout(700); // toasts and menus fade in
  await page.screenshot({ path: path.join(config.shots, `${name}.png`) });
};
const fenced = (code) => `\`\`\`python\n${code.trimEnd()}\n\`\`\`\n`;
const refactored = SHOP.replace(/def total_price[\s\S]*?return total/, REFACTORED);

const editor = page.locator('.monaco-editor[data-uri$="/project/shop.py"]').first();
const statusBar = page.locator('.statusbar-item', { hasText: 'Dola' });
const toast = (text) => page.locator('.notifications-toasts .notification-list-item', { hasText: text });
async function closeToasts() {
  await palette('Notifications: Clear All Notifications');
  await toast('').first().waitFor({ state: 'detached' });
}

async function palette(command) {
  const input = page.locator('.quick-input-widget input.input');
  const row = page.locator('.quick-input-list .monaco-list-row.focused', { hasText: command });
  // A picker that another has just closed takes the new one along: it is opened again until it stays.
  await poll(`the palette has ${command}`, async () => {
    await page.keyboard.press('F1');
    const found = await input.fill(`>${command}`, { timeout: 4000 }).then(
      // Until the list is filtered, Enter would run the command used last.
      () => row.waitFor({ timeout: 4000 }).then(() => true, () => false),
      () => false,
    );
    if (!found) {
      await page.keyboard.press('Escape');
    }
    return found;
  });
  await page.keyboard.press('Enter');
}

/** Put the cursor into `total_price`. */
async function toFunction() {
  await page.locator('.tabs-container .tab', { hasText: /^shop\.py$/ }).first().click();
  await editor.locator('.view-line', { hasText: 'total_price' }).first().click();
}

async function action(title, before = async () => undefined) {
  await toFunction();
  const row = page.locator('.action-widget .monaco-list-row', { hasText: title }).first();
  // The server may still be starting: the menu is asked for again until the action is in it.
  await poll(`${title} is offered`, async () => {
    await page.keyboard.press('Control+.');
    const offered = await row.waitFor({ timeout: 4000 }).then(() => true, () => false);
    if (!offered) {
      await page.keyboard.press('Escape');
    }
    return offered;
  });
  await before();
  await row.click();
}

/** Wait until the Markdown preview shows some words. */
const previewOf = (words) =>
  poll(`the preview shows ${words}`, async () => {
    for (const frame of page.frames()) {
      const text = await frame.locator('body').innerText({ timeout: 1000 }).catch(() => '');
      if (text.includes(words) && !text.includes('Explorer')) {
        return true;
      }
    }
    return false;
  });

const isReady = () => statusBar.locator('.codicon-sparkle').waitFor();

try {
  step('a folder that is not trusted');
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'shop.py' }).dblclick();
  await editor.waitFor();
  await statusBar.locator('.codicon-workspace-untrusted').waitFor();
  await toFunction();
  await palette('Dola: Explain');
  await toast('Restricted Mode').waitFor();
  await shot('restricted');
  assert.ok(!existsSync(path.join(config.folder, 'data/User/globalStorage/dola-ls.dola-ls')), 'nothing was installed');

  step('trust, and consent to the installation');
  await toast('Restricted Mode').getByRole('button', { name: 'Manage Workspace Trust' }).click();
  await page.locator('.workspace-trust-editor').getByRole('button', { name: 'Trust', exact: true }).click();
  await toast('Shall the extension install one').waitFor();
  await statusBar.locator('.codicon-cloud-download').waitFor();
  await page.locator('.monaco-modal-editor-block .codicon-close').last().click();
  await page.locator('.monaco-modal-editor-block').waitFor({ state: 'detached' });
  await shot('consent');
  await toast('Shall the extension install one').getByRole('button', { name: 'Install' }).click();
  await toast('installing dola-ls').waitFor();
  await shot('install');
  await poll('the server is installed and runs', async () => {
    const failed = toast('Dola: ').filter({ hasText: 'could not be' });
    if (await failed.count()) {
      throw new Error(await failed.first().innerText());
    }
    return (await statusBar.locator('.codicon-sparkle').count()) > 0;
  }, 400_000);

  step('no key');
  await action('Dola: Refactor total_price');
  await toast('No API key').waitFor();
  await shot('no-key');
  assert.equal((await model.state()).requests, 0);
  await closeToasts();

  step('a key for an address of the user');
  writeSettings(config, { 'dola.provider': 'custom', 'dola.baseUrl': config.baseUrl, 'dola.model': 'fake' });
  await poll('the key can be set for the new address', async () => {
    await palette('Dola: Set API Key');
    const choice = page.locator('.quick-input-list .monaco-list-row', { hasText: 'The server at dola.baseUrl' });
    if (await choice.waitFor({ timeout: 4000 }).then(() => true, () => false)) {
      await choice.click();
      return true;
    }
    await page.keyboard.press('Escape');
    return false;
  });
  const box = page.locator('.quick-input-widget input[type="password"]');
  await box.waitFor();
  await box.fill('key-of-the-user');
  await page.keyboard.press('Enter');
  await toast('is stored').waitFor();
  await closeToasts();
  const everything = readFileSync(path.join(config.folder, 'data/User/settings.json'), 'utf8');
  assert.doesNotMatch(everything, /key-of-the-user/);

  step('refactor: light bulb, progress, diff, Apply');
  await isReady();
  await model.answer(fenced(REFACTORED), 0.0042);
  await model.hold();
  await action('Dola: Refactor total_price', () => shot('light-bulb'));
  await poll('the model is half way', async () => (await model.state()).halfWay);
  await toast('Dola: Refactor total_price').getByRole('button', { name: 'Cancel' }).waitFor();
  await shot('progress');
  await model.free();
  await page.locator('.monaco-diff-editor').waitFor();
  await toast('Dola proposes to refactor total_price').getByRole('button', { name: 'Apply' }).waitFor();
  await page.locator('.monaco-diff-editor .line-insert').first().waitFor();
  await shot('review');
  assert.equal((await model.state()).authorization, 'Bearer key-of-the-user');
  await toast('Dola proposes').getByRole('button', { name: 'Apply' }).click();
  await page.locator('.monaco-diff-editor').waitFor({ state: 'detached' });
  await editor.locator('.view-line', { hasText: 'sum(' }).waitFor();
  await page.keyboard.press('Control+S');
  await poll('the edit is in the file', () => readFileSync(file, 'utf8') === refactored);
  await statusBar.filter({ hasText: '$0.0042' }).waitFor();
  await shot('applied');
  assert.equal(await toast('').count(), 0, 'nothing is left to say');
  await page.keyboard.press('Control+Z');
  await page.keyboard.press('Control+S');
  await poll('one undo takes it back', () => readFileSync(file, 'utf8') === SHOP);

  step('cancel by the button of the progress');
  await model.hold();
  await action('Dola: Refactor total_price');
  await poll('the model is half way', async () => (await model.state()).halfWay);
  await toast('Dola: Refactor total_price').getByRole('button', { name: 'Cancel' }).click();
  await poll('the connection is closed', async () => (await model.state()).abandoned > 0);
  await model.free();
  await toast('Dola: Refactor total_price').waitFor({ state: 'detached' });
  assert.equal(await page.locator('.monaco-diff-editor').count(), 0);

  step('do what the input box says, and discard it');
  await toFunction();
  await palette('Dola: Do…');
  const input = page.locator('.quick-input-widget input.input');
  await page.locator('.quick-input-widget', { hasText: 'What should be done' }).waitFor();
  await input.fill('use a generator expression');
  await shot('do');
  await page.keyboard.press('Enter');
  await page.locator('.monaco-diff-editor').waitFor();
  assert.match((await model.state()).prompt, /use a generator expression/);
  await page.locator('.editor-actions a[aria-label="Discard"]').first().click();
  await page.locator('.monaco-diff-editor').waitFor({ state: 'detached' });
  await closeToasts();

  step('a refused answer, which the user looks at');
  await model.answer(fenced(REFACTORED.replace('total_price', 'summed')));
  await action('Dola: Refactor total_price');
  await toast('was not used').getByRole('button', { name: 'Review' }).waitFor();
  assert.equal(await page.locator('.monaco-diff-editor').count(), 0);
  await shot('refused');
  await toast('was not used').getByRole('button', { name: 'Review' }).click();
  await page.locator('.monaco-diff-editor').waitFor();
  await toast('It was refused').getByRole('button', { name: 'Discard' }).click();
  await page.locator('.monaco-diff-editor').waitFor({ state: 'detached' });
  await closeToasts();

  step('the context menu');
  await toFunction();
  await editor.locator('.view-line', { hasText: 'total_price' }).first().click({ button: 'right' });
  const item = page.locator('.monaco-menu .action-item', { hasText: 'Dola' }).first();
  await item.waitFor();
  await item.hover();
  await page.locator('.monaco-menu .action-item', { hasText: /^Generate Tests$/ }).first().waitFor();
  await shot('context-menu');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');

  step('an explanation');
  await model.answer(EXPLANATION, 0.001);
  await toFunction();
  await palette('Dola: Explain');
  await previewOf('Adds up what the items cost');
  await shot('explain');

  step('consent is withdrawn with the explanation in front');
  await page.locator('.tabs-container .tab', { hasText: 'Preview' }).first().click();
  await palette('Dola: Withdraw Consent');
  await toast('There was no consent to withdraw').waitFor();
  await closeToasts();

  step('consent before code of a folder goes to an address for the first time');
  // Nothing answers there, and nobody agrees.
  writeSettings(config, { 'dola.provider': 'custom', 'dola.baseUrl': 'https://api.invalid/v1', 'dola.model': 'coder' });
  const question = toast('Send code of project to api.invalid (model coder)?');
  await poll('the server for the new address asks', async () => {
    await action('Dola: Refactor total_price');
    return question.waitFor({ timeout: 8000 }).then(() => true, () => false);
  });
  const { requests } = await model.state();
  await shot('consent-to-send');
  await question.getByRole('button', { name: 'Show what would be sent' }).click();
  await previewOf('What would be sent');
  await question.getByRole('button', { name: "Don't send" }).click();
  // It has a button, so that VS Code shows all of it and not one line.
  await toast('Nothing was sent, as you did not agree').getByRole('button', { name: 'OK' }).waitFor();
  await shot('not-sent');
  assert.equal((await model.state()).requests, requests);
  await closeToasts();

  step('the walkthrough');
  await palette('Welcome: Open Walkthrough...');
  const choice = page.locator('.quick-input-list .monaco-list-row', { hasText: 'Get started with Dola' });
  await choice.first().click();
  await page.locator('.gettingStartedContainer', { hasText: 'Get the server' }).waitFor();
  await shot('walkthrough');
  step('all done');
} catch (error) {
  await shot('failed').catch(() => undefined);
  console.error(error);
  console.error('shown:', await toast('').allInnerTexts().catch(() => undefined));
  console.error('asked:', await model.state().catch(() => undefined));
  process.exitCode = 1;
} finally {
  await stop();
}
process.exit(process.exitCode ?? 0);
