import type { Latin1Buffer } from '../../octets.ts'

/** Where an encoder writes; the output of a session is one. */
export interface OctetSink {
  /** Written to at `position`; another buffer after `ensure` perhaps. */
  readonly bytes: Latin1Buffer
  /** Where the next octet goes. The writer moves it on. */
  position: number
  /** Makes room for `count` octets from `position` on. May move what was written before, together with `position`. */
  ensure(count: number): void
}
