import { headerName, level } from './gateway-schema.ts'
import type { Rule, Schema } from './schema.ts'

function listOf(items: Schema, maxItems: number, notWith?: string): Schema {
  const rules: readonly Rule[] = [
    {
      message: `"*" stands for all: remove ${notWith}`,
      holds: (self: readonly string[]) => !self.includes('*') || self.length === 1,
    },
  ]
  return {
    type: 'array',
    maxItems,
    items,
    'x-heddle-unique': [[]],
    ...(notWith !== undefined && { 'x-kubernetes-validations': rules }),
  }
}

const ORIGIN = '(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const
export const HTTP_METHODS: readonly string[] = METHODS

/** The CORS filter of HTTPRoute. */
export const cors: Schema = level('extended', 'Answers preflights of browsers and marks answers for them (CORS).', {
  type: 'object',
  properties: {
    allowOrigins: level(
      'extended',
      'Origins such as `https://shop.example`, `https://*.example` or `*`.',
      listOf(
        {
          type: 'string',
          minLength: 1,
          maxLength: 253,
          pattern: ORIGIN,
          'x-heddle-expected': 'an origin such as https://shop.example, https://*.example or *',
        },
        64,
        'the other origins',
      ),
    ),
    allowCredentials: level('extended', 'Whether scripts may send cookies.', { type: 'boolean', default: false }),
    allowMethods: level(
      'extended',
      'Methods that scripts may use; `*`: all.',
      listOf({ type: 'string', enum: [...METHODS, '*'] }, 9, 'the other methods'),
    ),
    allowHeaders: level(
      'extended',
      'Headers that scripts may send; `*`: all.',
      listOf(headerName, 64, 'the other headers'),
    ),
    exposeHeaders: level('extended', 'Headers of the answer that scripts may read.', listOf(headerName, 64)),
    maxAge: level('extended', 'How many seconds a browser may keep the answer to a preflight.', {
      type: 'integer',
      format: 'int32',
      minimum: 1,
      default: 5,
    }),
  },
})
