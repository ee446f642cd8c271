/** Whether an object with these labels is selected by `a=b`, `a!=b`, `a` and `!a`, with `,` between them; without a selector it is. */
export function isLabelSelected(
  labels: Readonly<Record<string, string>> | undefined,
  selector: string | null | undefined,
): boolean {
  return isSelectedBy(selector, (label) => labels?.[label])
}

/** The same for whatever has values by key. */
export function isSelectedBy(
  selector: string | null | undefined,
  readValue: (key: string) => string | undefined,
): boolean {
  const terms = (selector ?? '').split(',').filter((term) => term !== '')
  return terms.every((term) => matches(term, readValue))
}

function matches(term: string, readValue: (key: string) => string | undefined): boolean {
  const [, negated, key, operator, value] = /^(!?)([^=!]+)(==?|!=)?(.*)$/.exec(term) ?? []
  const actual = readValue(key!)
  if (operator === undefined) return (actual !== undefined) === (negated === '')
  return (actual === value) === (operator !== '!=')
}
