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
  assert.equal(partAt(hunks, 0), 0);
  assert.equal(partAt(hunks, 2), 0);
  assert.equal(partAt(hunks, 6), 1);
  assert.equal(partAt(hunks, 8), 1);
  assert.equal(partAt(hunks, 99), 1);
  assert.equal(partAt([], 3), -1);
});
