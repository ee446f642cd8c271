import { parseArgs } from 'node:util'
import { ConfigError } from '@heddle/base/config-error'
import { formatDurationMs, parseDurationMs } from '@heddle/base/duration'
import { type HostPort, isLoopback, parseIpPort } from '@heddle/base/host-port'
import { isTrustDomain } from '@heddle/identity/spiffe-id'

/** Limits of a flag that is a duration. */
export interface DurationLimits {
  readonly fallbackMs: number
  readonly minMs: number
  readonly maxMs: number
}

/** Reads typed flags and remembers what was wrong. */
export class FlagReader {
  readonly #given = new Map<string, (string | undefined)[]>()
  readonly #asked = new Set<string>()
  readonly #problems: string[] = []

  constructor(args: readonly string[]) {
    const { tokens } = parseArgs({ args: joinValues(args), strict: false, allowPositionals: true, tokens: true })
    for (const token of tokens) {
      if (token.kind === 'positional') this.#problems.push(`${token.value}: not a flag`)
      if (token.kind === 'option') this.#given.set(token.name, [...(this.#given.get(token.name) ?? []), token.value])
    }
  }

  /** @param meaning - what is expected, for who left it out */
  requiredText(name: string, meaning: string): string {
    const value = this.#one(name)
    if (value === undefined || value === '') this.#problems.push(`--${name}: missing: expected ${meaning}`)
    return value ?? ''
  }

  text(name: string): string | undefined {
    const value = this.#one(name)
    if (value === '') this.#problems.push(`--${name}: needs a value`)
    return value
  }

  /** A name as Kubernetes spells namespaces. */
  label(name: string, fallback: string): string {
    const value = this.#one(name) ?? fallback
    const isLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value)
    if (!isLabel) this.#problems.push(`--${name}=${value}: expected lower-case letters, digits and "-"`)
    return value
  }

  /** A flag that makes no sense here. @param why - in few words */
  excluded(name: string, why: string): '' {
    this.#asked.add(name)
    if (this.#given.has(name)) this.#problems.push(`--${name}: ${why}`)
    return ''
  }

  hostPort(name: string): HostPort | undefined {
    const value = this.#one(name)
    return value === undefined ? undefined : this.#hostPort(name, value)
  }

  /** May be given more than once; `fallback` when it is not. */
  hostPorts(name: string, fallback: HostPort): readonly HostPort[] {
    const values = this.#all(name)
    if (values.length === 0) return [fallback]
    return values.map((value) => this.#hostPort(name, value) ?? fallback)
  }

  /** `PORT` or `IP:PORT` of the loopback. */
  loopback(name: string): HostPort | undefined {
    const value = this.#one(name)
    if (value === undefined) return undefined
    const address = this.#hostPort(name, /^\d+$/.test(value) ? `127.0.0.1:${value}` : value)
    if (address !== undefined && !isLoopback(address.host)) {
      this.#problems.push(`--${name}=${value}: expected an address of the loopback, since it asks for no credentials`)
    }
    return address
  }

  trustDomain(name: string, fallback: string): string {
    const value = this.#one(name) ?? fallback
    if (!isTrustDomain(value)) this.#problems.push(`--${name}=${value}: expected a name like heddle.local`)
    return value
  }

  durationMs(name: string, limits: DurationLimits): number {
    const value = this.#one(name)
    if (value === undefined) return limits.fallbackMs
    const durationMs = parseDurationMs(value)
    if (durationMs !== undefined && durationMs >= limits.minMs && durationMs <= limits.maxMs) return durationMs
    const range = `${formatDurationMs(limits.minMs)} to ${formatDurationMs(limits.maxMs)}`
    this.#problems.push(`--${name}=${value}: expected a duration from ${range}`)
    return limits.fallbackMs
  }

  oneOf<T extends string>(name: string, fallback: T, choices: readonly T[]): T {
    const value = this.#one(name)
    if (value === undefined) return fallback
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.#problems.push(`--${name}=${value}: expected one of ${choices.join(', ')}`)
    return found ?? fallback
  }

  /** A flag without value. */
  isSet(name: string): boolean {
    this.#asked.add(name)
    const values = this.#given.get(name) ?? []
    for (const value of values) {
      if (value !== undefined) this.#problems.push(`--${name}=${value}: takes no value`)
    }
    return values.length > 0
  }

  /** @throws {ConfigError} if any flag was wrong or unknown */
  check(): void {
    for (const name of this.#given.keys()) {
      if (!this.#asked.has(name)) this.#problems.push(`--${name}: unknown flag`)
    }
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }

  #one(name: string): string | undefined {
    const values = this.#all(name)
    if (values.length > 1) this.#problems.push(`--${name}: given more than once`)
    return values[0]
  }

  #all(name: string): string[] {
    this.#asked.add(name)
    const values = this.#given.get(name) ?? []
    if (values.includes(undefined)) this.#problems.push(`--${name}: needs a value`)
    return values.filter((value) => value !== undefined)
  }

  #hostPort(name: string, value: string): HostPort | undefined {
    try {
      return parseIpPort(value)
    } catch {
      this.#problems.push(`--${name}=${value}: expected IP:PORT, for example 127.0.0.1:15010 or [::1]:0`)
      return undefined
    }
  }
}

/**
 * Makes `--name value` into `--name=value`: parseArgs can only tell a value from a positional where it knows the flags,
 * and then it stops at the first that it does not know.
 */
function joinValues(args: readonly string[]): string[] {
  const joined: string[] = []
  for (const arg of args) {
    const last = joined.at(-1)
    const isValue = !arg.startsWith('-') && last?.startsWith('--') === true && !last.includes('=')
    if (isValue) joined[joined.length - 1] = `${last}=${arg}`
    if (!isValue) joined.push(arg)
  }
  return joined
}
