import { CidrSet } from '@heddle/base/cidr'
import { splitList } from './port-range.ts'

/** Each becomes a rule of the kernel, which every connection passes. */
const MAX_SUBNETS = 100

/** Parses `10.0.0.0/8,fd00::/8`; empty: none. @throws {RangeError} saying which part is wrong */
export function parseSubnets(text: string): readonly string[] {
  const subnets = splitList(text)
  if (subnets.length > MAX_SUBNETS) throw new RangeError(`more than ${MAX_SUBNETS} subnets`)
  new CidrSet(subnets)
  return subnets
}
