import { Option } from 'commander'
import { readDurationMs } from '../resource-options.ts'

/** Options of the commands that change objects. */

/** `--dry-run` */
export const dryRunOption = (): Option =>
  new Option('--dry-run', 'check and show what would be done, and change nothing')

/** `--wait` */
export const waitOption = (): Option =>
  new Option('--wait', 'wait until every proxy concerned has applied it, and name those that have not')

/** `--timeout DURATION`, in ms */
export const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'how long --wait waits').argParser(readDurationMs).default(30_000, '30s')
