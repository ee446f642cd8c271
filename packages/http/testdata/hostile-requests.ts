import type { HttpFault } from '../src/http-error.ts'

/** A request that must be refused, as one connection's first octets. */
export interface HostileRequest {
  readonly name: string
  /** One character an octet (Latin-1). */
  readonly bytes: string
  /** The word with which it is refused; the table of faults has its status. */
  readonly fault: HttpFault
  /**
   * `head`: nothing of it may be forwarded. `body`: the head is right, so a proxy that streams may have forwarded it when the
   * fault comes; what it forwarded must end as broken off, never as complete.
   */
  readonly where: 'head' | 'body'
}

/** Sent to a server session, or through a proxy, each must be refused or its connection closed. */
export const HOSTILE_REQUESTS: readonly HostileRequest[] = [
  ...inHead('bad_framing', {
    'Content-Length with Transfer-Encoding': post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'Transfer-Encoding with Content-Length': post('Transfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n'),
    'both, in other case': post('content-LENGTH: 5\r\ntransfer-ENCODING: CHUNKED', '0\r\n\r\n'),
    'both, with a length of 0': post('Content-Length: 0\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'two different lengths': post('Content-Length: 5\r\nContent-Length: 6', 'hello'),
    'two equal lengths': post('Content-Length: 5\r\nContent-Length: 5', 'hello'),
    'a list of equal lengths': post('Content-Length: 5, 5', 'hello'),
    'a list of different lengths': post('Content-Length: 5,6', 'hello'),
    'a length with a plus': post('Content-Length: +5', 'hello'),
    'a negative length': post('Content-Length: -5', 'hello'),
    'a length of minus zero': post('Content-Length: -0'),
    'a hexadecimal length': post('Content-Length: 0x5', 'hello'),
    'a length with a blank inside': post('Content-Length: 5 5', 'hello'),
    'a length with a point': post('Content-Length: 5.0', 'hello'),
    'a length with an exponent': post('Content-Length: 1e1', 'hello'),
    'a length with an underscore': post('Content-Length: 1_0', 'hello'),
    'a length in quotes': post('Content-Length: "5"', 'hello'),
    'an empty length': post('Content-Length:', 'hello'),
    'a length of blanks': post('Content-Length: \t ', 'hello'),
    'a length with a superscript digit': post('Content-Length: 5\xb2', 'hello'),
    'a length with a semicolon': post('Content-Length: 5;', 'hello'),
    'a length of 2^53': post('Content-Length: 9007199254740992', 'hello'),
    'a length of 2^64 + 5': post('Content-Length: 18446744073709551621', 'hello'),
    'a coding after chunked': post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'),
    'chunked twice': post('Transfer-Encoding: chunked, chunked', '0\r\n\r\n'),
    'chunked in two fields': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'chunked, then identity in a second field': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', '0\r\n\r\n'),
    'chunked with a parameter': post('Transfer-Encoding: chunked;q=1', '0\r\n\r\n'),
    'chunked in quotes': post('Transfer-Encoding: "chunked"', '0\r\n\r\n'),
    'an empty Transfer-Encoding': post('Transfer-Encoding:', '0\r\n\r\n'),
    'a Transfer-Encoding of a comma': post('Transfer-Encoding: ,', '0\r\n\r\n'),
    'chunked with a no-break space': post('Transfer-Encoding: chunked\xa0', '0\r\n\r\n'),
    'chunked with a blank inside': post('Transfer-Encoding: chun ked', '0\r\n\r\n'),
    'chunked in HTTP/1.0': 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'CONNECT with a length': 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello',
    'CONNECT with chunks': 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  }),
  ...inHead('transfer_coding_not_implemented', {
    'gzip before chunked': post('Transfer-Encoding: gzip, chunked', '0\r\n\r\n'),
    'gzip alone': post('Transfer-Encoding: gzip', '0\r\n\r\n'),
    'identity alone': post('Transfer-Encoding: identity', '0\r\n\r\n'),
    'identity, then chunked in a second field': post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'a coding that ends like chunked': post('Transfer-Encoding: xchunked', '0\r\n\r\n'),
    'a coding that begins like chunked': post('Transfer-Encoding: chunkedx', '0\r\n\r\n'),
    'a cut chunked': post('Transfer-Encoding: chunke', '0\r\n\r\n'),
  }),
  ...inHead('bad_field', {
    'a blank before the colon of Transfer-Encoding': post('Transfer-Encoding : chunked', '0\r\n\r\n'),
    'a tab before the colon of Transfer-Encoding': post('Transfer-Encoding\t: chunked', '0\r\n\r\n'),
    'a blank before the colon of Content-Length': post('Content-Length : 5', 'hello'),
    'a vertical tab before chunked': post('Transfer-Encoding: \x0bchunked', '0\r\n\r\n'),
    'a form feed after chunked': post('Transfer-Encoding: chunked\x0c', '0\r\n\r\n'),
    'NUL in chunked': post('Transfer-Encoding: chun\x00ked', '0\r\n\r\n'),
    'NUL before a length': post('Content-Length: \x005', 'hello'),
    'NUL in a name': post('Transfer-Encoding\x00: chunked', '0\r\n\r\n'),
    'a control character before a name': post('\x01Transfer-Encoding: chunked', '0\r\n\r\n'),
    'a folded chunked': post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n'),
    'a folded length': post('Content-Length: 5\r\n\t5', 'hello'),
    'a folded field': get('X: a\r\n b'),
    'a folded field after a bare LF': get('X: a\n b'),
    'a bare LF between fields': get('X: a\nTransfer-Encoding: chunked'),
    'a bare CR between fields': get('X: a\rTransfer-Encoding: chunked'),
    'two CR before LF': get('X: a\r'),
    'a bare LF as empty line': 'GET / HTTP/1.1\r\nHost: a\r\n\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n',
    'a bare CR as empty line': 'GET / HTTP/1.1\r\nHost: a\r\n\rGET /admin HTTP/1.1\r\nHost: a\r\n\r\n',
    'NUL in a value': get('X: a\x00b'),
    'DEL in a value': get('X: a\x7fb'),
    'ESC in a value': get('X: a\x1b[2Jb'),
    'a blank before the first field': 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
    'a tab before the first field': 'GET / HTTP/1.1\r\n\tX: a\r\nHost: a\r\n\r\n',
    'a line of blanks': get('X: a\r\n  '),
    'a field without name': get(': a'),
    'a field without colon': get('X'),
    'a blank in a name': get('X Y: a'),
    'a name with an octet above ASCII': get('X\xe9: a'),
    'a name with a bracket': get('X(: a'),
    'a name in quotes': get('"X": a'),
    'a name with a comma': get('X,Transfer-Encoding: chunked'),
    'a Connection option that is no token': get('Connection: close;X'),
    'too many Connection options': get(`Connection: ${Array.from({ length: 65 }, (_, index) => `X${index}`).join(',')}`),
    'an Upgrade that is no protocol': get('Connection: upgrade\r\nUpgrade: web socket'),
  }),
  ...inHead('bad_host', {
    'no Host': 'GET / HTTP/1.1\r\nX: a\r\n\r\n',
    'no Host with absolute-form': 'GET http://a/ HTTP/1.1\r\nX: a\r\n\r\n',
    'two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'two equal Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n',
    'two Hosts in HTTP/1.0': 'GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n',
    ...hosts({
      'a list of Hosts': 'a, b',
      'a blank in Host': 'a b',
      'user information in Host': 'a@b',
      'a path in Host': 'a/b',
      'a query in Host': 'a?b',
      'a fragment in Host': 'a#b',
      'a URI in Host': 'http://a',
      'a backslash in Host': 'a\\b',
      'an octet above ASCII in Host': 'a\xe9',
      'a port of letters': 'a:http',
      'a port above 65535': 'a:65536',
      'a port of six digits': 'a:000080',
      'a port with a sign': 'a:+80',
      'two ports': 'a:80:81',
      'a colon without port': 'a:',
      'only a port': ':80',
      'an open bracket': '[::1',
      'letters in brackets': '[::g]',
      'text after a bracket': '[::1]a',
      'empty brackets': '[]',
      'a broken percent-encoding in Host': 'a%2',
      'a percent-encoding of no digits in Host': 'a%zz',
    }),
  }),
  ...inHead('bad_target', {
    'a target without slash': 'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
    'a target above ASCII': 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a fragment': 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
    '* without OPTIONS': 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
    'a path that begins with *': 'OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n',
    'user information in the target': 'GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'another scheme': 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'a scheme with one slash': 'GET http:/a HTTP/1.1\r\nHost: a\r\n\r\n',
    'a URI without authority': 'GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n',
    'a URI with only a port': 'GET http://:80/a HTTP/1.1\r\nHost: a\r\n\r\n',
    'a URI with a bad port': 'GET http://a:b/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'authority-form without CONNECT': 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n',
    'CONNECT to a path': 'CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n',
    'CONNECT without port': 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n',
    'CONNECT to a URI': 'CONNECT http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n',
  }),
  ...inHead('bad_request_line', {
    'HTTP/0.9': 'GET /\r\n\r\n',
    'no version': 'GET / \r\nHost: a\r\n\r\n',
    'no target': 'GET HTTP/1.1\r\nHost: a\r\n\r\n',
    'an empty target': 'GET  HTTP/1.1\r\nHost: a\r\n\r\n',
    'two blanks after the method': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
    'two blanks before the version': 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
    'a blank in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
    'a second version in the target': 'GET / HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a blank after the version': 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
    'a blank before the method': ' GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a tab after the method': 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
    'a small version': 'GET / http/1.1\r\nHost: a\r\n\r\n',
    'a version of two digits': 'GET / HTTP/1.10\r\nHost: a\r\n\r\n',
    'a version without minor': 'GET / HTTP/1\r\nHost: a\r\n\r\n',
    'another protocol': 'GET / HTTQ/1.1\r\nHost: a\r\n\r\n',
    'a method that is no token': 'G@T / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a method above ASCII': 'G\xe9T / HTTP/1.1\r\nHost: a\r\n\r\n',
    'NUL in the method': 'G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n',
    'NUL in the target': 'GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n',
    'a bare LF after the request line': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
    'bare LF everywhere': 'GET / HTTP/1.1\nHost: a\n\n',
    'a bare CR after the request line': 'GET / HTTP/1.1\rHost: a\r\n\r\n',
    'a bare CR in the target': 'GET /\rX: HTTP/1.1\r\nHost: a\r\n\r\n',
    'two empty lines before the request': '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a bare LF before the request': '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'a bare CR before the request': '\rGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'an answer': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  }),
  ...inHead('version_not_supported', {
    'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
    'HTTP/1.2': 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    'HTTP/0.9 said aloud': 'GET / HTTP/0.9\r\nHost: a\r\n\r\n',
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  }),
  ...inHead('expectation_failed', {
    'an unknown expectation': post('Expect: 200-ok\r\nContent-Length: 5', 'hello'),
    'two expectations': post('Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5', 'hello'),
  }),
  ...inHead('target_too_long', {
    'a target above the limit': `GET /${'a'.repeat(16_384)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    'a start line without end': 'A'.repeat(20_000),
  }),
  ...inHead('head_too_large', {
    'a field above the limit': get(`X: ${'a'.repeat(65_536)}`),
    'a name without end': `GET / HTTP/1.1\r\n${'a'.repeat(70_000)}`,
    'too many fields': get(Array.from({ length: 128 }, (_, index) => `X${index}: a`).join('\r\n')),
  }),
  ...inBody('bad_chunk', {
    'a chunk size with 0x': chunked('0x5\r\nhello\r\n0\r\n\r\n'),
    'a chunk size with a plus': chunked('+5\r\nhello\r\n0\r\n\r\n'),
    'a negative chunk size': chunked('-5\r\nhello\r\n0\r\n\r\n'),
    'a blank before a chunk size': chunked(' 5\r\nhello\r\n0\r\n\r\n'),
    'a blank after a chunk size': chunked('5 \r\nhello\r\n0\r\n\r\n'),
    'a tab after a chunk size': chunked('5\t\r\nhello\r\n0\r\n\r\n'),
    'a blank before an extension': chunked('5 ;a\r\nhello\r\n0\r\n\r\n'),
    'no chunk size': chunked('\r\nhello\r\n0\r\n\r\n'),
    'no chunk size, but an extension': chunked(';a\r\nhello\r\n0\r\n\r\n'),
    'a chunk size that is no number': chunked('g\r\nhello\r\n0\r\n\r\n'),
    'a chunk size with an underscore': chunked('0_5\r\nhello\r\n0\r\n\r\n'),
    'a chunk size with NUL': chunked('5\x00\r\nhello\r\n0\r\n\r\n'),
    'a chunk size of 17 digits': chunked('00000000000000005\r\nhello\r\n0\r\n\r\n'),
    'a chunk size of 2^53': chunked('20000000000000\r\nhello\r\n0\r\n\r\n'),
    'a chunk size of 2^64 - 1': chunked('FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n'),
    'a bare LF after a chunk size': chunked('5\nhello\r\n0\r\n\r\n'),
    'a bare CR after a chunk size': chunked('5\rhello\r\n0\r\n\r\n'),
    'a bare LF after a chunk': chunked('5\r\nhello\n0\r\n\r\n'),
    'a bare CR after a chunk': chunked('5\r\nhello\r0\r\n\r\n'),
    'a chunk longer than its size': chunked('5\r\nhelloo\r\n0\r\n\r\n'),
    'a chunk shorter than its size': chunked('5\r\nhell\r\n0\r\n\r\n'),
    'a bare LF after the last size': chunked('0\n\r\n'),
    'a bare LF in an extension': chunked('5;a\nb\r\nhello\r\n0\r\n\r\n'),
    'a bare CR in an extension': chunked('5;a\rb\r\nhello\r\n0\r\n\r\n'),
    'NUL in an extension': chunked('5;a=\x00\r\nhello\r\n0\r\n\r\n'),
    'an extension without name': chunked('5;\r\nhello\r\n0\r\n\r\n'),
    'an extension without value': chunked('5;a=\r\nhello\r\n0\r\n\r\n'),
    'a blank in an extension': chunked('5; a\r\nhello\r\n0\r\n\r\n'),
    'an open quote in an extension': chunked('5;a="b\r\nhello\r\n0\r\n\r\n'),
    'a line end in a quoted extension': chunked('5;a="\r\nhello\r\n0\r\n\r\n"\r\n'),
    'text after a quote in an extension': chunked('5;a="b"c\r\nhello\r\n0\r\n\r\n'),
    'endless extensions': chunked(`5;${'a'.repeat(17_000)}\r\nhello\r\n0\r\n\r\n`),
    'many long extensions': chunked(`1;${'a'.repeat(200)}\r\nh\r\n`.repeat(100)),
  }),
  ...inBody('bad_framing', {
    'Transfer-Encoding in trailers': chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n'),
    'Content-Length in trailers': chunked('0\r\nContent-Length: 5\r\n\r\nhello'),
  }),
  ...inBody('bad_field', {
    'a bare LF as end of trailers': chunked('0\r\n\n'),
    'a bare LF in trailers': chunked('0\r\nX: a\n\r\n'),
    'a folded trailer': chunked('0\r\nX: a\r\n b\r\n\r\n'),
    'a blank in the name of a trailer': chunked('0\r\nX : a\r\n\r\n'),
    'NUL in a trailer': chunked('0\r\nX: \x00\r\n\r\n'),
    'a request in place of trailers': chunked('0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n'),
  }),
  ...inBody('head_too_large', {
    'trailers above the limit': chunked(`0\r\nX: ${'a'.repeat(17_000)}\r\n\r\n`),
    'too many trailers': chunked(`0\r\n${'X: a\r\n'.repeat(129)}\r\n`),
  }),
]

function get(fields: string): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`
}

function post(fields: string, body = ''): string {
  return `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${body}`
}

function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body)
}

function hosts(rows: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(rows).map(([name, host]) => [name, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`] as const),
  )
}

function inHead(fault: HttpFault, rows: Readonly<Record<string, string>>): HostileRequest[] {
  return Object.entries(rows).map(([name, bytes]) => ({ name, bytes, fault, where: 'head' as const }))
}

function inBody(fault: HttpFault, rows: Readonly<Record<string, string>>): HostileRequest[] {
  return Object.entries(rows).map(([name, bytes]) => ({ name: `in a body: ${name}`, bytes, fault, where: 'body' as const }))
}
