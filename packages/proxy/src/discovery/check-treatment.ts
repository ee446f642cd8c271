import { checkAttached } from '@heddle/api/attached-fields'
import type { ServiceJson } from '@heddle/api/discovery'
import { isBalancerType } from '@heddle/engine/balance/balancer'

/**
 * Makes sure of what is only looked at once a request needs it: every value is such as the messages of the control plane can hold, and
 * the balancer is one that this proxy has. So nothing fails then that could have been refused now. Fields that are not known may have
 * any value: a newer control plane may know more.
 *
 * @throws {RangeError} naming the fields
 */
export function checkTreatment(service: ServiceJson): void {
  const problems: string[] = []
  const report = (path: string, text: string) => problems.push(`${path}: ${text}`)
  checkAttached(service, 'service', { report, unknownFields: 'ignored' })
  const type = service.policy?.balancer?.type
  if (problems.length === 0 && type !== undefined && !isBalancerType(type))
    report('service.policy.balancer.type', `${type} is no balancer that this proxy knows`)
  if (problems.length > 0) throw new RangeError(problems.join('; '))
}
