import { parseArgs } from 'node:util'
import { parseDurationMs } from '@heddle/base/duration'
import { fuzzOnce } from './run-fuzz.ts'

const USAGE = 'usage: node packages/http/fuzz/main.ts [--for 30s | --count N] [--seed N]\n'

/** Runs mutants until the time or the count is used up, or one fails; its seed alone runs it again with --count 1. */
function main(): number {
  const { values } = parseArgs({
    options: { for: { type: 'string' }, count: { type: 'string' }, seed: { type: 'string', default: '1' } },
  })
  const durationMs = parseDurationMs(values.for ?? (values.count === undefined ? '30s' : '24h'))
  const count = Number(values.count ?? Number.MAX_SAFE_INTEGER)
  const firstSeed = Number(values.seed)
  if (durationMs === undefined || !Number.isSafeInteger(count) || !Number.isSafeInteger(firstSeed)) {
    process.stderr.write(USAGE)
    return 2
  }
  const endMs = performance.now() + durationMs
  let done = 0
  for (; done < count && performance.now() < endMs; done++) {
    const failure = fuzzOnce(firstSeed + done)
    if (failure === undefined) continue
    const { seed, role, method, octets, error } = failure
    process.stderr.write(`seed ${seed}, ${role} ${method}: ${JSON.stringify(octets)}\n`)
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return 1
  }
  process.stdout.write(`${done} mutants from seed ${firstSeed}: all well\n`)
  return 0
}

process.exitCode = main()
