/** Control characters but tab and line feed: a terminal obeys them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const INSTEAD = '\ufffd'

/** A text that can be shown on a terminal, whoever wrote it. */
export function cleanText(text: string): string {
  return text.replace(CONTROLS, INSTEAD)
}

/**
 * Cleans all texts of an answer, in place. What the control plane tells comes from everybody's pods (reasons, requests, problems), and
 * must not move the cursor of who looks at it.
 *
 * @returns the answer
 */
export function cleanAnswer<T>(answer: T): T {
  if (typeof answer === 'string') return cleanText(answer) as T
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer)) return answer
  const fields = answer as Record<string, unknown>
  for (const [name, value] of Object.entries(fields)) {
    const cleaned = cleanAnswer(value)
    if (cleaned !== value) fields[name] = cleaned
  }
  return answer
}
