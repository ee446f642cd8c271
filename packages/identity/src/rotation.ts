/** Renew from this share of the life on: a failed control plane then has 30 % of the life, about 7 h of 24, to return. */
const RENEW_FROM = 0.7
/** Proxies that started together spread their renewals over this share of the life. */
const JITTER = 0.05
/** With so little of the life left, a certificate that still could not be renewed is worth a warning. */
const WARN_LEFT = 0.2

/** When a certificate is to be renewed, and from when on its age is worth a warning; both ms since the Unix epoch. */
export interface RotationSchedule {
  readonly renewAtMs: number
  readonly warnFromMs: number
}

/**
 * When to renew a certificate: at 70 % of its life, or up to 5 % of the life earlier, by chance.
 *
 * @param random - gives 0 to below 1, as `Math.random`
 * @returns ms since the Unix epoch; never before `notBeforeMs`
 */
export function renewalTimeMs(notBeforeMs: number, notAfterMs: number, random: () => number): number {
  const lifeMs = Math.max(0, notAfterMs - notBeforeMs)
  return Math.round(notBeforeMs + lifeMs * (RENEW_FROM - JITTER * random()))
}

/** {@link renewalTimeMs}, with the time from which the certificate's owner should warn on every failed renewal. */
export function rotationSchedule(
  validity: { readonly notBeforeMs: number; readonly notAfterMs: number },
  random: () => number,
): RotationSchedule {
  const { notBeforeMs, notAfterMs } = validity
  const lifeMs = Math.max(0, notAfterMs - notBeforeMs)
  return { renewAtMs: renewalTimeMs(notBeforeMs, notAfterMs, random), warnFromMs: notAfterMs - lifeMs * WARN_LEFT }
}
