import { REQUEST_LINE, VALUE } from '../octets.ts'
import type { HeadScanRules } from './head-scan.ts'
import type { H1Limits } from './limits.ts'
import { checkRequestLine } from './request-line.ts'
import { parseStatusLine } from './status-line.ts'

/** Method and version: what a start line may be longer than its target. */
const START_LINE_EXTRA_BYTES = 256

const requestRules = new WeakMap<H1Limits, HeadScanRules>()
const responseRules = new WeakMap<H1Limits, HeadScanRules>()

/** Rules for heads of requests; the same object for the same limits, since each connection refers to it. */
export function requestScanRules(limits: H1Limits): HeadScanRules {
  const known = requestRules.get(limits)
  if (known !== undefined) return known
  const rules: HeadScanRules = {
    startLineFault: 'bad_request_line',
    maxStartLineBytes: limits.maxTargetBytes + START_LINE_EXTRA_BYTES,
    maxBytes: limits.maxHeadBytes,
    maxFields: limits.maxFields,
    startLineOctets: REQUEST_LINE,
    checkStartLine: (line) => checkRequestLine(line, limits.maxTargetBytes),
  }
  requestRules.set(limits, rules)
  return rules
}

/** Rules for heads of answers; likewise. */
export function responseScanRules(limits: H1Limits): HeadScanRules {
  const known = responseRules.get(limits)
  if (known !== undefined) return known
  const rules: HeadScanRules = {
    startLineFault: 'bad_status_line',
    maxStartLineBytes: limits.maxHeadBytes,
    maxBytes: limits.maxHeadBytes,
    maxFields: limits.maxFields,
    startLineOctets: VALUE,
    checkStartLine: (line) => void parseStatusLine(line, line.size),
  }
  responseRules.set(limits, rules)
  return rules
}

/** Rules for trailers. */
export function trailerScanRules(limits: H1Limits): HeadScanRules {
  return {
    startLineFault: undefined,
    maxStartLineBytes: 0,
    maxBytes: limits.maxTrailerBytes,
    maxFields: limits.maxFields,
    startLineOctets: VALUE,
    checkStartLine: noCheck,
  }
}

function noCheck(): void {}
