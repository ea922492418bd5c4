// The item in the status bar: how the server is, and what the session cost.
import * as vscode from 'vscode';

export type State =
  | { is: 'waiting' | 'restricted' | 'starting' | 'stopped' }
  | { is: 'ready'; server: string }
  | { is: 'missing' | 'failed'; why: string };

export interface Figures {
  underWay: number;
  cost: string;
  summary: string;
}

const LINKS: Record<string, string> = {
  'dola.ui.status': 'Status',
  'dola.ui.cancel': 'Cancel',
  'dola.ui.restart': 'Restart',
  'dola.ui.logs': 'Logs',
  'dola.ui.setKey': 'Set API key',
};

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('dola.status', vscode.StatusBarAlignment.Right, 100);

  constructor() {
    this.item.name = 'Dola';
    this.item.show();
  }

  show(state: State, figures: Figures): void {
    const { icon, words, command } = look(state, figures.underWay);
    this.item.text = [`$(${icon}) Dola`, figures.cost].filter(Boolean).join(' ');
    this.item.command = command;
    this.item.backgroundColor =
      state.is === 'failed' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    this.item.accessibilityInformation = { label: `Dola: ${words}` };
    const tooltip = new vscode.MarkdownString('', true);
    tooltip.isTrusted = { enabledCommands: Object.keys(LINKS) };
    tooltip.appendText(`${words}\n`);
    tooltip.appendMarkdown('\n\n');
    tooltip.appendText(figures.summary);
    tooltip.appendMarkdown(`\n\n${Object.entries(LINKS).map(([id, title]) => `[${title}](command:${id})`).join(' · ')}`);
    this.item.tooltip = tooltip;
  }

  dispose(): void {
    this.item.dispose();
  }
}

function look(state: State, underWay: number): { icon: string; words: string; command: string } {
  switch (state.is) {
    case 'waiting':
      return { icon: 'circle-outline', words: 'The server starts when a file is opened.', command: 'dola.ui.restart' };
    case 'restricted':
      return { icon: 'workspace-untrusted', words: RESTRICTED, command: 'workbench.trust.manage' };
    case 'starting':
      return { icon: 'loading~spin', words: 'The server is starting.', command: 'dola.ui.logs' };
    case 'stopped':
      return { icon: 'circle-slash', words: 'The server is not running.', command: 'dola.ui.restart' };
    case 'missing':
      return { icon: 'cloud-download', words: state.why, command: 'dola.ui.restart' };
    case 'failed':
      return { icon: 'error', words: state.why, command: 'dola.ui.logs' };
    case 'ready': {
      const busy = underWay > 0 ? ` ${underWay} under way.` : '';
      return {
        icon: underWay > 0 ? 'loading~spin' : 'sparkle',
        words: `Ready: ${state.server}.${busy}`,
        command: 'dola.ui.status',
      };
    }
  }
}

export const RESTRICTED = 'This folder is in Restricted Mode, so Dola starts no server and sends nothing.';
