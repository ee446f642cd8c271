import type {
  AcknowledgeRequestJson,
  AcknowledgeResponseJson,
  AnswerQueryRequestJson,
  AnswerQueryResponseJson,
  SetStateRequestJson,
  SetStateResponseJson,
  SubscribeRequestJson,
  SubscribeResponseJson,
  WatchRequestJson,
  WatchResponseJson,
} from '@heddle/api/discovery'
import type { SignRequestJson, SignResponseJson } from '@heddle/api/identity'
import type { ReportRequestJson, ReportResponseJson } from '@heddle/api/telemetry'

/** A procedure of the control plane: one request, one answer. The types are those of the JSON encoding. */
export interface UnaryRpc<Request, Response> {
  readonly path: string
  /** Never there: it only ties the types to the procedure. */
  readonly types?: (request: Request) => Response
}

/** A procedure with many answers. */
export interface StreamRpc<Request, Response> extends UnaryRpc<Request, Response> {
  readonly isStream: true
}

export const WATCH: StreamRpc<WatchRequestJson, WatchResponseJson> = {
  path: '/heddle.discovery.v1.DiscoveryService/Watch',
  isStream: true,
}

export const SUBSCRIBE: UnaryRpc<SubscribeRequestJson, SubscribeResponseJson> = {
  path: '/heddle.discovery.v1.DiscoveryService/Subscribe',
}

export const ACKNOWLEDGE: UnaryRpc<AcknowledgeRequestJson, AcknowledgeResponseJson> = {
  path: '/heddle.discovery.v1.DiscoveryService/Acknowledge',
}

export const SET_STATE: UnaryRpc<SetStateRequestJson, SetStateResponseJson> = {
  path: '/heddle.discovery.v1.DiscoveryService/SetState',
}

export const ANSWER_QUERY: UnaryRpc<AnswerQueryRequestJson, AnswerQueryResponseJson> = {
  path: '/heddle.discovery.v1.DiscoveryService/AnswerQuery',
}

export const SIGN: UnaryRpc<SignRequestJson, SignResponseJson> = {
  path: '/heddle.identity.v1.IdentityService/Sign',
}

export const REPORT: UnaryRpc<ReportRequestJson, ReportResponseJson> = {
  path: '/heddle.telemetry.v1.TelemetryService/Report',
}
