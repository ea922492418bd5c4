// Proposals: each as a diff, with Apply, Discard and Retry.
import * as path from 'node:path';
import * as vscode from 'vscode';
import { partAt, type Half, type Hunk } from './hunks';
import { inform } from './tell';

/** Of the languages that cells are written in. */
const EXTENSIONS: Record<string, string> = { javascript: 'js', julia: 'jl', markdown: 'md', python: 'py', r: 'r', sql: 'sql' };
export const SCHEME = 'dola-proposal';

/** The server's `dola/proposed`. */
export interface Proposed {
  id: string;
  uri: string;
  label: string;
  reason: string;
  refused: boolean;
  hunks: number;
}

/** What the server answers to `dola.review` with `text`. */
interface Texts {
  before: string;
  after: string;
  hunks: Hunk[];
  stale: string;
}

/** A diff follows the user's typing when the typing rests for so long. */
const TYPING_MS = 150;

type Decision = 'apply' | 'discard' | 'retry';

/** Sends `dola.review`. */
export type Decide = (arguments_: { proposal: string; do: string; hunk?: number }) => Promise<unknown>;

/** The proposals that the server keeps, and the diffs that show them. */
export class Review implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly kept = new Map<string, Proposed>();
  private readonly texts = new Map<string, Texts>();
  /** Those that a decision is being carried out for: their document changes because of it. */
  private readonly deciding = new Set<string>();
  private soon: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly disposables: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly decide: Decide,
    /** Whether proposals are opened when they come. */
    private readonly opensByItself: () => boolean,
  ) {
    this.disposables = [
      this.changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.refreshSoon(document.uri)),
    ];
    void closeTabs(() => true); // VS Code opens those of the session before again, with nothing in them
  }

  /** Take a proposal, new or changed, and open a new one if that is the user's wish. */
  proposed(proposal: Proposed): 'opened' | 'kept' | 'changed' {
    const known = this.kept.has(proposal.id);
    this.kept.set(proposal.id, proposal);
    this.tellMenus();
    if (known) {
      return 'changed'; // a part of it was decided about, and `carryOut` shows what is left
    }
    if (proposal.refused || !this.opensByItself()) {
      return 'kept';
    }
    void this.open(proposal.id);
    return 'opened';
  }

  /** A proposal is there no more. */
  settled(id: string): void {
    this.kept.delete(id);
    this.texts.delete(id);
    this.tellMenus();
    void closeTabs((uri) => idOf(uri) === id);
  }

  /** No proposal is there any more: the server is gone. */
  settleAll(): void {
    this.kept.clear();
    this.texts.clear();
    this.tellMenus();
    void closeTabs(() => true);
  }

  /** The menus offer a review where there is something to review. */
  private tellMenus(): void {
    void vscode.commands.executeCommand('setContext', 'dola.proposed', this.kept.size > 0);
  }

  /** Open the one proposal there is, or ask which. */
  async choose(): Promise<void> {
    const proposals = [...this.kept.values()];
    if (proposals.length === 0) {
      inform('Dola: there is no proposed edit to review.');
      return;
    }
    const items = proposals.map((proposal) => ({
      label: proposal.label,
      description: vscode.workspace.asRelativePath(vscode.Uri.parse(proposal.uri)),
      detail: proposal.reason,
      id: proposal.id,
    }));
    const chosen = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Dola: Review' });
    if (chosen) {
      await this.open(chosen.id);
    }
  }

  /** Show a proposal as a diff, and ask what to do with it. */
  async open(id: string): Promise<void> {
    const proposal = this.kept.get(id);
    if (!proposal || !(await this.load(id))) {
      return;
    }
    const name = path.posix.basename(vscode.Uri.parse(proposal.uri).path);
    const stale = this.texts.get(id)?.stale;
    await vscode.commands.executeCommand(
      'vscode.diff',
      uriOf(proposal, 'before'),
      uriOf(proposal, 'after'),
      `Dola: ${proposal.label} (${name})`,
      { preview: false } satisfies vscode.TextDocumentShowOptions,
    );
    // Not awaited: the buttons in the editor's title say the same, and may be faster.
    void this.ask(proposal, stale ? ` It does not fit any more: ${stale}.` : '');
  }

  private async ask(proposal: Proposed, more: string): Promise<void> {
    const advice = proposal.refused ? ` It was refused: ${proposal.reason}` : '';
    const answer = await vscode.window.showInformationMessage(
      `Dola proposes to ${proposal.label}.${advice}${more}`,
      'Apply',
      'Discard',
      'Retry',
    );
    if (answer && this.kept.has(proposal.id)) {
      await this.do(answer.toLowerCase() as Decision, proposal.id);
    }
  }

  /** Carry out a decision about a proposal, or about the one whose diff is in front. */
  async do(decision: Decision, id = this.inFront()): Promise<void> {
    const proposal = id === undefined ? undefined : this.kept.get(id);
    if (!proposal) {
      inform('Dola: no proposed edit is in front. Open it by “Dola: Review Proposed Edits”.');
      return;
    }
    await this.carryOut(proposal.id, { do: decision });
    if (decision === 'apply' && !this.kept.has(proposal.id)) {
      await vscode.window.showTextDocument(vscode.Uri.parse(proposal.uri), { preview: false });
    }
  }

  /** Apply or discard the part of a proposal that the cursor is at, and keep the others. */
  async doPart(decision: 'apply' | 'discard'): Promise<void> {
    const id = this.inFront();
    const editor = vscode.window.activeTextEditor;
    const hunks = id === undefined ? undefined : this.texts.get(id)?.hunks;
    const hunk = hunks && editor ? partAt(hunks, editor.selection.active.line, side(editor.document.uri)) : -1;
    if (id === undefined || hunk < 0) {
      inform('Dola: put the cursor on a change of a proposed edit.');
      return;
    }
    await this.carryOut(id, { do: decision, hunk });
  }

  private async carryOut(id: string, what: { do: Decision; hunk?: number }): Promise<void> {
    this.deciding.add(id);
    try {
      await this.decide({ proposal: id, ...what });
    } finally {
      this.deciding.delete(id);
    }
    if (this.kept.has(id)) {
      await this.reload(id);
    }
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    const texts = this.texts.get(idOf(uri));
    return (side(uri) === 'before' ? texts?.before : texts?.after) ?? '';
  }

  dispose(): void {
    clearTimeout(this.soon);
    this.disposables.forEach((disposable) => disposable.dispose());
  }

  private inFront(): string | undefined {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const shown = input instanceof vscode.TabInputTextDiff && input.modified.scheme === SCHEME;
    return shown ? idOf(input.modified) : undefined;
  }

  /** Ask the server for a proposal's texts as they are by now; tell whether it has them. */
  private async load(id: string): Promise<boolean> {
    const texts = (await this.decide({ proposal: id, do: 'text' })) as Texts | null | undefined;
    if (!texts) {
      return false;
    }
    this.texts.set(id, texts);
    return true;
  }

  private async reload(id: string): Promise<void> {
    const proposal = this.kept.get(id);
    if (proposal && (await this.load(id))) {
      this.changed.fire(uriOf(proposal, 'before'));
      this.changed.fire(uriOf(proposal, 'after'));
    }
  }

  /** The user has edited a document: show its proposals as they are carried over to it. */
  private refreshSoon(edited: vscode.Uri): void {
    const shown = [...this.texts.keys()].filter((id) => !this.deciding.has(id));
    const uris = shown.map((id) => vscode.Uri.parse(this.kept.get(id)?.uri ?? '').toString());
    if (uris.includes(edited.toString())) {
      clearTimeout(this.soon);
      this.soon = setTimeout(() => shown.forEach((id) => void this.reload(id)), TYPING_MS);
    }
  }
}

// /ID/SIDE/NAME, so that the name gives the language.
function uriOf(proposal: Proposed, which: Half): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, path: `/${proposal.id}/${which}/${nameOf(proposal)}` });
}

function nameOf(proposal: Proposed): string {
  const uri = vscode.Uri.parse(proposal.uri);
  const name = path.posix.basename(uri.path);
  if (uri.scheme !== 'vscode-notebook-cell') {
    return name;
  }
  // By its own name a cell would be shown as a notebook, which its text is not.
  const cell = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  return `${name}.${EXTENSIONS[cell?.languageId ?? ''] ?? 'txt'}`;
}

function idOf(uri: vscode.Uri): string {
  return uri.path.split('/')[1] ?? '';
}

function side(uri: vscode.Uri): Half {
  return uri.path.split('/')[2] === 'before' ? 'before' : 'after';
}

async function closeTabs(those: (modified: vscode.Uri) => boolean): Promise<void> {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const ours = tabs.filter(
    ({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.scheme === SCHEME && those(input.modified),
  );
  await vscode.window.tabGroups.close(ours);
}
