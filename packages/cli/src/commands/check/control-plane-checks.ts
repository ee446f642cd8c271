import type { ConfigObject, GetHealthResponse } from '@heddle/api/admin'
import { formatDurationMs } from '@heddle/base/duration'
import { formatRemaining, toIsoTime } from '../certificate-life.ts'
import { describeFaults } from '../objects/change-output.ts'
import { describeChange } from '../root/describe-root.ts'
import {
  type Category,
  type Check,
  errorUnlessEmpty,
  type MeshFacts,
  SUCCESS,
  type Verdict,
  warningUnlessEmpty,
} from './check.ts'

/** Certificates are made to be valid a minute before and after what the clock says. */
const TOLERATED_SKEW_MS = 60_000
const DAY_MS = 86_400_000
const LEAST_AUTHORITY_DAYS = 60

/** Whether the control plane is there and of this version. It is asked first; nothing else is known without it. */
export const CONTROL_PLANE: Category<MeshFacts> = {
  name: 'control-plane',
  checks: [
    {
      id: 'control-plane-answers',
      description: 'control plane answers',
      about: `The command line finds a mesh, its token is accepted, and the control plane answers. When this fails nothing else is known, so it is the only check shown. Proxies go on serving without a control plane.

- *no mesh runs here*: start one with \`heddle up DIR\` or \`heddle demo\`.
- *several meshes run*: choose with \`--mesh NAME\`.
- *does not answer*: \`heddle up\` was killed, or its machine is overloaded. Start it again: it cleans up first.`,
      judge: () => SUCCESS,
    },
    {
      id: 'clock-skew',
      description: 'clocks of this host and of the control plane agree',
      about: `Certificates carry times. Up to a minute of difference between the clocks of two hosts is allowed for; with more, a new certificate may be refused because it seems to lie in the future. Synchronise the clocks with chrony, systemd-timesyncd or what your system has.`,
      judge: judgeSkew,
    },
    {
      id: 'control-plane-version',
      description: 'command line and control plane are of the same version',
      about: `A warning: neighbouring versions understand each other, but only the same version has been tested together with all of its features.`,
      judge: ({ clientVersion, version }) =>
        warningUnlessEmpty(
          clientVersion === version.version ? [] : [`command line ${clientVersion}, control plane ${version.version}`],
          'Restart "heddle up" with the version of this command line.',
        ),
    },
  ],
}

/** Whether the files that the user wrote are in force. */
export const CONFIGURATION: Category<MeshFacts> = {
  name: 'configuration',
  checks: [
    {
      id: 'configuration-valid',
      description: 'configuration is valid',
      about: `Files in the folder of \`heddle up\` do not match the schemas of their kinds, or contradict each other. As long as there is one error nothing of the new state is applied: the last good configuration stays in force. Each complaint has file, line, column and field. \`heddle validate\` checks files without a mesh, for example before a commit.`,
      judge: ({ health }) =>
        errorUnlessEmpty(
          health.configurationProblems,
          'Repair these files; until then the last good configuration stays in force. "heddle validate FILE" checks without a mesh.',
        ),
    },
    {
      id: 'objects-accepted',
      description: 'routes and policies are accepted',
      about: `A route or policy that is valid for itself, but not in force or with a reference that leads nowhere: its Service or a backend does not exist (yet), a ReferenceGrant is missing, an older object has precedence, the mesh cannot do what it asks for. Each line is a condition of its status: what it is about, the reason in the words of the Gateway API, and a sentence. \`heddle get all -A -o wide\` shows all of them, \`heddle plan -f FILE\` says before what a file would bring. Only a warning: a FaultPolicy whose end has come.`,
      judge: judgeObjects,
    },
  ],
}

/** Whether a change of the root is under way, and nothing of it was misunderstood. */
export const ROOT_CHANGE: Check<Pick<MeshFacts, 'health'>> = {
  id: 'root-change',
  description: 'no change of the root certificate is under way',
  about: `A warning while the root certificate is [replaced](../tasks/replace-the-root.md), which takes about two lives of a workload's certificate and interrupts nothing: it says which step it is in and since when, as \`heddle root status\` does. Hosts and manifests that keep a copy of the trust bundle of their own need the new one before the former root is retired. Also a warning: a next root that somebody brought and that cannot be used, with the reason.`,
  judge: ({ health: { root } }) => {
    const change = describeChange(root)
    const problem = root?.problem ?? ''
    return warningUnlessEmpty(
      [problem, change ?? ''].filter((line) => line !== ''),
      problem === ''
        ? 'Nothing has to be done but to renew copies of the trust bundle: docs/tasks/replace-the-root.md'
        : 'Repair or remove what was put beside the root: docs/tasks/replace-the-root.md',
    )
  },
}

