import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { StaticConfig, StaticIdentity } from '@heddle/api/static-config'
import manifest from '../../packages/proxy/package.json' with { type: 'json' }
import type { TlsFiles } from '../certificates.ts'
import { attach } from './heddle-attached.ts'
import type { Hop, Peer } from './peer.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
/** Makes the one file that the proxy is run from, as `heddle up` does, where its sources changed. */
const BUILD = join(REPOSITORY, 'packages/proxy/build.ts')
const BUNDLE = join(REPOSITORY, 'packages/proxy/dist/proxy.js')
const BUN = join(REPOSITORY, 'node_modules/.bin/bun')

/** This project's proxy, with everything at its default: detection, counters, balancing, log of failures. */
export const heddle: Peer = {
  name: 'heddle',
  find: () => (existsSync(BUN) ? BUN : undefined),
  prepare: (program) => void execFileSync(program, [BUILD], { stdio: ['ignore', 'ignore', 'inherit'] }),
  install: 'tools/setup.sh',
  isCompiledAsItRuns: true,
  version: () => manifest.version,
  launch: (program, hop) => ({
    files: { 'heddle.json': JSON.stringify(toConfig(hop), null, 2) },
    command: [program, BUNDLE, '--static', join(hop.directory, 'heddle.json')],
  }),
}

function toConfig(hop: Hop): StaticConfig {
  const { role, tls } = hop
  const address = `127.0.0.1:${hop.listenPort}`
  const admin = `127.0.0.1:${hop.adminPort}`
  const [app = '', ...others] = hop.upstreamPorts.map((port) => `127.0.0.1:${port}`)
  if (role === 'tls-server') {
    const listener = { kind: 'inbound', address, app, plain: 'refuse' } as const
    return { listeners: [listener], destinations: [], identity: toIdentity(tls.server), admin }
  }
  const isMeshed = role === 'tls-client'
  const endpoints = [app, ...others].map((next) => ({
    address: next,
    ...(isMeshed && { identity: tls.server.identity }),
  }))
  return {
    listeners: [{ kind: 'outbound', address, destination: 'next' }],
    destinations: hop.attached === undefined ? [{ name: 'next', endpoints }] : attach(endpoints, hop.attached),
    ...(isMeshed && { identity: toIdentity(tls.client) }),
    admin,
  }
}

function toIdentity(files: TlsFiles): StaticIdentity {
  return {
    id: files.identity,
    certificateFile: files.certificateFile,
    keyFile: files.keyFile,
    trustBundleFile: files.caFile,
  }
}
