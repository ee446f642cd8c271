import { readFileSync } from 'node:fs'
import { systemClock } from '@heddle/base/clock'
import { ConfigError } from '@heddle/base/config-error'
import { parseInitCommand } from './init-command.ts'
import { runInit } from './run-init.ts'
import { runProgram } from './run-program.ts'

/** The init program in the image of the proxy: `init.js redirect|check|await-ready|await-end --flag=value ...`. */
async function main(args: readonly string[]): Promise<number> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  try {
    const command = parseInitCommand(args)
    return await runInit(command, { run: runProgram, readFile, uid: process.getuid?.() ?? 0, clock: systemClock, say })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    say(`error: ${error.message}`)
    return 2
  }
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

process.exit(await main(process.argv.slice(2)))
