import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from './until.ts'

const GONE_MS = 5_000

interface RunNames {
  readonly bridges?: readonly string[]
  readonly namespaces?: readonly { readonly name: string }[]
  readonly folders?: readonly string[]
}

/**
 * What one mesh leaves on the machine. Other meshes may come and go beside it, so only its own things count: processes by
 * a mark in their environment, all else by the names that `heddle up` has recorded while it ran.
 */
export class Traces {
  /** To be given to `heddle`, from which everything inherits it. */
  readonly env: Readonly<Record<string, string>> = { E2E_MARK: randomBytes(8).toString('hex') }
  readonly #names = new Set<string>()
  readonly #folders = new Set<string>()

  /** Remembers what the mesh has made so far. */
  remember(home: string): void {
    for (const mesh of entriesOf(join(home, 'meshes'))) {
      const file = join(home, 'meshes', mesh, 'run.json')
      if (!existsSync(file)) continue
      const run = JSON.parse(readFileSync(file, 'utf8')) as RunNames
      for (const bridge of run.bridges ?? []) this.#names.add(bridge)
      for (const { name } of run.namespaces ?? []) this.#names.add(name)
      for (const folder of run.folders ?? []) this.#folders.add(folder)
    }
  }

  /** Whether {@link remember} found anything, so that {@link expectGone} means something. */
  get hasNames(): boolean {
    return this.#names.size + this.#folders.size > 0
  }

  /** Nothing is left, at most a moment after the end: what was killed takes that long to be gone. */
  async expectGone(): Promise<void> {
    await until('nothing is left', () => this.#list().length === 0, GONE_MS).catch(() => undefined)
    expect(this.#list()).toEqual([])
  }

  /** What is there now, one line each. */
  #list(): readonly string[] {
    const lines = [
      ...output('ip', ['netns', 'list']),
      ...output('ip', ['-o', 'link', 'show']),
      ...output('iptables-save', []),
      ...output('ip6tables-save', []),
      ...entriesOf('/etc/netns').map((name) => `/etc/netns/${name}`),
    ]
    const named = lines.filter((line) => [...this.#names].some((name) => line.includes(name)))
    return [...named, ...[...this.#folders].filter(existsSync), ...this.#processes()]
  }

  #processes(): readonly string[] {
    const mark = `E2E_MARK=${this.env.E2E_MARK}`
    return entriesOf('/proc')
      .filter((name) => /^\d+$/.test(name) && readProc(name, 'environ').includes(mark))
      .map((pid) => `process ${pid}: ${readProc(pid, 'cmdline').slice(0, 160)}`)
  }
}

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

function entriesOf(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : []
}

function output(program: string, args: readonly string[]): readonly string[] {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
  } catch {
    return []
  }
}
