// What the actions of this window took, added up from the server's receipts.

/** The fields of the server's `telemetry/event` that are used here. */
export interface Receipt {
  type: 'dola.receipt';
  outcome: string;
  rule: string | null;
  model: string;
  promptTokens: number | null;
  completionTokens: number | null;
  costUsd: number | null;
}

export function isReceipt(event: unknown): event is Receipt {
  return typeof event === 'object' && event !== null && (event as Receipt).type === 'dola.receipt';
}

/** The sum over some receipts. */
export class Session {
  private answers = 0;
  private priced = 0;
  private usd = 0;
  private tokensIn = 0;
  private tokensOut = 0;

  add(receipt: Receipt): void {
    if (!receipt.model) {
      return; // no model was asked
    }
    this.answers += 1;
    this.tokensIn += receipt.promptTokens ?? 0;
    this.tokensOut += receipt.completionTokens ?? 0;
    if (receipt.costUsd !== null) {
      this.priced += 1;
      this.usd += receipt.costUsd;
    }
  }

  /** What the session cost, short; empty where no price was told. */
  get cost(): string {
    return this.priced > 0 ? dollars(this.usd) : '';
  }

  /** All that is known, in a sentence. */
  get summary(): string {
    if (this.answers === 0) {
      return 'No answer yet in this session.';
    }
    const answers = `${this.answers} ${this.answers === 1 ? 'answer' : 'answers'}`;
    const words = [`This session: ${answers}`, `${this.tokensIn} tokens in`, `${this.tokensOut} out`];
    if (this.priced > 0) {
      const some = this.priced < this.answers ? ` for ${this.priced} of them` : '';
      words.push(dollars(this.usd) + some);
    }
    return `${words.join(', ')}.`;
  }
}

/** Return a sum of money with as many digits as mean something. */
export function dollars(usd: number): string {
  return `$${usd.toFixed(usd >= 1 ? 2 : usd >= 0.01 ? 3 : usd > 0 ? 5 : 2)}`;
}