/** Whether the certificate authority lives long enough for someone to act in time. */
export const AUTHORITY: Category<MeshFacts> = {
  name: 'certificate-authority',
  checks: [
    {
      id: 'root-validity',
      description: `root certificate is valid for at least ${LEAST_AUTHORITY_DAYS} days`,
      about: `A warning from 60 days before the root certificate expires, an error afterwards. With an expired root no connection between proxies can be made: [replace it](../tasks/replace-the-root.md) in time. The control plane does so by itself 90 days before where it made the root, so something keeps it from that; a root that you have brought is yours to replace.`,
      judge: ({ health, localNowMs }) => judgeRoot(health.rootNotAfterMs, localNowMs),
    },
    {
      id: 'issuer-validity',
      description: `issuer certificate is valid for at least ${LEAST_AUTHORITY_DAYS} days`,
      about: `The same for the issuer, which signs the certificates of workloads. With an expired issuer certificates cannot be renewed, and within a day no workload has a valid one. The control plane replaces it by itself at 70 % of its life, so something keeps it from that: its log has *issuer not rotated*. An issuer that ends together with the root ends for good.`,
      judge: ({ health, localNowMs }) => judgeIssuer(health, localNowMs, 'Look at what "heddle up" says.'),
    },
    ROOT_CHANGE,
  ],
}

/** A fault that has come to its end does no harm; everything else is not what its author wants. */
export function judgeObjects({ faultyObjects }: MeshFacts): Verdict {
  const isOver = ({ conditions }: ConfigObject) =>
    conditions.every(({ type, status, reason }) => status !== 'False' || reason === 'Expired' || type === 'Programmed')
  const faults = faultyObjects.filter((object) => !isOver(object)).flatMap(describeFaults)
  if (faults.length > 0)
    return errorUnlessEmpty(
      faults,
      'Change the object, or make what it refers to; "heddle get all -A -o wide" shows all conditions.',
    )
  return warningUnlessEmpty(
    faultyObjects.flatMap(describeFaults),
    'Remove these, for example with "heddle delete faultpolicy/NAME", or set a later end.',
  )
}

/** Whether certificates that either side makes look valid to the other. */
export function judgeSkew({ health, localNowMs, roundTripMs }: MeshFacts): Verdict {
  const differenceMs = Number(health.nowMs) - localNowMs
  const skewMs = Math.max(0, Math.abs(differenceMs) - roundTripMs)
  if (skewMs <= TOLERATED_SKEW_MS) return SUCCESS
  const direction = differenceMs > 0 ? 'behind' : 'ahead of'
  const detail = `this host is ${formatDurationMs(Math.round(skewMs / 1000) * 1000)} ${direction} the control plane`
  return errorUnlessEmpty([detail], 'Synchronise the clocks, for example with chrony or systemd-timesyncd.')
}

/** What to do where nothing else helps. */
export const REPLACE_ROOT = 'Replace the root: docs/tasks/replace-the-root.md'

/** Whether the root lives long enough for someone to act in time. */
export function judgeRoot(notAfterMs: bigint, nowMs: number): Verdict {
  return judgeAuthority({ name: 'root', notAfterMs, remedy: REPLACE_ROOT }, nowMs)
}

/**
 * Whether the issuer was replaced in time.
 *
 * @param lookFurther - where it is said why it was not
 */
export function judgeIssuer(health: GetHealthResponse, nowMs: number, lookFurther: string): Verdict {
  const { issuerNotAfterMs: notAfterMs, rootNotAfterMs } = health
  const remedy = notAfterMs < rootNotAfterMs ? `The control plane replaces it by itself. ${lookFurther}` : REPLACE_ROOT
  return judgeAuthority({ name: 'issuer', notAfterMs, remedy }, nowMs)
}

interface Ending {
  readonly name: string
  readonly notAfterMs: bigint
  readonly remedy: string
}

function judgeAuthority({ name, notAfterMs, remedy }: Ending, nowMs: number): Verdict {
  const remainingMs = Number(notAfterMs) - nowMs
  if (remainingMs <= 0) return errorUnlessEmpty([`the ${name} certificate expired at ${toIsoTime(notAfterMs)}`], remedy)
  if (remainingMs >= LEAST_AUTHORITY_DAYS * DAY_MS) return SUCCESS
  return warningUnlessEmpty([`the ${name} certificate expires in ${formatRemaining(remainingMs)}`], remedy)
}
