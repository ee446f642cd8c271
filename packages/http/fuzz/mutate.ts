import type { Random } from './random.ts'

/** Pieces that mean something to someone who reads HTTP. */
const PIECES: readonly string[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\n\n',
    ' ',
    '\t',
    '\x00',
    '\x0b',
    '\x7f',
    '\x80',
    '\xff',
    ':',
    ';',
    ',',
    '0',
    '/',
  ],
  ...['Host: b\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n'],
  ...[
    'Connection: close\r\n',
    'Connection: upgrade\r\nUpgrade: websocket\r\n',
    'Connection: host\r\n',
    'TE: trailers\r\n',
  ],
  ...[
    'Expect: 100-continue\r\n',
    'Transfer-Encoding:\x0bchunked\r\n',
    'Content-Length : 5\r\n',
    ' Content-Length: 5\r\n',
  ],
  ...['5\r\nhello\r\n', '0\r\n\r\n', '0\r\nX: y\r\n\r\n', '5;a=b\r\nhello\r\n', '0x5\r\n', 'ffffffffffffffff\r\n'],
  ...['GET /admin HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ...['HTTP/1.0', 'HTTP/1.1', 'HEAD ', 'CONNECT b:1 ', 'http://b', 'OPTIONS * ', 'chunked', 'identity', 'gzip, '],
]

/** A few changes to `octets`, which are Latin-1; `others` is what may be spliced in. */
export function mutate(octets: string, others: readonly string[], random: Random): string {
  let mutant = octets
  for (let left = 1 + random.below(3); left > 0; left--) mutant = mutateOnce(mutant, others, random)
  return mutant
}

function mutateOnce(octets: string, others: readonly string[], random: Random): string {
  const at = random.below(octets.length + 1)
  const to = Math.min(octets.length, at + 1 + random.below(8))
  const before = octets.slice(0, at)
  switch (random.below(9)) {
    case 0:
      return before + random.pick(PIECES) + octets.slice(at)
    case 1:
      return before + random.pick(PIECES) + octets.slice(to)
    case 2:
      return before + octets.slice(to)
    case 3:
      return before + String.fromCharCode(random.below(256)) + octets.slice(at + 1)
    case 4:
      return before + octets.slice(at, to) + octets.slice(at)
    case 5:
      return before + random.pick(others).slice(random.below(40))
    case 6:
      return swapLines(octets, random)
    case 7:
      return octets.slice(0, at) + swapCase(octets.slice(at, to)) + octets.slice(to)
    default:
      return octets + random.pick(others)
  }
}

function swapLines(octets: string, random: Random): string {
  const lines = octets.split('\r\n')
  const one = random.below(lines.length)
  const other = random.below(lines.length)
  const kept = lines[one]!
  lines[one] = lines[other]!
  lines[other] = kept
  return lines.join('\r\n')
}

function swapCase(text: string): string {
  const upper = text.toUpperCase()
  return upper === text ? text.toLowerCase() : upper
}
