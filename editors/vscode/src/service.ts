// The server's life: started, watched, started again, stopped.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import {
  CloseAction,
  type ErrorHandler,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  ShowMessageNotification,
  State as ClientState,
  TransportKind,
  WorkDoneProgressCancelNotification,
} from 'vscode-languageclient/node';
import { execute } from './commands';
import { showDocument } from './explanation';
import type { Keys } from './keys';
import { Messages } from './messages';
import { Progress } from './progress';
import { CONSENT, consentNow, NoServer, provide, type Consent } from './provision';
import { isReceipt, Session } from './receipts';
import { Review, type Proposed } from './review';
import { keyVariables } from './services';
import { environment, forServer } from './settings';
import { RESTRICTED, StatusBar, type State } from './statusBar';
import { warn } from './tell';

const settings = () => vscode.workspace.getConfiguration('dola');

const never: Consent = () => Promise.resolve(false);

/** A server that ends more often than this in as many minutes is not started again. */
const CRASHES = 3;
const MINUTES = 3;

export class Service implements vscode.Disposable {
  readonly review: Review;
  private readonly messages: Messages;
  private readonly progress: Progress;
  private readonly session = new Session();
  private readonly bar = new StatusBar();
  private client: LanguageClient | undefined;
  private command = '';
  private state: State = { is: 'waiting' };
  /** Starts and stops, one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly keys: Keys,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.review = new Review(
      (arguments_) => this.run('dola.review', arguments_),
      () => settings().get('apply', 'review') === 'review',
    );
    this.messages = new Messages(this.review);
    this.progress = new Progress(
      (token) => void this.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token }),
      () => this.show(),
    );
    this.show();
  }

  /** Whether a server was ever wanted. */
  get wasStarted(): boolean {
    return this.state.is !== 'waiting';
  }

  /** Start the server if it does not run, and return it; undefined where the user was told why not. */
  async ready(): Promise<LanguageClient | undefined> {
    if (!vscode.workspace.isTrusted) {
      const manage = 'Manage Workspace Trust';
      void vscode.window
        .showWarningMessage(`Dola: ${RESTRICTED} Trust the folder to use Dola in it.`, manage)
        .then((answer) => answer && vscode.commands.executeCommand('workbench.trust.manage'));
      return undefined;
    }
    await this.start(true);
    return this.client?.isRunning() ? this.client : undefined;
  }

  /**
   * Start the server if it does not run. Never throws: what is wrong is said and shown.
   * `asked` tells that the user waits for it.
   */
  start(asked = false): Promise<void> {
    return this.inTurn(async () => {
      if (this.client && !this.client.needsStart()) {
        await this.client.start(); // it runs, or is being started again after its end
      } else {
        await this.startNow(asked ? consentNow : () => this.offer());
      }
    });
  }

  /** Stop the server, and start whichever is found by now. */
  restart(asked = false): Promise<void> {
    return this.inTurn(() => this.startNow(asked ? consentNow : () => this.offer()));
  }

  /** Start another server if another one is found by now: the user selected another interpreter. */
  lookAgain(): Promise<void> {
    return this.inTurn(async () => {
      if (this.state.is === 'ready') {
        const server = await provide(this.context, this.log, never);
        if (server.command !== this.command) {
          await this.startNow(never);
        }
      }
    });
  }

  stop(): Promise<void> {
    return this.inTurn(() => this.stopNow());
  }

  /** Run a command of the server that works on nothing in particular. */
  async run(command: string, argument?: object): Promise<unknown> {
    const client = await this.ready();
    return client && execute(client, command, argument);
  }

  dispose(): void {
    this.bar.dispose();
    this.review.dispose();
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(work).catch((error: unknown) => this.log.error(String(error)));
    return this.turn;
  }

  /** Offer an installation that the user did not ask for, and do not wait for the answer. */
  private offer(): Promise<boolean> {
    void vscode.window.showInformationMessage(CONSENT, 'Install', 'Not Now').then((answer) => {
      if (answer === 'Install') {
        void this.inTurn(() => this.startNow(() => Promise.resolve(true)));
      }
    });
    return never();
  }

