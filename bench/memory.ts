import { messageOf } from '@heddle/base/message-of'
import { endWithUsage } from '../tools/read-options.ts'
import { type Lab, openLab } from './memory/lab.ts'
import { MEMORY_USAGE, type MemoryOptions, parseMemoryOptions } from './memory/options.ts'
import { MEASURE } from './memory/parts.ts'
import { type MemoryRow, writeResults } from './results.ts'
import { formatMemory } from './table.ts'

/** Memory of Heddle's proxy: idle, after load, with idle connections, with long calls. */
async function main(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(MEMORY_USAGE)
  const options = readOptions(args)
  await using lab = await openLab(signal)
  const rows = await measure(lab, options)
  process.stdout.write(`\n${formatMemory(rows)}\n${writeResults('memory', rows)}\n`)
}

function readOptions(args: readonly string[]): MemoryOptions {
  try {
    return parseMemoryOptions(args)
  } catch (error) {
    return endWithUsage(MEMORY_USAGE, messageOf(error))
  }
}

async function measure(lab: Lab, options: MemoryOptions): Promise<readonly MemoryRow[]> {
  const rows: MemoryRow[] = []
  for (const part of options.parts) rows.push(...(await MEASURE[part](lab, options)))
  return rows
}

try {
  const interruption = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  await main(process.argv.slice(2), interruption.signal)
} catch (error) {
  process.stderr.write(`error: ${messageOf(error)}\n`)
  process.exitCode = 1
}
