import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect'
import type { DiscoveryService, Node, WatchRequest } from '@heddle/api/discovery'
import type { DiscoveryHub } from '../discovery/discovery-hub.ts'
import { callerOf } from './gate.ts'

/** Longer than any name of a Service in any namespace, with its port. */
const MAX_KEY_LENGTH = 320

/** Puts discovery behind Connect. */
export function discoveryHandlers(hub: DiscoveryHub): ServiceImpl<typeof DiscoveryService> {
  return {
    async *watch(request, context) {
      const node = checkWatch(request)
      const { subscriptions, healthy } = request
      const stream = hub.open({ node, subscriptions, healthy }, callerOf(context))
      // Not after the last message but here: a generator whose reader is gone is never resumed.
      const close = () => hub.close(stream, 'disconnected')
      context.signal.addEventListener('abort', close, { once: true })
      if (context.signal.aborted) close()
      yield* stream.messages()
    },

    subscribe({ streamId, add, remove }, context) {
      checkKeys(add.map(({ key }) => key))
      const stream = hub.stream(streamId, callerOf(context))
      hub.changeSubscriptions(stream, add, remove)
      return {}
    },

    acknowledge({ streamId, sequence, problems }, context) {
      hub.acknowledge(hub.stream(streamId, callerOf(context)), sequence, problems)
      return {}
    },

    answerQuery({ streamId, ...answer }, context) {
      hub.questions.answer(hub.stream(streamId, callerOf(context)), answer)
      return {}
    },

    setState({ streamId, state, reason }, context) {
      hub.setState(streamId, callerOf(context), { state, reason })
      return {}
    },
  }
}

/** @throws {ConnectError} invalidArgument */
function checkWatch({ node, subscriptions }: WatchRequest): Node {
  if (node === undefined) throw new ConnectError('node: must be set', Code.InvalidArgument)
  checkKeys(subscriptions.map(({ key }) => key))
  return node
}

function checkKeys(keys: readonly string[]): void {
  const bad = keys.find((key) => key === '' || key.length > MAX_KEY_LENGTH)
  if (bad === undefined) return
  throw new ConnectError(`key: must have 1 to ${MAX_KEY_LENGTH} characters`, Code.InvalidArgument)
}
