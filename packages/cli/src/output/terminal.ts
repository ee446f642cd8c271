import type { Writable } from 'node:stream'
import { type Style, styleFor } from './style.ts'

/** Where a command writes: results to stdout, everything for people (progress, warnings, errors) to stderr. */
export interface Terminal {
  /** Results, on stdout, with their own line ends. */
  write(text: string): void
  /** One line for people, on stderr. */
  note(line: string): void
  /** Whether stdout is a terminal that can be redrawn. */
  readonly isInteractive: boolean
  /** Width of the terminal in columns; 80 where unknown. */
  readonly columns: number
  readonly rows: number
  /** Colours of stdout, which do nothing off a terminal and with NO_COLOR. */
  readonly style: Style
  /** Colours of stderr. */
  readonly noteStyle: Style
}

/** A stream that may be a terminal. */
export interface TerminalStream extends Pick<Writable, 'write'> {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

type Env = Readonly<Record<string, string | undefined>>

/** The terminal of two streams, usually the process' own. */
export function createTerminal(stdout: TerminalStream, stderr: TerminalStream, env: Env): Terminal {
  return {
    write: (text) => void stdout.write(text),
    note: (line) => void stderr.write(`${line}\n`),
    isInteractive: stdout.isTTY === true && env.TERM !== 'dumb',
    get columns() {
      return stdout.columns ?? 80
    },
    get rows() {
      return stdout.rows ?? 24
    },
    style: styleFor(stdout.isTTY === true, env),
    noteStyle: styleFor(stderr.isTTY === true, env),
  }
}
