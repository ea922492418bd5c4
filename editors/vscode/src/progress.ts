// What is under way, as notifications with a Cancel button.
import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';

interface Shown {
  report(message: string | undefined, percentage: number | undefined): void;
  end(): void;
}

/** The server's progress. The language client by itself would show it in the status bar only. */
export class Progress {
  private readonly shown = new Map<string | number, Shown>();

  constructor(
    private readonly cancel: (token: string | number) => void,
    private readonly changed: () => void,
  ) {}

  /** How many actions are under way. */
  get count(): number {
    return this.shown.size;
  }

  readonly middleware: NonNullable<Middleware['handleWorkDoneProgress']> = (token, params, next) => {
    switch (params.kind) {
      case 'begin':
        this.begin(token, params.title);
        this.shown.get(token)?.report(params.message, params.percentage);
        break;
      case 'report':
        this.shown.get(token)?.report(params.message, params.percentage);
        break;
      case 'end':
        this.end(token);
        next(token, params); // or the client would remember the token for ever
    }
  };

  /** Take all notifications away: the server is gone. Tell how many there were. */
  endAll(): number {
    const tokens = [...this.shown.keys()];
    tokens.forEach((token) => this.end(token));
    return tokens.length;
  }

  private begin(token: string | number, title: string): void {
    let percent = 0;
    let ended = (): void => undefined;
    let say = (_: { message?: string; increment?: number }): void => undefined;
    const over = new Promise<void>((resolve) => (ended = resolve));
    this.shown.set(token, {
      report: (message, percentage) => {
        const increment = percentage === undefined ? undefined : Math.max(percentage - percent, 0);
        percent += increment ?? 0;
        say({ ...(message !== undefined && { message }), ...(increment !== undefined && { increment }) });
      },
      end: ended,
    });
    void vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      (progress, cancelled) => {
        say = (value) => progress.report(value);
        cancelled.onCancellationRequested(() => this.cancel(token));
        return over;
      },
    );
    this.changed();
  }

  private end(token: string | number): void {
    this.shown.get(token)?.end();
    if (this.shown.delete(token)) {
      this.changed();
    }
  }
}
