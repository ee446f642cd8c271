import type { BackoffOptions } from '@heddle/base/backoff'
import type { Clock } from '@heddle/base/clock'
import type { Log } from '@heddle/base/log'

/** What is done with keys, and how fast. */
export interface WorkQueueOptions {
  /** For log lines. */
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  /** Keys that are worked on at once; 1 by default. One key is never worked on twice at once. */
  readonly concurrency?: number
  /** Waits after failures of one key. */
  readonly retry?: BackoffOptions
  /** Does the work for one key; a failure is tried again. A number asks to be called again after so many ms. */
  work(key: string, signal: AbortSignal): Promise<number | undefined>
}

/** Keys that wait for work, each at most once. */
export interface WorkQueue {
  add(key: string): void
  addAfter(key: string, delayMs: number): void
  /** Keys that wait or are worked on; those that wait for a time are not counted. */
  readonly depth: number
  readonly counters: { readonly done: number; readonly failed: number }
  /** Resolves when nothing waits and nothing is worked on. */
  whenIdle(): Promise<void>
  /** Takes no more keys, aborts the work at hand and waits for its end. */
  close(): Promise<void>
}

/** A queue of keys with one worker function. */
export declare function createWorkQueue(options: WorkQueueOptions): WorkQueue
