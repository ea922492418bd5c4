// The services that a key can be for, and the variable that hands each key to the server.
import type { Configuration } from './configuration';

export interface Service {
  /** The name under which the key is kept. */
  id: string;
  title: string;
  host: string;
}

const KNOWN: readonly (Service & { variable: string })[] = [
  { id: 'aimlapi', title: 'AIML API', host: 'api.aimlapi.com', variable: 'AIMLAPI_API_KEY' },
  { id: 'ark', title: 'BytePlus ModelArk', host: 'ark.ap-southeast.bytepluses.com', variable: 'ARK_API_KEY' },
];

/** Return the services that a key can be set for: the known ones, and the address that is set. */
export function services(settings: Configuration): Service[] {
  const own = ownAddress(settings);
  return [...(own ? [own] : []), ...KNOWN.map(({ id, title, host }) => ({ id, title, host }))];
}

/**
 * Return the variables that hand the keys to the server.
 * The server sends each of the known services' keys to that service only. The key of another
 * address goes by a variable that is for whichever address is in use, so it is handed over only
 * where that is the address it was stored for.
 */
export function keyVariables(
  settings: Configuration,
  keys: ReadonlyMap<string, string>,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { id, variable } of KNOWN) {
    const key = keys.get(id);
    if (key) {
      variables[variable] = key;
    }
  }
  const own = ownAddress(settings);
  const key = own && keys.get(own.id);
  if (key) {
    variables['DOLA_PROVIDER'] = 'custom';
    variables['DOLA_API_KEY'] = key;
  }
  return variables;
}

/** Return the service at `dola.baseUrl`, or undefined where another provider is set. */
function ownAddress(settings: Configuration): Service | undefined {
  const address = settings.get('baseUrl', '').trim();
  if (!address || !['auto', 'custom'].includes(settings.get('provider', 'auto'))) {
    return undefined;
  }
  try {
    const { origin, host } = new URL(address);
    return origin === 'null' ? undefined : { id: origin, title: 'The server at dola.baseUrl', host };
  } catch {
    return undefined;
  }
}

/** Tell what is wrong with a key, or nothing. */
export function wrongKey(value: string): string | undefined {
  const key = value.trim();
  if (!key) {
    return 'Paste the key, or press Escape to leave things as they are.';
  }
  return /^[!-~]{1,4096}$/.test(key) ? undefined : 'This cannot be a key: it holds a space or an unusual character.';
}
