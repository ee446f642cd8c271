/** What stands in the place of a value that may be secret. */
export const HIDDEN = '(hidden)'

/** Rather a name too many than a secret shown. */
const SECRET_NAME =
  /authori[sz]|authenticat|(?:^|[-_.])auth(?:[-_.]|$)|cookie|token|secret|passw|pwd|key|credential|session|sessid|csrf|xsrf|saml|signature|jwt|assertion|client-cert|^sig$|^sid$|^code$|^otp$|^ticket$/i
/** Values that are credentials under whatever name: those of HTTP's schemes. */
const CREDENTIALS = /^(?:basic|bearer|digest|negotiate|ntlm)\s/i
/**
 * Tokens of three parts in base64url. Looked for from the begin of each word only, and there from the first `eyJ`: from each of
 * them it took 10 s to look through a field of 60 KB that had nothing else.
 */
const TOKENS = /(?<![\w-])((?:(?!eyJ)[\w-])*)eyJ[\w-]{8,}\.[\w-][\w.-]*/gi
const HIDDEN_TOKEN = `$1${HIDDEN}`
/** A terminal may take them for commands. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g
/** Name and password before a host. RFC 3986 §3.2.1. */
const USER_INFO = /\/\/[^/?#\s]*@/g
/** A parameter of a path segment: RFC 3986 §3.3. Servers take sessions from them (`;jsessionid=`). */
const SEGMENT_PARAMETER = /(?<=;)([^;/=]*)=([^;/]*)/g
/** What follows is a list of parameters. */
const LIST_BEGIN = /[?#]/
const SEPARATOR = /([&;])/
const NESTED = /[?&;#]/

/** Whether values under that name may be secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name)
}

/** The value of a field as it may be shown; of one that has a URL, the URL as it may be shown. */
export function showValue(name: string, value: string): string {
  if (isSecretName(name) || isCredential(value)) return HIDDEN
  return showText(showPath(value))
}

/** A path with its query, or a URL, without what may be secret in it. */
export function showPath(path: string): string {
  const mark = path.search(LIST_BEGIN)
  const before = showSegments(mark === -1 ? path : path.slice(0, mark))
  if (mark === -1) return before
  return `${before}${path[mark]}${path
    .slice(mark + 1)
    .split(SEPARATOR)
    .map(showParameter)
    .join('')}`
}

/** Without what a terminal might obey. */
export function showText(text: string): string {
  return text.replace(CONTROLS, '\ufffd')
}

/** What is longer is cut, and says so. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}... (${text.length} in all)`
}

function showSegments(path: string): string {
  return path
    .replace(USER_INFO, `//${HIDDEN}@`)
    .replace(SEGMENT_PARAMETER, (parameter, name: string, value: string) =>
      isSecretPair(name, value) ? `${name}=${HIDDEN}` : parameter,
    )
    .replace(TOKENS, HIDDEN_TOKEN)
}

function showParameter(parameter: string): string {
  const equals = parameter.indexOf('=')
  if (equals === -1) return parameter.replace(TOKENS, HIDDEN_TOKEN)
  const name = parameter.slice(0, equals)
  return isSecretPair(name, parameter.slice(equals + 1)) ? `${name}=${HIDDEN}` : parameter
}

function isSecretPair(name: string, encoded: string): boolean {
  const value = decode(encoded)
  return isSecretName(decode(name).trim()) || isCredential(value) || hasSecret(value)
}

function isCredential(value: string): boolean {
  return CREDENTIALS.test(value) || value.search(TOKENS) !== -1
}

/** Whether a value is a URL, or another list of parameters, with a secret in it. */
function hasSecret(value: string): boolean {
  if (value.search(USER_INFO) !== -1) return true
  return value.split(NESTED).some((part) => part.includes('=') && isSecretName(part.slice(0, part.indexOf('='))))
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
