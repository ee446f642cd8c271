import { createRequire } from 'node:module'
import { isBun } from './runtime.ts'

/** Calls getsockopt(2): fills `value` and returns 0, or -1. */
export type Getsockopt = (option: SocketOption, value: Uint8Array) => number

export interface SocketOption {
  readonly fd: number
  readonly level: number
  readonly name: number
}

let loaded: Getsockopt | undefined

/**
 * The system's getsockopt(2), which neither runtime offers. Loaded at the first call: a proxy without transparent listeners
 * pays nothing for it.
 *
 * @throws {Error} where there is no such library, as on a system other than Linux
 */
export function loadGetsockopt(): Getsockopt {
  loaded ??= isBun ? loadWithBun() : loadWithKoffi()
  return loaded
}

type NativeGetsockopt = (
  ...values: readonly [fd: number, level: number, name: number, value: unknown, length: unknown]
) => number

interface BunFfi {
  dlopen(path: string, symbols: object): { symbols: { getsockopt: NativeGetsockopt } }
  ptr(bytes: Uint8Array): unknown
}

function loadWithBun(): Getsockopt {
  const require = createRequire(import.meta.url)
  const { dlopen, ptr } = require('bun:ffi') as BunFfi
  const signature = { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' }
  const { getsockopt } = dlopen('libc.so.6', { getsockopt: signature }).symbols
  const length = new Uint32Array(1)
  const lengthBytes = new Uint8Array(length.buffer)
  return ({ fd, level, name }, value) => {
    length[0] = value.length
    return getsockopt(fd, level, name, ptr(value), ptr(lengthBytes))
  }
}

interface Koffi {
  load(path: string): { func(prototype: string): NativeGetsockopt }
}

function loadWithKoffi(): Getsockopt {
  const require = createRequire(import.meta.url)
  const koffi = require('koffi') as Koffi
  const getsockopt = koffi
    .load('libc.so.6')
    .func('int getsockopt(int fd, int level, int name, void *value, uint32_t *length)')
  const length = new Uint32Array(1)
  return ({ fd, level, name }, value) => {
    length[0] = value.length
    return getsockopt(fd, level, name, value, length)
  }
}
