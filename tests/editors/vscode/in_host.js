// What the extension does, seen from inside VS Code's extension host: each scenario is a test.
// tests/editors/test_vscode.py names them all and reads how each ended.
const assert = require('node:assert/strict');
const { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync, mkdirSync } = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');

const config = JSON.parse(readFileSync(process.env.DOLA_TEST_CONFIG, 'utf8'));
const { SHOP, REFACTORED, EXPLANATION, TESTS } = config.texts;
const root = () => vscode.workspace.workspaceFolders[0].uri;
const { executeCommand } = vscode.commands;

const post = (what, body = {}) =>
  fetch(`${config.model}/${what}`, { method: 'POST', body: JSON.stringify(body) }).then((r) => r.json());
const model = {
  answer: (text, reasoning) => post('answer', { text, reasoning }),
  hold: () => post('hold'),
  free: () => post('free'),
  state: () => post('state'),
};

async function until(what, holds) {
  const end = Date.now() + config.patience;
  for (;;) {
    const found = await holds();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, `never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const fenced = (code) => `\`\`\`python\n${code.trimEnd()}\n\`\`\`\n`;
/** The shop with more lines in `total_price`, so that two changes of it are parts of their own. */
const LONG = SHOP.replace(
  '    return total',
  ['    first = 1', '    second = 2', '    third = 3', '    fourth = 4', '    return total + first + second + third + fourth'].join('\n'),
);
const refactored = (text) => text.replace(/def total_price[\s\S]*?return total/, REFACTORED);
const pid = (file = config.pid) => Number(readFileSync(file, 'utf8'));

/** Open a copy of the shop, with the cursor in `total_price`. */
async function shop(name, text = SHOP) {
  const uri = vscode.Uri.joinPath(root(), `${name}.py`);
  writeFileSync(uri.fsPath, text);
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  const line = text.split('\n').indexOf('    total = 0');
  editor.selection = new vscode.Selection(line, 4, line, 4);
  return { uri, document, editor, range: new vscode.Range(line, 4, line, 4) };
}

/**
 * Wait for a file that the server opens. What is to be shown while VS Code is still opening it would
 * be given up for it ("Could NOT open editor").
 */
const inFront = (document) =>
  until(`${document.uri.path} is in front`, () => vscode.window.activeTextEditor?.document === document);

const tabs = () => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
const diffs = () =>
  tabs().filter(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.scheme === 'dola-proposal');

/** Wait for a diff in front; return the two texts it shows. */
async function diff() {
  await until('a diff is shown', () => diffs().some((tab) => tab.isActive));
  const { input } = diffs().find((tab) => tab.isActive);
  const text = async (uri) => (await vscode.workspace.openTextDocument(uri)).getText();
  return { before: await text(input.original), after: await text(input.modified) };
}
const noDiff = () => until('the diff is closed', () => diffs().length === 0);

async function offered(uri, range) {
  return until('actions are offered', async () => {
    const actions = await executeCommand('vscode.executeCodeActionProvider', uri, range);
    const ours = (actions ?? []).filter(({ title }) => title.startsWith('Dola: '));
    return ours.length > 0 && ours;
  });
}

async function pick(uri, range, title) {
  const action = (await offered(uri, range)).find((found) => found.title.startsWith(title));
  assert.ok(action, `${title} is offered`);
  await executeCommand(action.command.command, ...action.command.arguments);
}

function isAlive(process_) {
  try {
    process.kill(process_, 0);
    return true;
  } catch {
    return false;
  }
}

async function setting(name, value) {
  await vscode.workspace.getConfiguration('dola').update(name, value, vscode.ConfigurationTarget.Global);
}

/** Return the page that the Markdown preview shows; none of ours is ever opened as text. */
const preview = () =>
  until('a preview is shown', () =>
    tabs().find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes('markdown.preview')),
  );
const shows = (words) => vscode.workspace.textDocuments.some((text) => text.languageId === 'markdown' && words.test(text.getText()));

/** Have something done with a text in the user's own file, which the server reads when it starts. */
async function withUserFile(text, work) {
  const file = process.env.DOLA_CONFIG;
  const restart = async () => {
    const before = pid();
    await executeCommand('dola.ui.restart');
    await until('another server runs', () => pid() !== before);
  };
  const old = readFileSync(file, 'utf8');
  writeFileSync(file, text);
  chmodSync(file, 0o600);
  await restart();
  try {
    await work();
  } finally {
    writeFileSync(file, old);
    await restart();
  }
}

/** Have a checker report something on a range and something elsewhere, until it is disposed of. */
function reported(uri, range, severity) {
  const faults = vscode.languages.createDiagnosticCollection('checker');
  faults.set(uri, [
    new vscode.Diagnostic(range, 'total should be a Decimal', severity),
    new vscode.Diagnostic(new vscode.Range(0, 0, 0, 3), 'somewhere else', vscode.DiagnosticSeverity.Error),
  ]);
  return faults;
}

const scenarios = {
  async nothing_is_started_before_a_file_of_any_language_is_open() {
    const extension = vscode.extensions.getExtension('dola-ls.dola-ls');
    await until('the window is there, and the extension with it', () => extension.isActive);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.ok(!existsSync(config.pid), 'no server runs without a file');

    const file = path.join(root().fsPath, 'deploy.sh');
    writeFileSync(file, 'echo deployed\n');
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(file), { preview: false });

    await until('the server runs', () => existsSync(config.pid));
  },

  async the_actions_are_listed_without_asking_the_model() {
    const { uri, range } = await shop('listed');
    const { requests } = await model.state();
    const titles = (await offered(uri, range)).map(({ title }) => title);
    for (const title of ['Explain', 'Refactor', 'Document', 'Generate tests for']) {
      assert.ok(titles.includes(`Dola: ${title} total_price`), `${title} in ${titles}`);
    }
    assert.equal((await model.state()).requests, requests);
  },

  async a_refactoring_is_a_diff_first_and_apply_makes_it_one_undo() {
    await model.answer(fenced(REFACTORED));
    const { uri, document, range } = await shop('refactor');
    await pick(uri, range, 'Dola: Refactor');
    assert.deepEqual(await diff(), { before: SHOP, after: refactored(SHOP) });
    assert.equal(document.getText(), SHOP);

    await executeCommand('dola.ui.apply');

    await until('it is applied', () => document.getText() === refactored(SHOP));
    await noDiff();
    await until('the file is in front', () => vscode.window.activeTextEditor?.document === document);
    await executeCommand('undo');
    assert.equal(document.getText(), SHOP);
  },

  async discard_changes_nothing() {
    await model.answer(fenced(REFACTORED));
    const { document } = await shop('discard');
    await executeCommand('dola.ui.refactor');
    await diff();
    await executeCommand('dola.ui.discard');
    await noDiff();
    assert.equal(document.getText(), SHOP);
    assert.equal(document.isDirty, false);
  },

  async retry_asks_again() {
    await model.answer(fenced(REFACTORED));
    const { document } = await shop('retry');
    await executeCommand('dola.ui.refactor');
    await diff();
    const { requests } = await model.state();
    const other = REFACTORED.replace('sum(', 'sum(  # again\n        ');
    await model.answer(fenced(other));

    await executeCommand('dola.ui.retry');

    await until('the model was asked again', async () => (await model.state()).requests > requests);
    await until('the new diff is shown', async () => diffs().length === 1 && (await diff()).after.includes('# again'));
    assert.equal(document.getText(), SHOP);
    await executeCommand('dola.ui.discard');
    await noDiff();
  },

  async one_part_is_applied_and_the_others_are_kept() {
    const { document } = await shop('parts', LONG);
    const whole = /def total_price[\s\S]*?fourth\n/.exec(LONG)[0];
    const changed = whole.replace('total = 0', 'total = 0.0').replace('fourth = 4', 'fourth = 5');
    await model.answer(fenced(changed));
    await executeCommand('dola.ui.refactor');
    const { after } = await diff();
    const line = after.split('\n').indexOf('    fourth = 5');
    const editor = await until('the cursor is in the diff', () => {
      const active = vscode.window.activeTextEditor;
      return active?.document.uri.scheme === 'dola-proposal' && active;
    });
    editor.selection = new vscode.Selection(line, 0, line, 0);

    await executeCommand('dola.ui.applyPart');

    await until('one part is applied', () => document.getText() === LONG.replace('fourth = 4', 'fourth = 5'));
    await until('the diff shows the other', async () => {
      const now = await diff();
      return now.before.includes('fourth = 5') && now.before.includes('total = 0\n') && now.after.includes('total = 0.0');
    });
    await executeCommand('dola.ui.apply');
    await until('the other is applied', () => document.getText() === LONG.replace(whole, changed));
    await noDiff();
  },

  async a_part_is_told_by_the_left_half_too() {
    const { document } = await shop('halves', LONG);
    const whole = /def total_price[\s\S]*?fourth\n/.exec(LONG)[0];
    // So long that it reaches as far as the other part did before.
    const more = `total = sum(\n        [\n${'            0.0,\n'.repeat(6)}        ]\n    )`;
    const changed = whole.replace('total = 0', more).replace('fourth = 4', 'fourth = 5');
    await model.answer(fenced(changed));
    await executeCommand('dola.ui.refactor');
    await diff();
    const line = LONG.split('\n').indexOf('    fourth = 4');
    const editor = await until('the cursor is in the left half', async () => {
      await executeCommand('workbench.action.compareEditor.focusSecondarySide');
      const active = vscode.window.activeTextEditor;
      return active?.document.uri.path.includes('/before/') && active;
    });
    editor.selection = new vscode.Selection(line, 0, line, 0);

    await executeCommand('dola.ui.discardPart');

    await until('that part is gone', async () => (await diff()).after === LONG.replace('total = 0', more));
    await executeCommand('dola.ui.apply');
    await until('the other is applied', () => document.getText() === LONG.replace('total = 0', more));
    await noDiff();
  },

  async direct_edits_go_in_at_once() {
    await model.answer(fenced(REFACTORED));
    const { document } = await shop('direct');
    await setting('apply', 'direct');
    try {
      // The server learns of it a moment after VS Code does; until then it keeps a proposal.
      const { requests } = await model.state();
      await executeCommand('dola.ui.refactor');
      await until('the model was asked', async () => (await model.state()).requests > requests);
      await until('it is applied', async () => {
        if (document.getText() === SHOP) {
          await executeCommand('dola.ui.review');
        }
        if (diffs().length > 0) {
          await executeCommand('dola.ui.discard');
          await noDiff();
          await vscode.window.showTextDocument(document);
          await executeCommand('dola.ui.refactor');
        }
        return document.getText() === refactored(SHOP);
      });
      assert.equal(diffs().length, 0);
    } finally {
      await setting('apply', undefined);
    }
  },

  async an_explanation_opens_in_the_markdown_preview() {
    await model.answer(EXPLANATION);
    const { document } = await shop('explain');
    await executeCommand('dola.ui.explain');
    const page = await preview();
    await until('it is of the explanation', () => shows(/Adds up what the items cost/));
    assert.ok(!tabs().some(({ input }) => input instanceof vscode.TabInputText && input.uri.path.endsWith('.md')));
    assert.equal(document.getText(), SHOP);
    await vscode.window.tabGroups.close(page);
  },

  async what_would_be_sent_is_shown_and_nothing_is_sent() {
    const { requests } = await model.state();
    const { document } = await shop('shown');
    await executeCommand('dola.ui.showPrompt', 'dola.document');
    const page = await preview();
    await until('it is of the request', () => shows(/What would be sent[^]*total_price/));
    assert.equal((await model.state()).requests, requests);
    assert.equal(document.getText(), SHOP);
    await vscode.window.tabGroups.close(page);
  },

  async what_was_explained_is_seen_once_more_on_its_name() {
    const { uri, editor, range } = await shop('hover');
    await until('the server runs', () => offered(uri, range));
    const name = new vscode.Position(SHOP.split('\n').indexOf('def total_price(items):'), 6);
    const hover = async () => {
      const found = await executeCommand('vscode.executeHoverProvider', uri, name);
      return found.flatMap(({ contents }) => contents.map((content) => content.value ?? content)).join('\n');
    };
    assert.doesNotMatch(await hover(), /Adds up/);
    await model.answer(EXPLANATION);
    await executeCommand('dola.ui.explain');
    const page = await preview();
    await until('the short form is there', async () => /Adds up what the items cost/.test(await hover()));
    assert.match(await hover(), /The whole explanation/);
    // It goes with the text that it is about.
    await editor.edit((edit) => edit.insert(range.start, 'x = 1; '));
    await until('it is there no more', async () => !/Adds up/.test(await hover()));
    await vscode.window.tabGroups.close(page);
  },

  async what_the_model_thought_is_shown_when_it_is_asked_for() {
    await model.answer(EXPLANATION, 'It is the sum of all of them, I think.');
    await shop('thought');
    await executeCommand('dola.ui.explain');
    await until('it is explained', () => shows(/Adds up what the items cost/));
    const explained = await preview();
    assert.ok(!shows(/I think/), 'no thought is part of the answer');
    await vscode.window.tabGroups.close(explained);

    await executeCommand('dola.ui.showReasoning');

    const page = await preview();
    await until('it is of the thoughts', () => shows(/What the model thought[^]*It is the sum of all of them, I think\./));
    await vscode.window.tabGroups.close(page);
  },

  async an_image_gets_its_words_and_code_is_written_from_it() {
    writeFileSync(path.join(root().fsPath, 'cart.png'), Buffer.from(config.png, 'base64'));
    await model.answer('A cart with two lamps');
    await withUserFile('abilities = ["images"]\n', async () => {
      const uri = vscode.Uri.joinPath(root(), 'page.md');
      writeFileSync(uri.fsPath, '# Shop\n\n![](cart.png)\n');
      const document = await vscode.workspace.openTextDocument(uri);
      const editor = await vscode.window.showTextDocument(document, { preview: false });
      editor.selection = new vscode.Selection(2, 3, 2, 3);
      const titles = (await offered(uri, editor.selection)).map(({ title }) => title);
      assert.ok(titles.includes('Dola: Describe image cart.png'), titles.join());
      await executeCommand('dola.ui.describeImage');
      const described = '# Shop\n\n![A cart with two lamps](cart.png)\n';
      assert.equal((await diff()).after, described);
      await executeCommand('dola.ui.apply');
      await until('the image has its words', () => document.getText() === described);
      await noDiff();

      const drawn = '```mermaid\nflowchart TD\n  A --> B\n```\n';
      await model.answer(drawn);
      await executeCommand('dola.ui.writeFromImage');
      assert.equal((await diff()).after, `${described}\n${drawn}`);
      await executeCommand('dola.ui.discard');
      await noDiff();
    });
  },

  async an_action_of_ones_own_is_picked_and_its_new_file_opens() {
    const own =
      '[[actions]]\nid = "stub"\ntitle = "Stub of {name}"\nscope = "file"\nanswer = "new-file"\nprompt = "Write a stub."\n' +
      '[[actions]]\nid = "simpler"\ntitle = "Simplify {name}"\nprompt = "Make it simpler."\n';
    await withUserFile(own, async () => {
      const { uri, document, range } = await shop('own');
      await until('they stand in the menu', async () =>
        (await offered(uri, range)).some(({ title }) => title === 'Dola: Simplify total_price'),
      );
      const { requests } = await model.state();
      const showing = executeCommand('dola.ui.showPrompt', 'dola.own');
      const page = await until('the first of the list is taken, and what it would send is shown', async () => {
        await executeCommand('workbench.action.acceptSelectedQuickOpenItem');
        return shows(/What would be sent: `Stub of own\.py`[^]*Write a stub\./) && preview();
      });
      await showing;
      await vscode.window.tabGroups.close(page);
      assert.equal((await model.state()).requests, requests);

      await vscode.window.showTextDocument(document, { preview: false });
      await model.answer(fenced('def total_price(items): ...'));
      const picking = executeCommand('dola.ui.own');
      const made = await until('the first of the list is taken, and its file opens', async () => {
        await executeCommand('workbench.action.acceptSelectedQuickOpenItem');
        return vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith('/own_stub.py'));
      });
      await picking;
      await until('it holds the answer', () => made.getText() === 'def total_price(items): ...\n');
      await inFront(made);
      assert.match((await model.state()).prompt, /Write a stub\./);

      await vscode.window.showTextDocument(document, { preview: false });
      await model.answer(fenced(REFACTORED));
      await executeCommand('dola.ui.own', 'simpler'); // as a key binding does
      assert.equal((await diff()).after, refactored(SHOP));
      assert.match((await model.state()).prompt, /Make it simpler\./);
      await executeCommand('dola.ui.discard');
      await noDiff();
    });
  },

  async tests_go_into_a_new_file() {
    await model.answer(fenced(TESTS.replace('from shop', 'from new_tests')));
    await shop('new_tests');
    await executeCommand('dola.ui.generateTests');
    const made = await until('the tests are open', () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.path.endsWith('/tests/test_new_tests.py')),
    );
    await until('they hold the tests', () => made.getText() === TESTS.replace('from shop', 'from new_tests'));
    await inFront(made);
  },

  async tests_join_those_of_a_file_after_a_review() {
    const mine = 'def test_mine():\n    assert True\n';
    const folder = path.join(root().fsPath, 'tests');
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'test_old_tests.py'), mine);
    await model.answer(fenced(TESTS.replace('from shop', 'from old_tests')));
    await shop('old_tests');
    await executeCommand('dola.ui.generateTests');
    const { before, after } = await diff();
    assert.equal(before, mine);
    assert.ok(after.includes(mine) && after.includes('test_quantities_count'));

    await executeCommand('dola.ui.apply');

    await noDiff();
    const tests = await vscode.workspace.openTextDocument(path.join(folder, 'test_old_tests.py'));
    await until('the tests are in', () => tests.getText() === after);
    assert.equal(readFileSync(tests.uri.fsPath, 'utf8'), mine);
  },

  async new_tests_are_run_and_what_fails_is_a_problem_in_their_file() {
    await withUserFile(`[tests]\nrun = ${JSON.stringify(config.runTests)}\n`, async () => {
      await model.answer(fenced(TESTS.replace('from shop', 'from run').replace('== 7', '== 8')));
      await shop('run');
      await executeCommand('dola.ui.generateTests');
      const uri = vscode.Uri.joinPath(root(), 'tests', 'test_run.py');
      const [problem] = await until('the failure is marked', () => {
        const found = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'dola-ls');
        return found.length > 0 && found;
      });
      assert.match(problem.message, /assert 7 == 8/);
      const tests = await vscode.workspace.openTextDocument(uri);
      assert.match(tests.lineAt(problem.range.start.line).text, /== 8/);
      const left = readdirSync(path.join(root().fsPath, 'tests')).filter((name) => name.includes('dola'));
      assert.deepEqual(left, [], 'no copy is left that was made for the run');
    });
  },

  async an_instruction_is_followed() {
    await model.answer(fenced(REFACTORED));
    const { uri, document, range } = await shop('instruct');
    await until('the server runs', () => offered(uri, range));
    const at = { line: range.start.line, character: range.start.character };
    const call = { uri: uri.toString(), range: { start: at, end: at }, version: document.version };
    await executeCommand('dola.instruct', { ...call, instruction: 'use a generator expression' });
    assert.equal((await diff()).after, refactored(SHOP));
    assert.match((await model.state()).prompt, /use a generator expression/);
    await executeCommand('dola.ui.discard');
    await noDiff();
  },

  async documenting_changes_comments_and_docstrings_only() {
    const documented = 'def total_price(items):\n    """Return what the items cost."""\n';
    const whole = /def total_price[\s\S]*?return total\n/.exec(SHOP)[0];
    await model.answer(fenced(whole.replace('def total_price(items):\n', documented)));
    const { document } = await shop('document');
    await executeCommand('dola.ui.document');
    assert.match((await diff()).after, /Return what the items cost/);
    await executeCommand('dola.ui.apply');
    await until('it is applied', () => document.getText() === SHOP.replace('def total_price(items):\n', documented));
    await noDiff();
  },

  async a_fix_is_told_the_problems_at_the_cursor() {
    const { uri, range } = await shop('fix');
    const faults = reported(uri, range, vscode.DiagnosticSeverity.Error);
    try {
      await model.answer(fenced(REFACTORED));
      await executeCommand('dola.ui.fix');
      assert.equal((await diff()).after, refactored(SHOP));
      const { prompt } = await model.state();
      assert.match(prompt, /total should be a Decimal/);
    } finally {
      faults.dispose();
    }
    await executeCommand('dola.ui.discard');
    await noDiff();
  },

  async a_refactoring_is_told_what_other_tools_say_of_its_lines() {
    const { uri, range } = await shop('told');
    const faults = reported(uri, range, vscode.DiagnosticSeverity.Warning);
    try {
      await model.answer(fenced(REFACTORED));
      await executeCommand('dola.ui.refactor');
      assert.equal((await diff()).after, refactored(SHOP));
      const { prompt } = await model.state();
      assert.match(prompt, /warning: total should be a Decimal/);
      assert.doesNotMatch(prompt, /somewhere else/);
    } finally {
      faults.dispose();
    }
    await executeCommand('dola.ui.discard');
    await noDiff();
  },

  async cancel_closes_the_connection_and_changes_nothing() {
    await model.answer(fenced(REFACTORED));
    const { document } = await shop('cancel');
    await model.hold();
    try {
      await executeCommand('dola.ui.refactor');
      await until('the model is half way', async () => (await model.state()).halfWay);
      const { abandoned } = await model.state();
      await executeCommand('dola.ui.cancel');
      await until('the connection is closed', async () => (await model.state()).abandoned > abandoned);
    } finally {
      await model.free();
    }
    assert.equal(document.getText(), SHOP);
    assert.equal(diffs().length, 0);
  },

  async an_edit_elsewhere_is_kept_and_the_answer_lands_where_the_function_is_now() {
    await model.answer(fenced(REFACTORED));
    const { document, editor } = await shop('elsewhere');
    const mine = '# mine\n'.repeat(3);
    await model.hold();
    try {
      await executeCommand('dola.ui.refactor');
      await until('the model is half way', async () => (await model.state()).halfWay);
      await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), mine));
    } finally {
      await model.free();
    }
    assert.deepEqual(await diff(), { before: mine + SHOP, after: mine + refactored(SHOP) });
    // And once more, while the diff is shown.
    const more = new vscode.WorkspaceEdit();
    more.insert(document.uri, new vscode.Position(0, 0), '# more\n');
    await vscode.workspace.applyEdit(more);
    await until('the diff follows', async () => (await diff()).after === `# more\n${mine}${refactored(SHOP)}`);

    await executeCommand('dola.ui.apply');

    await until('it is applied', () => document.getText() === `# more\n${mine}${refactored(SHOP)}`);
    await noDiff();
  },

  async an_edit_of_the_same_lines_wins_and_the_proposal_waits() {
    await model.answer(fenced(REFACTORED));
    const { document, editor } = await shop('same');
    const mine = SHOP.replace('    total = 0\n', '    total = 0  # mine\n');
    const line = SHOP.split('\n').indexOf('    total = 0');
    await model.hold();
    try {
      await executeCommand('dola.ui.refactor');
      await until('the model is half way', async () => (await model.state()).halfWay);
      await editor.edit((edit) => edit.insert(new vscode.Position(line, 13), '  # mine'));
    } finally {
      await model.free();
    }
    await diff();
    await executeCommand('dola.ui.apply');
    assert.equal(document.getText(), mine);
    assert.equal(diffs().length, 1);
    await vscode.window.showTextDocument(document);
    await executeCommand('undo');
    assert.equal(document.getText(), SHOP);
    await executeCommand('dola.ui.review');
    await diff();
    await executeCommand('dola.ui.apply');
    await until('it is applied', () => document.getText() === refactored(SHOP));
    await noDiff();
  },

  async a_stale_version_is_refused() {
    await model.answer(fenced(REFACTORED));
    const { uri, document, editor, range } = await shop('stale');
    const [action] = (await offered(uri, range)).filter(({ title }) => title.startsWith('Dola: Refactor'));
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# newer\n'));
    const { requests } = await model.state();
    await executeCommand(action.command.command, ...action.command.arguments);
    // The next one is answered, so the one before was not sent.
    await executeCommand('dola.ui.refactor');
    await diff();
    assert.equal((await model.state()).requests, requests + 1);
    await executeCommand('dola.ui.discard');
    await noDiff();
    assert.equal(document.getText(), `# newer\n${SHOP}`);
  },

  async what_is_chosen_for_lines_that_are_others_by_then_is_not_sent() {
    const { document, editor } = await shop('chosen');
    let answered = false;
    const showing = executeCommand('dola.ui.showPrompt').then(() => (answered = true));
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), '# newer\n'));
    await until('an action is chosen', async () => {
      await executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return answered;
    });
    await showing;
    await vscode.window.showTextDocument(document);
    // The next one is shown, so the one before was refused.
    await executeCommand('dola.ui.showPrompt', 'dola.document');
    const page = await preview();
    await until('it is of the second', () => shows(/What would be sent: `Document[^]*chosen\.py/));
    assert.ok(!shows(/What would be sent: `Refactor[^]*chosen\.py/));
    await vscode.window.tabGroups.close(page);
  },

  async a_completion_stands_at_the_cursor_when_it_is_asked_for() {
    const { uri, document, editor, range } = await shop('complete');
    await until('the server runs', () => offered(uri, range));
    await model.answer(fenced('0'));
    const { line } = range.start;
    await editor.edit((edit) => edit.delete(new vscode.Range(line, 12, line, 13)));
    editor.selection = new vscode.Selection(line, 12, line, 12);
    await executeCommand('editor.action.inlineSuggest.trigger');
    await until('it is taken', async () => {
      await executeCommand('editor.action.inlineSuggest.commit');
      return document.getText() === SHOP;
    });
  },

  async a_cell_of_a_notebook_is_edited_with_the_others_as_context() {
    const cells = ['TAX = 0.2', /def total_price[\s\S]*?return total/.exec(SHOP)[0]];
    const notebook = {
      cells: cells.map((source, n) => ({ cell_type: 'code', execution_count: null, id: `c${n}`, metadata: {}, outputs: [], source })),
      metadata: { language_info: { name: 'python' } },
      nbformat: 4,
      nbformat_minor: 5,
    };
    const uri = vscode.Uri.joinPath(root(), 'shop.ipynb');
    writeFileSync(uri.fsPath, JSON.stringify(notebook));
    await model.answer(fenced(REFACTORED));
    const opened = await vscode.workspace.openNotebookDocument(uri);
    await vscode.window.showNotebookDocument(opened);
    const cell = opened.cellAt(1).document;
    const range = new vscode.Range(1, 4, 1, 4);
    await pick(cell.uri, range, 'Dola: Refactor total_price');
    await until('the edit is shown or kept', () => diffs().length > 0);
    assert.match((await model.state()).prompt, /TAX = 0\.2/);
    await executeCommand('dola.ui.apply');
    await until('it is applied to the cell', () => cell.getText() === REFACTORED.trimEnd());
    assert.equal(opened.cellAt(0).document.getText(), 'TAX = 0.2');
    await noDiff();
  },

  async a_server_that_crashed_is_started_again() {
    await model.answer(fenced(REFACTORED));
    const { document } = await shop('crash');
    await executeCommand('dola.ui.refactor');
    await diff();
    const before = pid();
    process.kill(before, 'SIGKILL');
    await until('another server runs', () => pid() !== before);
    await noDiff(); // what the old one kept is gone
    await vscode.window.showTextDocument(document);
    await executeCommand('dola.ui.refactor');
    await diff();
    await executeCommand('dola.ui.apply');
    await until('it is applied', () => document.getText() === refactored(SHOP));
    await noDiff();
  },

  async restarting_twice_leaves_one_server_and_each_command_once() {
    await model.answer(fenced(REFACTORED));
    const before = pid();
    await executeCommand('dola.ui.restart');
    await executeCommand('dola.ui.restart');
    await until('another server runs', () => pid() !== before);
    await until('the old one has ended', () => !isAlive(before));
    const { uri, range, document } = await shop('restart');
    const { requests } = await model.state();
    const titles = (await offered(uri, range)).map(({ title }) => title);
    assert.equal(titles.filter((title) => title === 'Dola: Refactor total_price').length, 1);
    await executeCommand('dola.ui.refactor');
    await diff();
    assert.equal((await model.state()).requests, requests + 1);
    await executeCommand('dola.ui.discard');
    await noDiff();
    assert.equal(document.getText(), SHOP);
  },

  async the_server_of_the_selected_interpreter_comes_before_the_one_on_path() {
    const python = await vscode.extensions.getExtension('ms-python.python').activate();
    const before = pid();
    python.select(path.join(config.venv, 'bin', 'python'));
    await until('its server runs', () => existsSync(path.join(config.venv, 'pid')));
    await until('the other has ended', () => !isAlive(before));
    python.select(undefined);
    await until('the one on PATH runs again', () => pid() !== before);
    await until('the other has ended', () => !isAlive(pid(path.join(config.venv, 'pid'))));
  },
};

/** Return what the extension and the server have logged. */
async function log() {
  await executeCommand('dola.ui.logs');
  const shown = () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'output' && /Dola/.test(uri.path));
  return (await until('the log is shown', shown)).getText();
}

/** A machine on which nothing works need not find that out for each scenario. */
const MOST_FAILURES = 3;

exports.run = async () => {
  const results = {};
  let failures = 0;
  for (const [name, scenario] of Object.entries(scenarios)) {
    try {
      await scenario();
      results[name] = 'passed';
    } catch (error) {
      failures += 1;
      results[name] = `${error.stack ?? error}\n${await log().catch(String)}`;
    }
    await vscode.window.tabGroups.close(diffs());
    writeFileSync(config.results, JSON.stringify(results));
    if (failures === MOST_FAILURES) {
      break;
    }
  }
};
