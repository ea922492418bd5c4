import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Configuration } from '../src/configuration';
import { keyVariables, services, wrongKey } from '../src/services';
import { environment, forServer, NEED_RESTART } from '../src/settings';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const schema: Record<string, { default: unknown; scope: string }> = manifest.contributes.configuration.properties;

/** Settings with the defaults of the manifest. */
function having(set: Record<string, unknown> = {}): Configuration {
  return {
    get: <T>(name: string, otherwise: T) => {
      const declared = schema[`dola.${name}`];
      assert.ok(declared, `${name} is declared`);
      assert.deepEqual(declared.default, otherwise, `${name} has one default`);
      return (set[name] ?? declared.default) as T;
    },
    inspect: <T>(name: string) => {
      assert.ok(schema[`dola.${name}`], `${name} is declared`);
      return { globalValue: set[name] as T | undefined };
    },
  };
}

test('nothing set means what the user file says, and nothing in the environment', () => {
  assert.deepEqual(forServer(having()), { apply: 'review', receipts: true });
  assert.deepEqual(environment(having()), {});
});

test('what the user set is sent, also where it is the default', () => {
  const sent = forServer(having({ 'local.idleMinutes': 15, 'completion.enabled': false }));
  assert.deepEqual([sent.local, sent.completion], [{ idle_minutes: 15 }, { enabled: false }]);
});

test('what a folder or workspace says counts before what the user says', () => {
  const set: Record<string, object> = {
    'completion.maxLines': { globalValue: 5, workspaceValue: 6, workspaceFolderValue: 7 },
    'completion.debounceMs': { globalValue: 300, workspaceValue: 0 },
  };
  const sent = forServer({ ...having(), inspect: (name) => set[name] });
  assert.deepEqual(sent.completion, { debounce_ms: 0, max_lines: 7 });
});

test('how answers are drawn goes as the server names it, and only where it is set', () => {
  const sampling = { seed: 7, explain: { model: 'fast', temperature: 0.3 } };
  const sent = forServer(having({ sampling, 'context.tokens': 3000 }));
  assert.deepEqual([sent.sampling, sent.context], [sampling, { tokens: 3000 }]);
});

test('tools are turned off and never on, as the user file may have them off', () => {
  assert.equal('tools' in forServer(having({ tools: true })), false);
  assert.equal(forServer(having({ tools: false })).tools, false);
});

test('where code goes travels by the environment, and never by the settings', () => {
  const set = having({ provider: 'custom', baseUrl: ' https://example.com/v1 ', log: 'trace', model: 'm' });
  assert.deepEqual(environment(set), {
    DOLA_PROVIDER: 'custom',
    DOLA_BASE_URL: 'https://example.com/v1',
    DOLA_LOG: 'trace',
  });
  const sent = forServer(set);
  assert.deepEqual(Object.keys(sent).sort(), ['apply', 'model', 'receipts']);
});

test('that code is sent unasked travels by the environment too', () => {
  const set = having({ 'completion.automatic': true, 'completion.maxLines': 3 });
  assert.deepEqual(environment(set), { DOLA_COMPLETION_AUTOMATIC: 'true' });
  assert.deepEqual(forServer(set).completion, { max_lines: 3 });
});

test('code of other files goes along unless that is switched off', () => {
  assert.deepEqual(forServer(having({ 'context.related': false })).context, { related: false });
});

test('no workspace may set what decides what runs, where code goes or what is written', () => {
  for (const name of ['dola.path', 'dola.provider', 'dola.baseUrl', 'dola.completion.automatic', 'dola.log']) {
    assert.equal(schema[name]?.scope, 'machine', name);
    assert.ok(NEED_RESTART.includes(name));
  }
  assert.deepEqual(
    [...manifest.capabilities.untrustedWorkspaces.restrictedConfigurations].sort(),
    Object.keys(schema).sort(),
  );
});

test('no setting holds a key', () => {
  assert.ok(!Object.keys(schema).some((name) => /key|token$|secret/i.test(name)));
});

test('a key goes to the service it was stored for, and to no other', () => {
  const keys = new Map([
    ['aimlapi', 'key-a'],
    ['https://one.example', 'key-1'],
  ]);
  assert.deepEqual(keyVariables(having(), keys), { AIMLAPI_API_KEY: 'key-a' });
  assert.deepEqual(keyVariables(having({ baseUrl: 'https://one.example/v1' }), keys), {
    AIMLAPI_API_KEY: 'key-a',
    DOLA_PROVIDER: 'custom',
    DOLA_API_KEY: 'key-1',
  });
  for (const other of ['https://two.example/v1', 'http://one.example/v1', 'https://one.example:8443/v1', 'nonsense']) {
    assert.deepEqual(keyVariables(having({ baseUrl: other }), keys), { AIMLAPI_API_KEY: 'key-a' }, other);
  }
  const elsewhere = having({ provider: 'ark', baseUrl: 'https://one.example/v1' });
  assert.deepEqual(keyVariables(elsewhere, keys), { AIMLAPI_API_KEY: 'key-a' });
});

test('a key can be set for the known services and for the address that is set', () => {
  const ids = (set: Record<string, unknown>) => services(having(set)).map(({ id }) => id);
  assert.deepEqual(ids({}), ['aimlapi', 'ark']);
  assert.deepEqual(ids({ baseUrl: 'http://127.0.0.1:8080/v1' }), ['http://127.0.0.1:8080', 'aimlapi', 'ark']);
});

test('what cannot be a key is told before it is stored', () => {
  assert.equal(wrongKey(' sk-123 '), undefined);
  assert.match(wrongKey('two words') ?? '', /space/);
  assert.match(wrongKey('schlüssel') ?? '', /unusual/);
  assert.match(wrongKey('  ') ?? '', /Paste/);
});
