import type { WorkloadInstance } from '@heddle/api/admin'
import { formatNameKey } from '@heddle/api/destination-key'
import { decideConnection } from '@heddle/engine/route/connection'
import type { RouteDecision } from '@heddle/engine/route/decision'
import { explainRoute } from '@heddle/engine/route/explain'
import type { RouteExplanation } from '@heddle/engine/route/explanation'
import { formatOtherRules } from '@heddle/engine/route/format-explanation'
import { answerOfError, answerOfRefusal, formatOwnAnswer, type OwnAnswer } from '@heddle/engine/route/own-answer'
import { createRequestFacts, type RequestFacts } from '@heddle/engine/route/request'
import { formatRule } from '@heddle/engine/route/rule'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import type { CliDeps } from '../../command.ts'
import { formatJson } from '../../output/json.ts'
import { describeBackends, describeDecision } from '../routing/describe-decision.ts'
import { compileDestination, type DestinationRouting } from '../routing/destination-routing.ts'
import { type BackendFacts, findBackend, findRecent, NOTHING_RECENT } from './backend-facts.ts'
import { describeBackend, toBackendJson } from './describe-backend.ts'
import { describeService } from './describe-service.ts'
import type { HypotheticalRequest } from './question.ts'
import type { WhyWorld } from './why-request.ts'

/** Backends of a rule whose endpoints are shown. */
const MAX_BACKENDS = 5

/** `heddle why CLIENT to SERVICE`: what the client's proxy would do with a request. */
export async function whyHypothetical(question: HypotheticalRequest, output: string, world: WhyWorld): Promise<void> {
  const { client, deps } = world
  const clientHosts = await findHosts(question, world)
  const key = await findKey(client, question)
  const { destination } = await client.admin.getDestination({ key, clientNamespace: question.client.namespace })
  const facts = createRequestFacts(question.request)
  const answer = answerOf(compileDestination(destination), { ...question, facts }, deps.clock.nowMs())
  const keys = answer.backends.map((backend) => (backend === '' ? key : backend)).slice(0, MAX_BACKENDS)
  const recent = keys.length === 0 ? NOTHING_RECENT : await findRecent(client, clientOf(question))
  const known = { clientNamespace: question.client.namespace, clientHosts, recent }
  const backends = await Promise.all(keys.map((one) => findBackend(client, one, known)))
  if (output === 'json') deps.terminal.write(formatJson(toJsonAnswer({ question, key, answer, backends })))
  else deps.terminal.write(formatAnswer({ question, key, answer, backends }, facts))
}

function clientOf({ client }: HypotheticalRequest) {
  const { kind, namespace, name } = client
  return { namespace, workload: kind === 'deployment' ? name : '', instance: kind === 'pod' ? name : '' }
}

/** The hosts that the client runs on. Says what would make the answer void: no such client, or one without a proxy. */
async function findHosts(question: HypotheticalRequest, { client, deps }: WhyWorld): Promise<readonly string[]> {
  const { kind, name, namespace } = question.client
  const { instances } = await client.admin.listWorkloads({ namespace })
  const own = instances.filter(({ workload, instance }) => {
    return kind === 'namespace' || (kind === 'pod' ? instance : workload) === name
  })
  if (kind !== 'namespace') noteClient(question, own, deps)
  return [...new Set(own.map(({ host }) => host))].sort()
}

function noteClient({ client }: HypotheticalRequest, own: readonly WorkloadInstance[], { terminal }: CliDeps): void {
  const { kind, name, namespace } = client
  if (own.length === 0)
    terminal.note(`no ${kind} "${name}" runs in namespace "${namespace}": this is so for every client there`)
  else if (own.every(({ meshed }) => !meshed))
    terminal.note(`${kind} "${name}" has no proxy: nothing of this applies to it`)
}

/** @throws {CliError} for a Service that is not there, and where a port has to be chosen */
async function findKey({ admin }: ControlClient, { service }: HypotheticalRequest): Promise<string> {
  const { name, namespace, port } = service
  const { services } = await admin.listServices({ namespace })
  const known = services.find((one) => one.name === name)
  if (known === undefined)
    throw new CliError(`no service "${name}" in namespace "${namespace}"`, {
      hints: ['see "heddle get svc -A"; --to-namespace NAME chooses another'],
    })
  const chosen = port ?? (known.ports.length === 1 ? known.ports[0] : undefined)
  if (chosen !== undefined) return formatNameKey(service, chosen)
  throw new CliError(`service "${name}" has several ports`, {
    hints: [`choose one with --port: ${known.ports.join(', ')}`],
  })
}

