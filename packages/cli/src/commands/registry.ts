import type { Command } from '../command.ts'
import { apply } from './apply.ts'
import { check } from './check.ts'
import { completion } from './completion.ts'
import { deleteObjects } from './delete.ts'
import { demo } from './demo.ts'
import { diff } from './diff.ts'
import { edges } from './edges.ts'
import { endpoints } from './endpoints.ts'
import { get } from './get.ts'
import { identity } from './identity.ts'
import { inject } from './inject.ts'
import { install } from './install.ts'
import { installNodeAgent } from './install-node-agent.ts'
import { plan } from './plan.ts'
import { proxy } from './proxy.ts'
import { prune } from './prune.ts'
import { rollout } from './rollout.ts'
import { root } from './root.ts'
import { run } from './run.ts'
import { stat } from './stat.ts'
import { token } from './token.ts'
import { uninject } from './uninject.ts'
import { uninstall } from './uninstall.ts'
import { up } from './up.ts'
import { upgrade } from './upgrade.ts'
import { validate } from './validate.ts'
import { version } from './version.ts'
import { why } from './why.ts'

/** Every command, in the order of `heddle --help`. */
export const COMMANDS: readonly Command[] = [
  up,
  demo,
  run,
  install,
  installNodeAgent,
  upgrade,
  uninstall,
  prune,
  inject,
  uninject,
  check,
  stat,
  edges,
  endpoints,
  identity,
  get,
  apply,
  deleteObjects,
  diff,
  plan,
  why,
  rollout,
  validate,
  token,
  root,
  proxy,
  version,
  completion,
]
