import type { Certificate, ReportRequest, Series } from '@heddle/api/telemetry'
import { BUCKET_COUNT } from '@heddle/telemetry/latency-histogram'

/** A proxy has at most 2,000 series of its own. */
const MAX_SERIES = 4_096
/** The longest SPIFFE id of a mesh has about 600; names have at most 253. */
const MAX_TEXT = 640
/** Of a series: two namespaces, three names and an identity, the longest that there are. */
const MAX_TEXTS = 1_600
/** Later times have no date of four digits, some none at all: whoever asks for certificates would be shown nothing. */
const LAST_MS = BigInt(Date.UTC(9999, 11, 31))
/** Control characters would be obeyed by the terminal of whoever asks for metrics. */
const UNPRINTABLE = /\p{C}/u

/**
 * What is wrong with a report, in one sentence. Labels are kept for hours, one set for each series, so their length is
 * bounded as the number of series is: else one workload could fill the memory of the control plane.
 */
export function problemOfReport(request: ReportRequest): string | undefined {
  const { epoch, series, certificate } = request
  if (epoch === '') return 'epoch: must be set'
  if (series.length > MAX_SERIES) return `series: at most ${MAX_SERIES} in one report`
  if (!isText(epoch)) return `epoch: ${TEXT_RULE}`
  const ofCertificate = certificate && problemOfCertificate(certificate)
  if (ofCertificate !== undefined) return `certificate: ${ofCertificate}`
  for (const [index, one] of series.entries()) {
    const problem = problemOfSeries(one)
    if (problem !== undefined) return `series[${index}]: ${problem}`
  }
  return undefined
}

const TEXT_RULE = `texts have at most ${MAX_TEXT} characters, all of them printable`
const TEXTS_RULE = 'texts together have at most 1,600 characters'
const TIME_RULE = 'times are from 1970 to the year 9999'

function problemOfCertificate({ identity, serial, notBeforeMs, notAfterMs }: Certificate): string | undefined {
  if (!(isText(identity) && isText(serial))) return TEXT_RULE
  return [notBeforeMs, notAfterMs].every((ms) => ms >= 0n && ms <= LAST_MS) ? undefined : TIME_RULE
}

function problemOfSeries(series: Series): string | undefined {
  const { serviceNamespace, service, peerNamespace, peerWorkload, peerInstance } = series
  const { peerIdentity, security, protocol, latency } = series
  const texts = [serviceNamespace, service, peerNamespace, peerWorkload, peerInstance, peerIdentity, security, protocol]
  if (!texts.every(isText)) return TEXT_RULE
  if (texts.join('').length > MAX_TEXTS) return TEXTS_RULE
  if (latency.length > BUCKET_COUNT) return `latency: at most ${BUCKET_COUNT} buckets`
  return latency.every(({ index }) => index < BUCKET_COUNT) ? undefined : `latency: buckets end at ${BUCKET_COUNT - 1}`
}

function isText(text: string): boolean {
  return text.length <= MAX_TEXT && !UNPRINTABLE.test(text)
}
