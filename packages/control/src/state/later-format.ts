/**
 * Says that a later version wrote a file, whose formats are numbers that grow; `undefined`: it did not.
 *
 * @param format - as the file has it
 * @param known - the highest that this version reads
 */
export function describeLaterFormat(format: unknown, known: number): string | undefined {
  if (typeof format !== 'number' || !(format > known)) return undefined
  return `a later version of Heddle wrote it (its format is ${format}, this version reads ${known})`
}
