import type { ConfigObject } from '@heddle/api/admin'
import { formatDurationMs } from '@heddle/base/duration'
import { formatRemaining, toIsoTime } from '../certificate-life.ts'
import { describeFaults } from '../objects/change-output.ts'
import { type Category, errorUnlessEmpty, type MeshFacts, SUCCESS, type Verdict, warningUnlessEmpty } from './check.ts'

/** Certificates are made to be valid a minute before and after what the clock says. */
const TOLERATED_SKEW_MS = 60_000
const DAY_MS = 86_400_000
const LEAST_AUTHORITY_DAYS = 60

/** Whether the control plane is there and of this version. It is asked first; nothing else is known without it. */
export const CONTROL_PLANE: Category = {
  name: 'control-plane',
  checks: [
    { id: 'control-plane-answers', description: 'control plane answers', judge: () => SUCCESS },
    { id: 'clock-skew', description: 'clocks of this host and of the control plane agree', judge: judgeClock },
    {
      id: 'control-plane-version',
      description: 'command line and control plane are of the same version',
      judge: ({ clientVersion, version }) =>
        warningUnlessEmpty(
          clientVersion === version.version ? [] : [`command line ${clientVersion}, control plane ${version.version}`],
          'Restart "heddle up" with the version of this command line.',
        ),
    },
  ],
}

/** Whether the files that the user wrote are in force. */
export const CONFIGURATION: Category = {
  name: 'configuration',
  checks: [
    {
      id: 'configuration-valid',
      description: 'configuration is valid',
      judge: ({ health }) =>
        errorUnlessEmpty(
          health.configurationProblems,
          'Repair these files; until then the last good configuration stays in force. "heddle validate FILE" checks without a mesh.',
        ),
    },
    {
      id: 'objects-accepted',
      description: 'routes and policies are accepted',
      judge: judgeObjects,
    },
  ],
}

/** Whether the certificate authority lives long enough for someone to act in time. */
export const AUTHORITY: Category = {
  name: 'certificate-authority',
  checks: [
    {
      id: 'root-validity',
      description: `root certificate is valid for at least ${LEAST_AUTHORITY_DAYS} days`,
      judge: ({ health, localNowMs }) => judgeAuthority('root', health.rootNotAfterMs, localNowMs),
    },
    {
      id: 'issuer-validity',
      description: `issuer certificate is valid for at least ${LEAST_AUTHORITY_DAYS} days`,
      judge: ({ health, localNowMs }) => judgeAuthority('issuer', health.issuerNotAfterMs, localNowMs),
    },
  ],
}

/** A fault that has come to its end does no harm; everything else is not what its author wants. */
function judgeObjects({ faultyObjects }: MeshFacts): Verdict {
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

function judgeClock({ health, localNowMs, roundTripMs }: MeshFacts): Verdict {
  const differenceMs = Number(health.nowMs) - localNowMs
  const skewMs = Math.max(0, Math.abs(differenceMs) - roundTripMs)
  if (skewMs <= TOLERATED_SKEW_MS) return SUCCESS
  const direction = differenceMs > 0 ? 'behind' : 'ahead of'
  const detail = `this host is ${formatDurationMs(Math.round(skewMs / 1000) * 1000)} ${direction} the control plane`
  return errorUnlessEmpty([detail], 'Synchronise the clocks, for example with chrony or systemd-timesyncd.')
}

function judgeAuthority(name: string, notAfterMs: bigint, nowMs: number): Verdict {
  const remainingMs = Number(notAfterMs) - nowMs
  const remedy = 'Replace the certificate authority before it expires: no workload gets a certificate afterwards.'
  if (remainingMs <= 0) return errorUnlessEmpty([`the ${name} certificate expired at ${toIsoTime(notAfterMs)}`], remedy)
  if (remainingMs >= LEAST_AUTHORITY_DAYS * DAY_MS) return SUCCESS
  return warningUnlessEmpty([`the ${name} certificate expires in ${formatRemaining(remainingMs)}`], remedy)
}