/** What was decided, before endpoints are looked at. */
interface RoutingAnswer {
  /** One sentence without its subject. */
  readonly decision: string
  /** Lines below it. */
  readonly details: readonly string[]
  readonly others: readonly string[]
  readonly explanation: RouteExplanation | undefined
  /** Keys whose endpoints may get it; empty text: those of the Service itself. */
  readonly backends: readonly string[]
}

/** A question with its request as routing looks at it. */
interface Asked extends HypotheticalRequest {
  readonly facts: RequestFacts
}

function answerOf(routing: DestinationRouting, asked: Asked, nowMs: number): RoutingAnswer {
  const { facts } = asked
  const none = { details: [], others: [], explanation: undefined, backends: [] }
  switch (routing.kind) {
    case 'elsewhere':
      if (routing.missing === undefined) return { ...none, decision: routing.sentence }
      return { ...none, decision: refusedWith(answerOfError('destination_not_found', facts), routing.missing) }
    case 'refused':
      return {
        ...none,
        decision: 'is decided by what the proxy had before: it refuses these routes',
        details: routing.problems,
      }
    case 'connections':
      return answerConnection(routing, asked)
    case 'requests': {
      const { table, service } = routing
      const context = { random: () => 0, nowMs: () => nowMs }
      const { decision, explanation } = explainRoute(table, facts, context)
      const by = explanation.outcome.rule === undefined ? '' : `, by ${formatRule(explanation.outcome.rule)}`
      const { remedy } = explanation.outcome
      return {
        decision: `${describeDecision(decision, facts)}${by}`,
        details: [
          ...(remedy === undefined ? [] : [remedy]),
          ...explanation.effects,
          ...describeService(service, facts),
        ],
        others: formatOtherRules(explanation),
        explanation,
        backends: backendsOf(decision),
      }
    }
  }
}

function refusedWith(answer: OwnAnswer, reason: string): string {
  return `is refused with ${formatOwnAnswer(answer)}: ${reason}`
}

function backendsOf(decision: RouteDecision): readonly string[] {
  if (decision.kind === 'own-endpoints') return ['']
  if (decision.kind !== 'forward') return []
  const { backends } = decision.rule
  return backends.filter(({ weight, unresolved }) => weight > 0 && unresolved === undefined).map(({ key }) => key)
}

function answerConnection(
  { table, service }: Extract<DestinationRouting, { kind: 'connections' }>,
  { serverName, facts }: Asked,
): RoutingAnswer {
  const decision = decideConnection(table, serverName, { random: () => 0 })
  const base = { details: describeService(service, facts), others: [], explanation: undefined }
  switch (decision.kind) {
    case 'own-endpoints':
      return { ...base, decision: 'goes to the endpoints of the Service itself', backends: [''] }
    case 'refused':
      if (serverName !== undefined) return { ...base, decision: `is closed: ${decision.reason}`, backends: [] }
      return { ...base, decision: refusedWith(answerOfRefusal(decision.cause, facts), decision.reason), backends: [] }
    case 'forward': {
      const { rule } = decision
      const backends = rule.backends.filter(({ weight, unresolved }) => weight > 0 && unresolved === undefined)
      return {
        ...base,
        decision: `${describeBackends(rule, facts)}, by ${formatRule(rule)}`,
        backends: backends.map(({ key }) => key),
      }
    }
  }
}

interface Answer {
  readonly question: HypotheticalRequest
  readonly key: string
  readonly answer: RoutingAnswer
  readonly backends: readonly BackendFacts[]
}

function formatAnswer({ question, key, answer, backends }: Answer, facts: RequestFacts): string {
  const { client, request } = question
  const lines = [
    `${request.method} ${request.path} of ${describeClient(client)} to ${key}`,
    `  ${answer.decision}`,
    ...answer.details.map((line) => `  ${line}`),
    ...backends.flatMap((one) => describeBackend(one, facts)),
    ...answer.others,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function describeClient({ kind, name, namespace }: HypotheticalRequest['client']): string {
  return kind === 'namespace' ? `namespace ${name}` : `${kind} ${name} in namespace ${namespace}`
}

function toJsonAnswer({ question, key, answer, backends }: Answer) {
  const { decision, details, explanation } = answer
  return {
    client: question.client,
    key,
    request: question.request,
    decision,
    details,
    explanation: explanation ?? null,
    backends: backends.map(toBackendJson),
  }
}
