// API keys: kept in VS Code's secret storage, one for each service, and never in a setting.
import * as vscode from 'vscode';
import { services, wrongKey, type Service } from './services';
import { inform } from './tell';

const PREFIX = 'dola.key.';

export class Keys {
  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly settings: () => vscode.WorkspaceConfiguration,
  ) {}

  /** Return the stored keys of the services that can be in use, by the service's id. */
  async stored(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (const { id } of services(this.settings())) {
      const key = await this.secrets.get(PREFIX + id);
      if (key) {
        found.set(id, key);
      }
    }
    return found;
  }

  /** Ask for a service and its key; tell whether one was stored. */
  async set(): Promise<boolean> {
    const stored = await this.stored();
    const service = await pick('Which service is the key for?', services(this.settings()), stored);
    if (!service) {
      return false;
    }
    const key = await vscode.window.showInputBox({
      title: `Dola: API key for ${service.title}`,
      prompt: `It is kept in VS Code's secret storage and sent to ${service.host} only.`,
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) => (value ? wrongKey(value) : undefined),
    });
    if (!key || wrongKey(key)) {
      return false;
    }
    await this.secrets.store(PREFIX + service.id, key.trim());
    const first = process.env['DOLA_API_KEY'] ? ' But DOLA_API_KEY is set where VS Code was started, and comes first.' : '';
    inform(`Dola: the key for ${service.host} is stored.${first}`);
    return true;
  }

  /** Ask which key to forget; tell whether one was. */
  async clear(): Promise<boolean> {
    const stored = await this.stored();
    if (stored.size === 0) {
      inform('Dola: there is no stored key for the services that are set.');
      return false;
    }
    const having = services(this.settings()).filter(({ id }) => stored.has(id));
    const service = having.length === 1 ? having[0] : await pick('Which key should be forgotten?', having, stored);
    if (!service) {
      return false;
    }
    await this.secrets.delete(PREFIX + service.id);
    inform(`Dola: the key for ${service.host} is forgotten.`);
    return true;
  }
}

async function pick(title: string, choices: Service[], stored: Map<string, string>): Promise<Service | undefined> {
  const items = choices.map((service) => ({
    label: service.title,
    description: service.host,
    ...(stored.has(service.id) && { detail: 'A key is stored.' }),
    service,
  }));
  return (await vscode.window.showQuickPick(items, { title, ignoreFocusOut: true }))?.service;
}
