/** A header block of RFC 7541 appendix C. */
export interface HpackExample {
  /** Section. */
  readonly name: string
  /** Octets in hexadecimal digits. */
  readonly block: string
  readonly lines: readonly (readonly [string, string])[]
  /** The dynamic table afterwards, newest first, with its size. */
  readonly table: readonly string[]
  readonly tableBytes: number
}

/** Blocks of one connection. */
export interface HpackExamples {
  readonly name: string
  readonly maxTableBytes: number
  readonly blocks: readonly HpackExample[]
}

const REQUEST_LINES = [
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/'],
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ],
  [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/index.html'],
    [':authority', 'www.example.com'],
    ['custom-key', 'custom-value'],
  ],
] as const

const REQUEST_TABLES = [
  { table: [':authority: www.example.com'], tableBytes: 57 },
  { table: ['cache-control: no-cache', ':authority: www.example.com'], tableBytes: 110 },
  {
    table: ['custom-key: custom-value', 'cache-control: no-cache', ':authority: www.example.com'],
    tableBytes: 164,
  },
] as const

const COOKIE = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'

const ANSWER_LINES = [
  [
    [':status', '302'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '307'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ],
  [
    [':status', '200'],
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ['location', 'https://www.example.com'],
    ['content-encoding', 'gzip'],
    ['set-cookie', COOKIE],
  ],
] as const

const ANSWER_TABLES = [
  {
    table: [
      'location: https://www.example.com',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'cache-control: private',
      ':status: 302',
    ],
    tableBytes: 222,
  },
  {
    table: [
      ':status: 307',
      'location: https://www.example.com',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'cache-control: private',
    ],
    tableBytes: 222,
  },
  {
    table: [`set-cookie: ${COOKIE}`, 'content-encoding: gzip', 'date: Mon, 21 Oct 2013 20:13:22 GMT'],
    tableBytes: 215,
  },
] as const

function blocksOf(
  name: string,
  blocks: readonly string[],
  messages: { readonly lines: readonly HpackExample['lines'][]; readonly tables: typeof REQUEST_TABLES | typeof ANSWER_TABLES },
): HpackExample[] {
  return blocks.map((block, at) => ({
    name: `${name}.${at + 1}`,
    block,
    lines: messages.lines[at]!,
    ...messages.tables[at]!,
  }))
}

export const SINGLE_EXAMPLES: readonly HpackExample[] = [
  {
    name: 'C.2.1',
    block: '400a637573746f6d2d6b65790d637573746f6d2d686561646572',
    lines: [['custom-key', 'custom-header']],
    table: ['custom-key: custom-header'],
    tableBytes: 55,
  },
  {
    name: 'C.2.2',
    block: '040c2f73616d706c652f70617468',
    lines: [[':path', '/sample/path']],
    table: [],
    tableBytes: 0,
  },
  {
    name: 'C.2.3',
    block: '100870617373776f726406736563726574',
    lines: [['password', 'secret']],
    table: [],
    tableBytes: 0,
  },
  { name: 'C.2.4', block: '82', lines: [[':method', 'GET']], table: [], tableBytes: 0 },
]

export const PLAIN_REQUESTS: HpackExamples = {
  name: 'C.3',
  maxTableBytes: 4096,
  blocks: blocksOf(
    'C.3',
    [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
    { lines: REQUEST_LINES, tables: REQUEST_TABLES },
  ),
}

export const HUFFMAN_REQUESTS: HpackExamples = {
  name: 'C.4',
  maxTableBytes: 4096,
  blocks: blocksOf(
    'C.4',
    [
      '828684418cf1e3c2e5f23a6ba0ab90f4ff',
      '828684be5886a8eb10649cbf',
      '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
    ],
    { lines: REQUEST_LINES, tables: REQUEST_TABLES },
  ),
}

export const PLAIN_ANSWERS: HpackExamples = {
  name: 'C.5',
  maxTableBytes: 256,
  blocks: blocksOf(
    'C.5',
    [
      `4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54\
6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
      '4803333037c1c0bf',
      `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f\
3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b20766572\
73696f6e3d31`,
    ],
    { lines: ANSWER_LINES, tables: ANSWER_TABLES },
  ),
}

export const HUFFMAN_ANSWERS: HpackExamples = {
  name: 'C.6',
  maxTableBytes: 256,
  blocks: blocksOf(
    'C.6',
    [
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
      '4883640effc1c0bf',
      `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335df\
dfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007`,
    ],
    { lines: ANSWER_LINES, tables: ANSWER_TABLES },
  ),
}

/** Blocks of connections, in hexadecimal digits, for a fuzzer to change; all are right. */
export const HPACK_CONNECTIONS: readonly (readonly string[])[] = [
  ...[PLAIN_REQUESTS, HUFFMAN_REQUESTS].map(({ blocks }) => blocks.map(({ block }) => block)),
  // Their tables have 256 octets.
  ...[PLAIN_ANSWERS, HUFFMAN_ANSWERS].map(({ blocks }) => ['3fe101', ...blocks.map(({ block }) => block)]),
  SINGLE_EXAMPLES.map(({ block }) => block),
  // Evicted and added again; sizes up and down; what is larger than the table; a secret; octets with long codes.
  ['3f1f400161076f6c6465722d31', '400161066e657765722d', 'be', '3fe11f400161016240016101637f000162bfbe'],
  ['3f013e82', '400161206161616161616161616161616161616161616161616161616161616161616161', '82'],
  ['4001618c1ffff7fffdbfffffa7ffffe3', '100378787803616263be', '82be'],
  ['4002746508747261696c657273', '7e08747261696c657273bebf', '0f2f0161', '1f2f0162'],
]