  private async startNow(consent: Consent): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      this.set({ is: 'restricted' });
      return;
    }
    await this.stopNow();
    this.set({ is: 'starting' });
    try {
      const server = await provide(this.context, this.log, consent);
      this.log.info(`starting dola-ls ${server.version} ${server.from}: ${[server.command, ...server.args].join(' ')}`);
      const variables = {
        ...process.env, // what is given here is all that the server gets
        ...environment(settings()),
        ...keyVariables(settings(), await this.keys.stored()),
      };
      let giveUp = (_: NoServer): void => undefined;
      const ended = new Promise<never>((_, reject) => (giveUp = reject));
      const client = new LanguageClient(
        'dola',
        'Dola',
        {
          command: server.command,
          args: server.args,
          transport: TransportKind.stdio,
          // Not the folder that is open: programs look for things where they are started.
          options: { env: variables, cwd: homedir() },
        },
        this.options(giveUp),
      );
      this.watch(client, `dola-ls ${server.version} ${server.from}`);
      this.client = client;
      this.command = server.command;
      // A server that ends before it answers leaves the client waiting for ever.
      await Promise.race([client.start(), ended]);
    } catch (error) {
      this.failed(error);
    }
  }

  private failed(error: unknown): void {
    if (error instanceof NoServer) {
      this.set({ is: error.chosen ? 'missing' : 'failed', why: error.message });
      if (error.chosen) {
        return;
      }
    } else {
      this.log.error(error instanceof Error ? error : String(error));
      this.set({ is: 'failed', why: 'The server did not start. “Dola: Show Logs” says more.' });
    }
    const why = this.state.is === 'failed' ? this.state.why : '';
    void vscode.window.showErrorMessage(`Dola: ${why}`, 'Show Logs', 'Restart').then((answer) => {
      if (answer === 'Show Logs') {
        this.log.show();
      } else if (answer === 'Restart') {
        void this.restart(true);
      }
    });
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) {
      try {
        await client.dispose();
      } catch (error) {
        this.log.warn(String(error)); // it was not running, or did not answer
      }
    }
    this.forgetAll();
    this.set({ is: 'stopped' });
  }

  /** Take away what the server had shown; tell how many actions were under way. */
  private forgetAll(): number {
    this.messages.forget();
    this.review.settleAll();
    return this.progress.endAll();
  }

  private options(giveUp: (why: NoServer) => void): LanguageClientOptions {
    return {
      // Any language: what has no grammar of its own is worked on by paragraphs.
      documentSelector: [{ scheme: 'file' }, { scheme: 'untitled' }, { notebook: 'jupyter-notebook' }],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: forServer(settings()),
      initializationFailedHandler: () => false, // `failed` tells the user
      errorHandler: this.errorHandler(giveUp),
      middleware: {
        handleWorkDoneProgress: this.progress.middleware,
        window: { showDocument },
        workspace: {
          configuration: (params) =>
            params.items.map(({ section }) => (section === 'dola' ? forServer(settings()) : null)),
        },
      },
    };
  }

  private watch(client: LanguageClient, name: string): void {
    client.registerFeature({
      fillClientCapabilities: (capabilities) => {
        capabilities.experimental = { ...(capabilities.experimental as object), dolaReview: true };
      },
      initialize: () => undefined,
      getState: () => ({ kind: 'static' }),
      clear: () => undefined,
    });
    client.onDidChangeState(({ newState }) => {
      if (client === this.client && newState === ClientState.Running) {
        this.set({ is: 'ready', server: name });
      }
    });
    client.onTelemetry((event: unknown) => {
      if (isReceipt(event)) {
        this.session.add(event);
        this.messages.ended(event);
        this.show();
      }
    });
    // In place of the client's own handler, which knows no buttons.
    client.onNotification(ShowMessageNotification.type, (params) => this.messages.show(params));
    client.onNotification('dola/proposed', (proposal: Proposed) => {
      const how = this.review.proposed(proposal);
      if (how !== 'changed') {
        this.messages.proposed(proposal, how === 'opened');
      }
    });
    client.onNotification('dola/settled', ({ id }: { id: string }) => {
      this.review.settled(id);
      this.messages.settled(id);
    });
  }

  private errorHandler(giveUp: (why: NoServer) => void): ErrorHandler {
    const ends: number[] = [];
    return {
      error: (_error, _message, count) => ({
        action: (count ?? 0) <= CRASHES ? ErrorAction.Continue : ErrorAction.Shutdown,
      }),
      closed: () => {
        const lost = this.forgetAll();
        if (this.state.is === 'starting' && ends.length === 0) {
          giveUp(new NoServer('The server ended while it was starting. “Dola: Show Logs” says more.'));
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        ends.push(Date.now());
        const recent = ends.filter((time) => Date.now() - time < MINUTES * 60_000);
        if (recent.length > CRASHES) {
          this.failed(
            new NoServer(
              `The server ended ${recent.length} times in ${MINUTES} minutes and is not started again. “Dola: Show Logs” ` +
                'says more; “Dola: Restart Server” tries once more.',
            ),
          );
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        this.set({ is: 'starting' });
        const what = lost > 0 ? ' What was under way is lost, and nothing was changed. Run the action again.' : '';
        warn(`Dola: the server ended and is started again.${what}`);
        return { action: CloseAction.Restart, handled: true };
      },
    };
  }

  private set(state: State): void {
    this.state = state;
    void vscode.commands.executeCommand('setContext', 'dola.ready', state.is === 'ready');
    this.show();
  }

  private show(): void {
    const { cost, summary } = this.session;
    void vscode.commands.executeCommand('setContext', 'dola.working', this.progress.count > 0);
    this.bar.show(this.state, { underWay: this.progress.count, cost, summary });
  }
}
