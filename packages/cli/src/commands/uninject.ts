import type { Command } from '../command.ts'
import { addEditOptions, type EditFlags, runEdit } from './inject/run-edit.ts'

/** `heddle uninject`: takes out what `heddle inject` put in. */
export const uninject: Command = {
  register(program, deps) {
    const command = program
      .command('uninject')
      .description('Print manifests without what "heddle inject" put in, for "kubectl apply -f -".')
    addEditOptions(command)
      .addHelpText('after', '\n  kubectl get deploy -n shop -o yaml | heddle uninject - | kubectl apply -f -')
      .action(async (names: string[], options: EditFlags) => {
        const { uninjectWorkload } = await import('@heddle/kube/inject/annotate')
        await runEdit(names, { ...options, edit: { done: 'uninjected', change: uninjectWorkload } }, deps)
      })
  },
}
