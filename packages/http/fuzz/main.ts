import { parseDurationMs } from '@heddle/base/duration'
import { endWithUsage, readCount, readOptions } from '../../../tools/read-options.ts'
import { fuzzOnce, TARGETS, type Target, targetOf } from './run-fuzz.ts'

const USAGE = 'usage: node packages/http/fuzz/main.ts [--for 30s | --count N] [--seed N] [--target h1|h2|hpack]'

/**
 * Runs mutants until the time or the count of seeds is used up, or one fails; its seed alone runs it again with --count 1. With a
 * target, the seeds of others are passed over.
 */
function main(): number {
  const { values } = readOptions(USAGE, {
    options: {
      ...{ for: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string', default: '1' } },
      target: { type: 'string' },
    },
  })
  const durationMs = parseDurationMs(values.for ?? (values.count === undefined ? '30s' : '24h'))
  const count = values.count === undefined ? Number.MAX_SAFE_INTEGER : readCount(USAGE, '--count', values.count)
  const firstSeed = readCount(USAGE, '--seed', values.seed)
  const { target } = values
  if (durationMs === undefined) endWithUsage(USAGE, `--for ${values.for}: expected a duration like 30s`)
  if (!isTarget(target)) endWithUsage(USAGE, `--target ${target}: expected one of ${TARGETS.join(', ')}`)
  const endMs = performance.now() + durationMs
  let done = 0
  for (let at = 0; at < count && performance.now() < endMs; at++) {
    if (target !== undefined && targetOf(firstSeed + at) !== target) continue
    done += 1
    const failure = fuzzOnce(firstSeed + at)
    if (failure === undefined) continue
    const { seed, role, method, octets, error } = failure
    process.stderr.write(`seed ${seed}, ${role} ${method}: ${JSON.stringify(octets)}\n`)
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return 1
  }
  process.stdout.write(`${done} mutants from seed ${firstSeed}: all well\n`)
  return 0
}

function isTarget(word: string | undefined): word is Target | undefined {
  return word === undefined || (TARGETS as readonly string[]).includes(word)
}

process.exitCode = main()
