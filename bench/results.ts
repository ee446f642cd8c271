import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ProxyName } from './scenarios.ts'

/** One line of `results/latest.json` and its like: medians over the rounds, memory after the last one, errors of all rounds. */
export interface ResultRow {
  readonly scenario: string
  readonly proxy: ProxyName
  readonly conns: number
  /** CPU time of all processes of the proxies that the request passed, both of them with two hops. */
  readonly cpu_us_per_request: number
  readonly rps: number
  readonly p50_us: number
  readonly p99_us: number
  readonly p999_us: number
  /** Of one hop, or of both together. */
  readonly rss_kb: number
  readonly private_kb: number
  readonly errors: number
}

/** Under which circumstances the rows were measured: `results/machine.json`. */
export interface MachineRecord {
  readonly measured_at: string
  readonly cpu: string
  readonly cpus: number
  readonly kernel: string
  readonly rounds: number
  readonly seconds: number
  readonly versions: Readonly<Record<string, string>>
}

/** One line of `results/memory.json`. */
export interface MemoryRow {
  readonly state: string
  readonly rss_kb: number
  readonly private_kb: number
}

const FOLDER = fileURLToPath(new URL('./results', import.meta.url))

/** Files of results beside the rows, by what they hold. */
export interface ResultFiles {
  readonly machine: MachineRecord
  readonly memory: readonly MemoryRow[]
}

/** Replaces a file of results; returns its path. */
export function writeResults<Name extends keyof ResultFiles>(name: Name, value: ResultFiles[Name]): string {
  return writeFile(name, value)
}

/** @throws when nothing was measured yet */
export function readResults<Name extends keyof ResultFiles>(name: Name): ResultFiles[Name] {
  return readFile(name) as ResultFiles[Name]
}

/** Replaces a file of rows, `latest` or one of another name; returns its path. */
export function writeRows(name: string, rows: readonly ResultRow[]): string {
  return writeFile(name, rows)
}

/** The rows of such a file; none when there is none. */
export function readRows(name: string): readonly ResultRow[] {
  return existsSync(join(FOLDER, `${name}.json`)) ? (readFile(name) as readonly ResultRow[]) : []
}

/** `rows` in the place of those of `others` that are about the same, or behind them. */
export function mergeRows(others: readonly ResultRow[], rows: readonly ResultRow[]): readonly ResultRow[] {
  const keyOf = ({ scenario, conns, proxy }: ResultRow) => `${scenario} ${conns} ${proxy}`
  const merged = new Map(others.map((row) => [keyOf(row), row]))
  for (const row of rows) merged.set(keyOf(row), row)
  return [...merged.values()]
}

function writeFile(name: string, value: unknown): string {
  mkdirSync(FOLDER, { recursive: true })
  const file = join(FOLDER, `${name}.json`)
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
  return file
}

function readFile(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'))
}
