import type { HttpError } from '../http-error.ts'
import { createFields } from '../message/fields.ts'
import { createResponseHead } from '../message/head.ts'
import { formatResponseHead } from './write-head.ts'

/**
 * The answer to what cannot be understood, as one text; the connection ends with it.
 *
 * @param isHeadOnly - it answers HEAD
 */
export function formatFaultAnswer(error: HttpError, isHeadOnly: boolean): string {
  const body = `${error.fault}: ${error.message}\n`
  const fields = createFields([
    ['content-type', 'text/plain; charset=utf-8'],
    ['heddle-error', error.fault],
  ])
  const head = formatResponseHead(createResponseHead({ status: error.status, fields }), {
    length: body.length,
    option: 'close',
  })
  return isHeadOnly ? head : head + body
}
