import { trimmedValue } from '../message/field-lines.ts'

/** The elements of a comma-separated list in lower case; empty ones mean nothing. RFC 9110 §5.6.1. */
export function listOf(value: string): string[] {
  const elements: string[] = []
  for (const part of value.toLowerCase().split(',')) {
    const element = trimmedValue(part, 0, part.length)
    if (element !== '') elements.push(element)
  }
  return elements
}
