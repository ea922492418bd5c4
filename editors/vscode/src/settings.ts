// What the settings of VS Code mean to the server, and by which way each reaches it.
import type { Configuration } from './configuration';

/**
 * Return the settings as the server names them, for `workspace/configuration`.
 * What decides where code goes or what is written to disk is not among them: the server takes
 * that from its environment only, because it cannot tell who wrote what an editor sends.
 */
export function forServer(settings: Configuration): Record<string, unknown> {
  const effort = settings.get('reasoningEffort', 'default');
  const frameworks = settings.get<string[]>('tests.framework', []);
  const sampling = settings.get<Record<string, unknown>>('sampling', {});
  const tokens = settings.get<number | null>('context.tokens', null);
  const context = {
    ...(tokens !== null && { tokens }),
    ...(!settings.get<boolean>('context.related', true) && { related: false }),
  };
  return {
    apply: settings.get('apply', 'review'),
    ...optional('model', settings.get('model', '').trim()),
    ...optional('fast_model', settings.get('fastModel', '').trim()),
    ...(effort !== 'default' && { reasoning_effort: effort }),
    ...(!settings.get<boolean>('tools', true) && { tools: false }),
    ...(frameworks.length > 0 && { tests: { framework: frameworks } }),
    ...(Object.keys(sampling).length > 0 && { sampling }),
    ...(Object.keys(context).length > 0 && { context }),
    ...table('local', {
      model: chosen(settings, 'local.model'),
      idle_minutes: chosen(settings, 'local.idleMinutes'),
    }),
    ...table('completion', {
      enabled: chosen(settings, 'completion.enabled'),
      debounce_ms: chosen(settings, 'completion.debounceMs'),
      max_lines: chosen(settings, 'completion.maxLines'),
    }),
    receipts: true,
  };
}

/** Return the variables that the server is started with, apart from the keys. */
export function environment(settings: Configuration): Record<string, string> {
  const provider = settings.get('provider', 'auto');
  const log = settings.get('log', 'info');
  const automatic = settings.get('completion.automatic', false);
  return {
    ...(provider !== 'auto' && { DOLA_PROVIDER: provider }),
    ...optional('DOLA_BASE_URL', settings.get('baseUrl', '').trim()),
    ...(log !== 'info' && { DOLA_LOG: log }),
    ...(automatic ? { DOLA_COMPLETION_AUTOMATIC: 'true' } : {}),
  };
}

/** The settings that a running server does not see change. */
export const NEED_RESTART = ['dola.path', 'dola.provider', 'dola.baseUrl', 'dola.completion.automatic', 'dola.log'];

/** What the user set; undefined where only the default counts, as the user file of dola-ls may say otherwise. */
function chosen(settings: Configuration, name: string): unknown {
  const set = settings.inspect<unknown>(name);
  return set?.workspaceFolderValue ?? set?.workspaceValue ?? set?.globalValue;
}

/** Return a table of what was chosen, or nothing where nothing was. */
function table(name: string, values: Record<string, unknown>): Record<string, unknown> {
  const found = Object.entries(values).filter(([, value]) => value !== undefined);
  return found.length > 0 ? { [name]: Object.fromEntries(found) } : {};
}

function optional<Name extends string>(name: Name, value: string): Partial<Record<Name, string>> {
  return value ? ({ [name]: value } as Record<Name, string>) : {};
}
