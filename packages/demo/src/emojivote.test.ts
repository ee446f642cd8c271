import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startBot } from './bot.ts'
import { CATALOGUE } from './emoji-catalogue.ts'
import { startEmoji } from './emoji-server.ts'
import { type Address, formatAddress } from './environment.ts'
import type { Running } from './running.ts'
import { BROKEN_SHORTCODE, VoteStore } from './vote-store.ts'
import { startVoting } from './voting-server.ts'
import { startWeb } from './web-server.ts'

/** An address of this file alone: a port that is free for a moment is given to no other test. */
const LOOPBACK = { host: '127.0.0.80', port: 0 }

async function startApplication() {
  const store = new VoteStore()
  const emoji = await startEmoji(LOOPBACK)
  const voting = await startVoting(LOOPBACK, store)
  const web = await startWeb(LOOPBACK, { emoji: addressOf(emoji), voting: addressOf(voting) })
  const url = `http://${formatAddress(addressOf(web))}`
  return {
    store,
    emoji,
    voting,
    web,
    url,
    async [Symbol.asyncDispose]() {
      await Promise.all([web.stop(), voting.stop(), emoji.stop()])
    },
  }
}

function addressOf({ address }: Running): Address {
  if (address === undefined) throw new Error('does not listen')
  return address
}

async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 30_000): Promise<void> {
  const startMs = performance.now()
  while (!(await condition())) {
    if (performance.now() - startMs > deadlineMs) throw new Error('condition not reached in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test('a visitor lists the emojis, votes and sees the vote on the leaderboard', async () => {
  await using application = await startApplication()
  const { url } = application

  const list = await (await fetch(`${url}/api/list`)).json()
  const vote = await fetch(`${url}/api/vote?choice=:rocket:`, { method: 'POST' })
  const leaderboard = await (await fetch(`${url}/api/leaderboard`)).json()

  expect(list).toEqual(CATALOGUE)
  expect(await vote.json()).toEqual({ shortcode: ':rocket:', unicode: '🚀', votes: 1 })
  expect(leaderboard).toEqual([{ shortcode: ':rocket:', unicode: '🚀', votes: 1 }])
})

test('the pages work without any script', async () => {
  await using application = await startApplication()
  const { url } = application

  const page = await (await fetch(`${url}/`)).text()
  const thanks = await fetch(`${url}/vote`, { method: 'POST', body: new URLSearchParams({ choice: ':bee:' }) })
  const leaderboard = await (await fetch(`${url}/leaderboard`)).text()

  for (const { shortcode } of CATALOGUE) expect(page).toContain(`value="${shortcode}"`)
  expect(page).not.toContain('<script')
  expect(await thanks.text()).toContain('<strong>:bee:</strong> has 1 vote now')
  expect(leaderboard).toContain(':bee:')
})

test.each([
  { name: 'the broken emoji', method: 'POST', path: `/api/vote?choice=${BROKEN_SHORTCODE}`, status: 500 },
  { name: 'an unknown emoji', method: 'POST', path: '/api/vote?choice=:nothing:', status: 404 },
  { name: 'no emoji', method: 'POST', path: '/api/vote', status: 404 },
  { name: 'an unknown page', method: 'GET', path: '/toString', status: 404 },
  { name: 'a path like an address', method: 'GET', path: '//', status: 404 },
  { name: 'a method that the page does not have', method: 'DELETE', path: '/', status: 405 },
])('web answers $name with $status', async ({ method, path, status }) => {
  await using application = await startApplication()
  const response = await fetch(application.url + path, { method })
  expect(response.status).toBe(status)
  expect(application.store.results()).toEqual([])
})

test('the bot keeps to its rate, and only votes for the broken emoji fail', async () => {
  await using application = await startApplication()
  const rounds = 5
  const bot = await startBot(addressOf(application.web), { perSecond: 500, random: Math.random })

  // Not so many requests: until the first list is there, it asks for nothing else.
  await until(() => bot.failed >= rounds)
  await bot.drain()

  const counted = application.store.results().reduce((sum, { votes }) => sum + votes, 0)
  expect(bot.failed / bot.sent).toBeLessThan(0.12)
  expect(counted).toBeGreaterThanOrEqual((rounds - 1) * (CATALOGUE.length - 1))
  expect(application.store.results().map(({ shortcode }) => shortcode)).not.toContain(BROKEN_SHORTCODE)
})

test('web serves while voting is away, and votes again once it is back', async () => {
  await using application = await startApplication()
  const { url } = application
  await application.voting.stop()

  const failed = await fetch(`${url}/api/vote?choice=:bee:`, { method: 'POST' })
  const health = await fetch(`${url}/healthz`)
  await using back = await restart(application.voting, application.store)

  expect([503, 504]).toContain(failed.status)
  expect(health.status).toBe(200)
  await until(async () => (await fetch(`${url}/api/vote?choice=:bee:`, { method: 'POST' })).status === 200)
  expect(back.address).toEqual(application.voting.address)
})

async function restart(voting: Running, store: VoteStore) {
  const running = await startVoting(addressOf(voting), store)
  return { address: running.address, [Symbol.asyncDispose]: () => running.stop() }
}

test('the bot carries on while web is away', async () => {
  const closed = createServer()
  await new Promise<void>((resolve) => closed.listen(LOOPBACK, resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const bot = await startBot({ ...LOOPBACK, port }, { perSecond: 200, random: Math.random })

  await until(() => bot.failed >= 5)
  await bot.drain()

  expect(bot.sent).toBe(bot.failed)
})

test('web finishes the request that is open when it drains, and closes its connection', async () => {
  // It never answers, so that the vote is still open when the drain begins.
  const silent = createServer()
  const reached = new Promise<void>((resolve) => silent.once('connection', () => resolve()))
  await new Promise<void>((resolve) => silent.listen(LOOPBACK, resolve))
  const { port } = silent.address() as AddressInfo
  const emoji = await startEmoji(LOOPBACK)
  const web = await startWeb(LOOPBACK, { emoji: addressOf(emoji), voting: { ...LOOPBACK, port } })
  const url = `http://${formatAddress(addressOf(web))}`
  const vote = fetch(`${url}/api/vote?choice=:bee:`)
  await reached

  const drained = web.drain()
  const afterwards = fetch(`${url}/healthz`)

  await expect(afterwards).rejects.toThrow()
  const { status, headers } = await vote
  expect({ status, connection: headers.get('connection') }).toEqual({ status: 504, connection: 'close' })
  await drained
  await emoji.stop()
  silent.close()
})
