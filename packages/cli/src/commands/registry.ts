import type { Command } from '../command.ts'
import { check } from './check.ts'
import { completion } from './completion.ts'
import { demo } from './demo.ts'
import { edges } from './edges.ts'
import { endpoints } from './endpoints.ts'
import { identity } from './identity.ts'
import { proxy } from './proxy.ts'
import { run } from './run.ts'
import { stat } from './stat.ts'
import { token } from './token.ts'
import { up } from './up.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'

/** Every command, in the order of `heddle --help`. */
export const COMMANDS: readonly Command[] = [
  up,
  demo,
  run,
  check,
  stat,
  edges,
  endpoints,
  identity,
  validate,
  token,
  proxy,
  version,
  completion,
]
