import { status } from '@grpc/grpc-js'
import type { Ballot } from './ballot.ts'
import { errorPage, leaderboardPage, thanksPage, votingPage } from './pages.ts'

/** An answer, complete. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly allow?: string
}

/** What of a request decides its answer. */
export interface Asked {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** The emoji chosen, from the query or the form. */
  readonly choice: string
}

interface Route {
  readonly methods: readonly string[]
  readonly answer: (ballot: Ballot, asked: Asked) => Promise<Answer>
}

const READ = ['GET', 'HEAD']

const ROUTES: Readonly<Record<string, Route>> = {
  '/': { methods: READ, answer: async (ballot) => html(200, votingPage(await ballot.list())) },
  '/vote': {
    methods: ['POST'],
    answer: async (ballot, { choice }) => html(200, thanksPage(await ballot.vote(choice))),
  },
  '/leaderboard': { methods: READ, answer: async (ballot) => html(200, leaderboardPage(await ballot.leaderboard())) },
  '/api/list': { methods: READ, answer: async (ballot) => json(200, await ballot.list()) },
  '/api/vote': {
    methods: ['POST', ...READ],
    answer: async (ballot, { choice }) => json(200, await ballot.vote(choice)),
  },
  '/api/leaderboard': { methods: READ, answer: async (ballot) => json(200, await ballot.leaderboard()) },
  '/healthz': { methods: READ, answer: async () => ({ status: 200, contentType: 'text/plain', body: 'ok\n' }) },
}

/** The answer to a request; what the services refuse becomes an answer as well. */
export async function answerRequest(ballot: Ballot, asked: Asked): Promise<Answer> {
  const route = Object.hasOwn(ROUTES, asked.path) ? ROUTES[asked.path] : undefined
  if (route === undefined) return failure(asked, 404, 'there is nothing here')
  if (!route.methods.includes(asked.method)) {
    return { ...failure(asked, 405, `${asked.method} is not for this page`), allow: route.methods.join(', ') }
  }
  try {
    return await route.answer(ballot, asked)
  } catch (error) {
    const { code, details } = error as { readonly code?: status; readonly details?: string }
    return failure(asked, toHttpStatus(code), details ?? String(error))
  }
}

function toHttpStatus(code: status | undefined): number {
  if (code === status.NOT_FOUND) return 404
  if (code === status.UNAVAILABLE) return 503
  if (code === status.DEADLINE_EXCEEDED) return 504
  return 500
}

function failure({ path }: Asked, statusCode: number, detail: string): Answer {
  return path.startsWith('/api/')
    ? json(statusCode, { error: detail })
    : html(statusCode, errorPage(statusCode, detail))
}

function html(statusCode: number, body: string): Answer {
  return { status: statusCode, contentType: 'text/html; charset=utf-8', body }
}

function json(statusCode: number, value: unknown): Answer {
  return { status: statusCode, contentType: 'application/json', body: `${JSON.stringify(value)}\n` }
}
