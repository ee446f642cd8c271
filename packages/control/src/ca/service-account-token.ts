const MAX_TOKEN = 8_192
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Whether a text has the shape of a JSON Web Token, so that it makes sense to ask somebody about it. */
export function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN && TOKEN.test(text)
}
