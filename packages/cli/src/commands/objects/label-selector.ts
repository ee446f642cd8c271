import { InvalidArgumentError } from 'commander'

/** Whether an object with these labels is chosen. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean

const NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?'
const VALUE = '(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?'
const EQUAL = new RegExp(`^(${NAME})\\s*(==|=|!=)\\s*(${VALUE})$`)
const SET = new RegExp(`^(${NAME})\\s+(in|notin)\\s*\\(([^()]*)\\)$`)
const PRESENT = new RegExp(`^(!?)\\s*(${NAME})$`)
/** Commas between requirements, not those within `(a, b)`. */
const BETWEEN = /,(?![^(]*\))/

/**
 * Reads a selector as `kubectl -l` does: `app=web,tier!=db,zone in (a, b),!old`. All of it has to hold.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 *
 * @throws {InvalidArgumentError}
 */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = text.split(BETWEEN).map((part) => parseRequirement(part.trim()))
  return (labels) => requirements.every((holds) => holds(labels))
}

function parseRequirement(text: string): LabelSelector {
  const [, name = '', operator = '', value = ''] = EQUAL.exec(text) ?? SET.exec(text) ?? []
  if (name !== '') {
    const values = operator.endsWith('in') ? value.split(',').map((one) => one.trim()) : [value]
    const isOneOf: LabelSelector = (labels) => Object.hasOwn(labels, name) && values.includes(labels[name]!)
    // As in Kubernetes, what lacks the label is not equal to anything.
    return operator === '!=' || operator === 'notin' ? (labels) => !isOneOf(labels) : isOneOf
  }
  const [, not, present] = PRESENT.exec(text) ?? []
  if (present === undefined) throw new InvalidArgumentError('Expected labels like app=web,tier!=db,zone in (a,b).')
  return (labels) => Object.hasOwn(labels, present) === (not === '')
}
