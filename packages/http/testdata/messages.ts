/** One or more requests as one client may send them, and answers as one server may; all are right. Latin-1. */
export const REQUESTS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nGET /a?b=c HTTP/1.1\r\nHost: shop.test:8080\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n',
  'GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: \r\n\r\n',
  'HEAD /caf HTTP/1.1\r\nHost: [::1]:80\r\nX: caf\xe9\t\xff \r\nx:\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\nExpect: 100-Continue\r\n\r\nhello',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n006;a=b;c="d e"\r\n world\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0;e\r\nX-Sum: 1\r\nHost: b\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'POST /old HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.0\r\nHost: a\r\n\r\n',
  'GET /hop HTTP/1.1\r\nHost: a\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX: y\r\n\r\n',
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi',
  'CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n\x16\x03\x01',
  'PATCH /p HTTP/1.1\r\nHost: a%2Db.test\r\nContent-Length: 0\r\nX-Empty:\r\n\r\n',
]

/** The method of the request, and what the server sends before it closes. */
export interface AnswerExample {
  readonly method: string
  readonly octets: string
}

export const ANSWERS: readonly AnswerExample[] = [
  { method: 'GET', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: caf\xe9\r\n\r\nhello' },
  { method: 'GET', octets: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n' },
  { method: 'HEAD', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n' },
  { method: 'GET', octets: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n' },
  { method: 'GET', octets: 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n' },
  { method: 'GET', octets: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n' },
  { method: 'GET', octets: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx' },
  { method: 'GET', octets: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end' },
  { method: 'GET', octets: 'HTTP/1.0 200 OK\r\n\r\nuntil the end' },
  { method: 'GET', octets: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok' },
  { method: 'GET', octets: 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi' },
  { method: 'CONNECT', octets: 'HTTP/1.1 200 OK\r\n\r\n\x16\x03\x01' },
  { method: 'CONNECT', octets: 'HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno' },
  { method: 'GET', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel' },
  { method: 'GET', octets: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello' },
]
