/** What the user gets instead of a stack trace: one line that says what is wrong, and what to do about it. */
export class CliError extends Error {
  override readonly name: string = 'CliError'
  /** What to try, one sentence each; printed below the message. */
  readonly hints: readonly string[]
  readonly exitStatus: number

  constructor(message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.hints = options.hints ?? []
    this.exitStatus = options.exitStatus ?? 1
  }
}

export interface CliErrorOptions {
  readonly hints?: readonly string[]
  /** 1 unless stated. */
  readonly exitStatus?: number
  readonly cause?: unknown
}
