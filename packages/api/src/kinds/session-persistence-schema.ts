import { duration, headerName, level } from './gateway-schema.ts'
import type { Rule, Schema } from './schema.ts'

interface RawSession {
  readonly type: string
  readonly absoluteTimeout?: string
  readonly sessionName?: string
  readonly cookieConfig?: RawCookie
  readonly cookie?: RawCookie & { readonly name?: string }
  readonly header?: { readonly name: string }
}

interface RawCookie {
  readonly lifetimeType?: string
}

const lifetimeType = level('experimental', '`Permanent` needs `absoluteTimeout`.', {
  type: 'string',
  enum: ['Permanent', 'Session'],
  default: 'Session',
})

/** GEP-1619, as v1.4 to v1.6 of the API spell it (`sessionName`, `cookieConfig`) and as v1.7 does (`cookie`, `header`). */
export const sessionPersistence: Schema = level(
  'experimental',
  'Keeps the requests of one session with one endpoint.',
  {
    type: 'object',
    properties: {
      type: level('experimental', 'What tells sessions apart.', {
        type: 'string',
        enum: ['Cookie', 'Header'],
        default: 'Cookie',
      }),
      sessionName: level('experimental', 'Name of the cookie or header; one is made up when absent.', {
        type: 'string',
        maxLength: 128,
        pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]*$",
        'x-heddle-expected': 'the name of a cookie or header, at most 128 characters',
      }),
      absoluteTimeout: level('experimental', 'How long a session lasts.', duration),
      idleTimeout: level(
        'experimental',
        'How long a session lasts without a request. Only v1.4 and v1.5 of the API have it.',
        duration,
      ),
      cookieConfig: level('experimental', 'How the cookie lives.', { type: 'object', properties: { lifetimeType } }),
      cookie: level('experimental', 'As v1.7 of the API spells `sessionName` and `cookieConfig`.', {
        type: 'object',
        properties: {
          name: level('experimental', 'Name of the cookie.', headerName),
          path: level('experimental', 'Path of the cookie.', {
            type: 'string',
            maxLength: 1024,
            default: '/',
            'x-heddle-no-effect': { reason: 'the cookie is for every path', except: ['/'] },
          }),
          lifetimeType,
        },
      }),
      header: level('experimental', 'As v1.7 of the API spells `sessionName`.', {
        type: 'object',
        required: ['name'],
        properties: { name: level('experimental', 'Name of the header.', headerName) },
      }),
    },
    'x-kubernetes-validations': [
      {
        fieldPath: '.absoluteTimeout',
        message: 'is needed with lifetimeType Permanent',
        holds: (self: RawSession) =>
          self.absoluteTimeout !== undefined ||
          [self.cookieConfig, self.cookie].every((cookie) => cookie?.lifetimeType !== 'Permanent'),
      },
      ...(['cookieConfig', 'cookie'] as const).map(
        (field): Rule => ({
          fieldPath: `.${field}`,
          message: 'goes with type Cookie only',
          holds: (self: RawSession) => self[field] === undefined || self.type === 'Cookie',
        }),
      ),
      {
        fieldPath: '.header',
        message: 'goes with type Header only',
        holds: (self: RawSession) => self.header === undefined || self.type === 'Header',
      },
      {
        message: 'sessionName and cookieConfig are an older spelling of cookie and header: use one of the two',
        holds: (self: RawSession) =>
          (self.cookie ?? self.header) === undefined || (self.sessionName ?? self.cookieConfig) === undefined,
      },
    ],
  },
)
