import { ConfigError } from '@heddle/base/config-error'
import { parseDurationMs } from '@heddle/base/duration'
import { PROXY_UID } from '../inject/names.ts'
import { parseSubnets } from './parse-subnets.ts'
import { parsePortRanges } from './port-range.ts'
import type { SkipRules } from './redirect-rules.ts'

/** What the init program is to do. */
export type InitCommand =
  /** Put the rules in force. */
  | { readonly kind: 'redirect'; readonly proxyUid: number; readonly skip: SkipRules }
  /** See whether somebody else did. */
  | { readonly kind: 'check'; readonly skipSubnets: readonly string[] }
  /** Until the proxy can carry traffic. */
  | { readonly kind: 'await-ready'; readonly withinMs: number }
  /** Until the application needs the proxy no longer. */
  | { readonly kind: 'await-end'; readonly withinMs: number }

const FLAGS: Readonly<Record<InitCommand['kind'], readonly string[]>> = {
  redirect: ['proxy-uid', 'skip-inbound-ports', 'skip-outbound-ports', 'skip-subnets'],
  // Those that are not its own tell a node's agent what to redirect.
  check: ['proxy-uid', 'skip-inbound-ports', 'skip-outbound-ports', 'skip-subnets'],
  'await-ready': ['within'],
  'await-end': ['within'],
}

/** Reads `VERB --flag=value ...`. @throws {ConfigError} listing all that is wrong */
export function parseInitCommand(args: readonly string[]): InitCommand {
  const [verb = '', ...rest] = args
  const known = Object.hasOwn(FLAGS, verb) ? FLAGS[verb as InitCommand['kind']] : undefined
  if (known === undefined) throw new ConfigError([`expected one of ${Object.keys(FLAGS).join(', ')}, got "${verb}"`])
  const flags = new Flags(rest, known)
  const command = toCommand(verb as InitCommand['kind'], flags)
  flags.check()
  return command
}

function toCommand(verb: InitCommand['kind'], flags: Flags): InitCommand {
  switch (verb) {
    case 'redirect': {
      const skip = {
        inboundPorts: flags.read('skip-inbound-ports', '', parsePortRanges) ?? [],
        outboundPorts: flags.read('skip-outbound-ports', '', parsePortRanges) ?? [],
        subnets: flags.read('skip-subnets', '', parseSubnets) ?? [],
      }
      return { kind: verb, proxyUid: flags.read('proxy-uid', String(PROXY_UID), parseUid) ?? 0, skip }
    }
    case 'check':
      return { kind: verb, skipSubnets: flags.read('skip-subnets', '', parseSubnets) ?? [] }
    case 'await-ready':
    case 'await-end':
      return { kind: verb, withinMs: flags.read('within', '30s', parseWithin) ?? 0 }
  }
}

class Flags {
  readonly #values = new Map<string, string>()
  readonly #problems: string[] = []

  constructor(args: readonly string[], known: readonly string[]) {
    for (const argument of args) {
      const match = /^--([a-z-]+)=(.*)$/.exec(argument)
      if (match === null || !known.includes(match[1]!)) {
        this.#problems.push(`${argument}: expected ${known.map((name) => `--${name}=VALUE`).join(' or ')}`)
      } else this.#values.set(match[1]!, match[2]!)
    }
  }

  /** @returns `undefined` when the value is wrong, which {@link check} tells */
  read<T>(name: string, fallback: string, parse: (text: string) => T): T | undefined {
    const text = this.#values.get(name) ?? fallback
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.#problems.push(`--${name}=${text}: ${error.message}`)
      return undefined
    }
  }

  check(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems, 'wrong arguments')
  }
}

function parseUid(text: string): number {
  const uid = Number(text)
  if (!/^\d{1,10}$/.test(text) || uid < 1) throw new RangeError('expected a user id above 0')
  return uid
}

function parseWithin(text: string): number {
  const withinMs = parseDurationMs(text)
  if (withinMs === undefined) throw new RangeError('expected a duration like 30s')
  return withinMs
}
