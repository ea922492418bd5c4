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
    local: {
      model: settings.get('local.model', '1.5b'),
      idle_minutes: settings.get('local.idleMinutes', 15),
    },
    completion: {
      enabled: settings.get('completion.enabled', true),
      debounce_ms: settings.get('completion.debounceMs', 400),
      max_lines: settings.get('completion.maxLines', 16),
    },
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

function optional<Name extends string>(name: Name, value: string): Partial<Record<Name, string>> {
  return value ? ({ [name]: value } as Record<Name, string>) : {};
}
