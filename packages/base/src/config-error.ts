/** Every problem found in what a program was configured by, so that one start shows them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  /** @param title - what is wrong, without a colon */
  constructor(problems: readonly string[], title = 'invalid configuration') {
    super(`${title}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}
