import { CONTROL_ACCOUNT } from '@heddle/api/control-account'
import type { Command as CommanderCommand } from 'commander'

/** Flags of every command that say where the mesh is. */
export interface WorldFlags {
  /** A mesh on this host. */
  readonly mesh?: string
  /** File of clusters and credentials; `KUBECONFIG` or `~/.kube/config` unless stated. */
  readonly kubeconfig?: string
  /** One of its contexts; the current one unless stated. */
  readonly context?: string
  /** Whom to impersonate. */
  readonly as?: string
  readonly asGroup?: readonly string[]
  /** Namespace of the control plane. */
  readonly heddleNamespace: string
}

/** Adds the flags, spelled as kubectl spells them. */
export function addWorldFlags(program: CommanderCommand): void {
  program
    .option('--mesh <name>', 'mesh on this host to talk to, where several run')
    .option('--kubeconfig <file>', 'talk to a cluster: file with its address and credentials')
    .option('--context <name>', 'talk to a cluster: context of the kubeconfig')
    .option('--as <user>', 'on a cluster: impersonate this user')
    .option('--as-group <group>', 'on a cluster: impersonate this group; again for more', collect)
    .option('--heddle-namespace <name>', 'on a cluster: namespace of the control plane', CONTROL_ACCOUNT.namespace)
}

function collect(group: string, others: readonly string[] = []): readonly string[] {
  return [...others, group]
}

/** Whether a flag says that it is a cluster. */
export function isClusterChosen({ kubeconfig, context, as, asGroup }: WorldFlags): boolean {
  return [kubeconfig, context, as, asGroup].some((flag) => flag !== undefined)
}
