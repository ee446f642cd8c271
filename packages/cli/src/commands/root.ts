import { RootAction, type RootStatus, RootStep, type TrustedRoot } from '@heddle/api/admin'
import type { Command as CommanderCommand } from 'commander'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import { type Column, formatTable } from '../output/table.ts'
import { formatRemaining, toIsoTime } from './certificate-life.ts'
import { addGroup } from './command-group.ts'
import { outputOption } from './resource-options.ts'
import { describeChange, describeSteady, ROLE_WORDS, STEP_WORDS } from './root/describe-root.ts'

interface OutputChoice {
  readonly output: string
}

interface Hurry {
  readonly now?: boolean
}

/** `heddle root`: the root certificates that everybody trusts, and how one is replaced by another. */
export const root: Command = {
  register(program, deps) {
    const group = addGroup(program, 'root', 'Look at the root certificate of the mesh, and replace it.')
    group
      .command('status')
      .description('Show the roots that are trusted, and how far a change of the root has come.')
      .addOption(outputOption())
      .action((options: OutputChoice) => runStatus(options, deps))
    group
      .command('rotate')
      .description(
        'Begin to replace the root by a new one. Two lives of a certificate later it is done, and no request has failed.',
      )
      .action(() => change(RootAction.ROTATE, deps))
    addHurried(group, {
      name: 'activate',
      description: 'Let the next root sign without waiting for proxies that have not heard of it.',
      risk: 'proxies that do not know the next root yet refuse those that are certified under it',
      run: () => change(RootAction.ACTIVATE, deps),
    })
    addHurried(group, {
      name: 'retire',
      description: 'Trust the former root no longer, without waiting for its certificates to run out.',
      risk: 'requests fail until all proxies have new certificates, and what joined by a token has to join again',
      run: () => change(RootAction.RETIRE, deps),
    })
  },
}

interface HurriedStep {
  readonly name: string
  readonly description: string
  readonly risk: string
  readonly run: () => Promise<void>
}

/** Both steps are taken by the control plane in good time; a person who takes one says that he knows what that may break. */
function addHurried(group: CommanderCommand, { name, description, risk, run }: HurriedStep): void {
  group
    .command(name)
    .description(description)
    .option('--now', `needed, since ${risk}`)
    .action(async ({ now = false }: Hurry) => {
      if (now) return await run()
      throw new CliError(`heddle root ${name} needs --now: ${risk}`, {
        hints: ['the control plane does it by itself when it harms nobody; see "heddle root status"'],
      })
    })
}

async function change(action: RootAction, deps: CliDeps): Promise<void> {
  const client = await deps.connect('act')
  const answer = await client.admin.changeRoot({ action }).finally(() => client.close())
  deps.terminal.note(sentenceOf(answer.root))
}

async function runStatus({ output }: OutputChoice, deps: CliDeps): Promise<void> {
  const { terminal, clock } = deps
  const client = await deps.connect()
  const { root: status } = await client.admin.getHealth({}).finally(() => client.close())
  if (status === undefined) throw new CliError('this control plane is of a version that cannot change its root')
  const nowMs = clock.nowMs()
  if (output === 'json') {
    terminal.write(formatJson(toJson(status, nowMs)))
    return
  }
  terminal.write(formatTable(columns(nowMs), status.roots, { isWide: output === 'wide' }))
  terminal.note(sentenceOf(status))
  if (status.problem !== '') terminal.note(status.problem)
}

function sentenceOf(status: RootStatus | undefined): string {
  return describeChange(status) ?? (status === undefined ? 'done' : describeSteady(status))
}

function columns(nowMs: number): readonly Column<TrustedRoot>[] {
  return [
    { title: 'ROOT', cell: ({ role }) => ROLE_WORDS[role] },
    { title: 'NOT_AFTER', cell: ({ notAfterMs }) => toIsoTime(notAfterMs) },
    { title: 'REMAINING', cell: ({ notAfterMs }) => formatRemaining(Number(notAfterMs) - nowMs), align: 'right' },
    { title: 'MADE_BY', cell: ({ brought }) => (brought ? 'you' : 'heddle') },
    { title: 'NOT_BEFORE', cell: ({ notBeforeMs }) => toIsoTime(notBeforeMs), isWide: true },
    { title: 'SHA256', cell: ({ fingerprint }) => fingerprint, isWide: true },
  ]
}

/** `root status -o json`; times are null where there are none. */
function toJson(status: RootStatus, nowMs: number) {
  const isUnderWay = status.step === RootStep.PREPARED || status.step === RootStep.ACTIVATED
  return {
    step: STEP_WORDS[status.step],
    since: isUnderWay ? toIsoTime(status.sinceMs) : null,
    next_step_in_seconds: isUnderWay ? Math.ceil(Number(status.remainingMs) / 1000) : null,
    changes_from: status.changesFromMs > 0n ? toIsoTime(status.changesFromMs) : null,
    problem: status.problem,
    roots: status.roots.map(({ role, fingerprint, notBeforeMs, notAfterMs, brought }) => ({
      role: ROLE_WORDS[role],
      not_before: toIsoTime(notBeforeMs),
      not_after: toIsoTime(notAfterMs),
      remaining_seconds: Math.round((Number(notAfterMs) - nowMs) / 1000),
      made_by: brought ? 'you' : 'heddle',
      sha256: fingerprint,
    })),
  }
}
