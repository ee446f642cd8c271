import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * The arguments of this process, read by `node:util`. A wrong one ends it with status 2, by one line that says what is wrong and the
 * usage; `--help` ends it with the usage alone.
 *
 * @param usage - `usage: node tools/x.ts [--all]`
 */
export function readOptions<const T extends ParseArgsConfig>(
  usage: string,
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage.trimEnd()}\n`)
    process.exit(0)
  }
  try {
    return parseArgs<T>(config)
  } catch (error) {
    // What follows is about names that begin with a dash, of which no tool has any.
    const [problem] = (error instanceof Error ? error.message : String(error)).split('. ')
    return endWithUsage(usage, problem!)
  }
}

/** The value of an option that is a whole number from 1 on. */
export function readCount(usage: string, name: string, text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 1) return count
  return endWithUsage(usage, `${name} ${text}: expected a whole number from 1`)
}

/** Ends this process as one that was called wrongly. */
export function endWithUsage(usage: string, problem: string): never {
  process.stderr.write(`error: ${problem}\n${usage.trimEnd()}\n`)
  process.exit(2)
}
