import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { ANSWERS, REQUESTS } from '../testdata/messages.ts'
import { answerEarly, observeAnswer, observeRequests, type Pieces } from './observe.ts'
import { RecordingServer } from './recording-server.ts'

function early() {
  const server = new RecordingServer()
  server.onHead = answerEarly
  return server
}

/** In two at each place, in three at some, and octet by octet. */
function* cuts(bytes: Uint8Array): Generator<Pieces> {
  for (let i = 1; i < bytes.length; i++) yield [bytes.subarray(0, i), bytes.subarray(i)]
  for (let i = 1; i + 3 < bytes.length; i++)
    yield [bytes.subarray(0, i), bytes.subarray(i, i + 2), bytes.subarray(i + 2)]
  yield Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
}

test.each(REQUESTS.map((octets) => ({ octets })))(
  'requests $octets are the same however they are cut',
  ({ octets }) => {
    const bytes = Buffer.from(octets, 'latin1')
    const whole = observeRequests([bytes])
    const wholeEarly = observeRequests([bytes], early())
    expect(whole).toMatchObject({ faults: [], isAborted: false, active: 0 })
    for (const pieces of cuts(bytes)) {
      expect(observeRequests(pieces)).toEqual(whole)
      expect(observeRequests(pieces, early())).toEqual(wholeEarly)
    }
  },
)

test.each(ANSWERS.map((row) => ({ ...row, name: JSON.stringify(row.octets) })))(
  'the answer $name to $method is the same however it is cut',
  ({ method, octets }) => {
    const bytes = Buffer.from(octets, 'latin1')
    const whole = observeAnswer(method, [bytes])
    for (const pieces of cuts(bytes)) expect(observeAnswer(method, pieces)).toEqual(whole)
  },
)
