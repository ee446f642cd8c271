const BLANKS = new Set([' ', '\t'])

/** The elements of a comma-separated list in lower case; empty ones mean nothing. RFC 9110 §5.6.1. */
export function listOf(value: string): string[] {
  const elements: string[] = []
  for (const part of value.toLowerCase().split(',')) {
    const element = withoutBlanks(part)
    if (element !== '') elements.push(element)
  }
  return elements
}

function withoutBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && BLANKS.has(text[start]!)) start++
  while (end > start && BLANKS.has(text[end - 1]!)) end--
  return text.substring(start, end)
}
