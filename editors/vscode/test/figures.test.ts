import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partAt, type Hunk } from '../src/hunks';
import { dollars, isReceipt, Session, type Receipt } from '../src/receipts';

const receipt = (more: Partial<Receipt> = {}): Receipt => ({
  type: 'dola.receipt',
  outcome: 'edited',
  rule: null,
  model: 'm',
  promptTokens: 40,
  completionTokens: 20,
  costUsd: 0.004,
  ...more,
});

test('a session adds up what the receipts say, and guesses nothing', () => {
  const session = new Session();
  assert.equal(session.cost, '');
  assert.equal(session.summary, 'No answer yet in this session.');

  session.add(receipt({ costUsd: null }));
  assert.equal(session.cost, '');
  assert.equal(session.summary, 'This session: 1 answer, 40 tokens in, 20 out.');

  session.add(receipt());
  assert.equal(session.cost, '$0.00400');
  assert.equal(session.summary, 'This session: 2 answers, 80 tokens in, 40 out, $0.00400 for 1 of them.');

  session.add(receipt({ model: '', outcome: 'refused', rule: 'no_model' }));
  assert.match(session.summary, /2 answers/);
});

test('money has as many digits as mean something', () => {
  assert.deepEqual([0, 0.00012, 0.0123, 3.4567].map(dollars), ['$0.00', '$0.00012', '$0.012', '$3.46']);
});

test('other events are no receipts', () => {
  assert.ok(isReceipt(receipt()));
  for (const event of [null, 3, 'dola.receipt', {}, { type: 'other' }]) {
    assert.ok(!isReceipt(event));
  }
});

test('the part at a line is found in the text after', () => {
  const at = (line: number, character = 0) => ({ line, character });
  const hunks: Hunk[] = [
    { start: at(2), end: at(5), text: 'one\n' }, // three lines become one
    { start: at(8), end: at(8), text: 'a\nb\nc\n' }, // three lines more
  ];
  assert.equal(partAt(hunks, 0, 'after'), 0);
  assert.equal(partAt(hunks, 2, 'after'), 0);
  assert.equal(partAt(hunks, 6, 'after'), 1);
  assert.equal(partAt(hunks, 8, 'after'), 1);
  assert.equal(partAt(hunks, 99, 'after'), 1);
  assert.equal(partAt([], 3, 'after'), -1);
});

test('the part at a line is found in the text before', () => {
  const at = (line: number, character = 0) => ({ line, character });
  const hunks: Hunk[] = [
    { start: at(2), end: at(3), text: 'a\nb\nc\nd\ne\nf\n' }, // one line becomes six
    { start: at(6), end: at(7), text: 'one\n' },
    { start: at(7), end: at(9), text: '' }, // two lines go
    { start: at(12, 4), end: at(12, 8), text: 'x' }, // a part of a line
  ];
  const found = [0, 2, 6, 7, 8, 12, 99].map((line) => partAt(hunks, line, 'before'));
  assert.deepEqual(found, [0, 0, 1, 2, 2, 3, 3]);
  // The same lines are others in the text after.
  assert.deepEqual([6, 7, 11, 15].map((line) => partAt(hunks, line, 'after')), [0, 0, 1, 3]);
  assert.equal(partAt([], 3, 'before'), -1);
});
