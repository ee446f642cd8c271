import { create } from '@bufbuild/protobuf'
import { type Problem, ProblemSchema } from '@heddle/api/admin'
import type { ObjectRef } from '@heddle/api/kinds/meta'
import type { ManifestFile } from '@heddle/api/manifest'
import { CliError } from '../../cli-error.ts'
import type { ControlClient } from '../../client/control-client.ts'
import { formatObject } from './object-argument.ts'
import type { Follower, ObjectTarget, Removal, WriteOptions, Written } from './object-target.ts'

/** A mesh on this host, whose control plane writes the files of its directory. */
export class LocalTarget implements ObjectTarget {
  readonly #client: ControlClient

  constructor(client: ControlClient) {
    this.#client = client
  }

  async apply(files: readonly ManifestFile[], { dryRun }: WriteOptions): Promise<Written> {
    return await this.#client.admin.applyObjects({ files: [...files], dryRun })
  }

  async remove({ refs, files }: Removal, { dryRun }: WriteOptions): Promise<Written> {
    const read = await readRefs(files)
    if (read.problems.length > 0) return { problems: read.problems, changes: [], revision: 0n }
    const named = [...refs, ...read.refs]
    const remove = [...new Map(named.map((ref) => [formatObject(ref), ref])).values()]
    return await this.#client.admin.applyObjects({ remove, dryRun })
  }

  async follow({ revision }: Written): Promise<Follower> {
    return { client: this.#client, revision }
  }

  close(): void {
    this.#client.close()
  }
}

interface ReadRefs {
  readonly refs: readonly ObjectRef[]
  /** Of files that are no YAML: which objects they mean is not known, so none is removed. */
  readonly problems: readonly Problem[]
}

/** @throws {CliError} for a file that names none */
async function readRefs(files: readonly ManifestFile[]): Promise<ReadRefs> {
  if (files.length === 0) return { refs: [], problems: [] }
  const { splitDocuments } = await import('@heddle/api/manifest/split-documents')
  const { readDocuments } = await import('@heddle/api/manifest/read-documents')
  const problems = files.flatMap(({ path, text }) => readDocuments(path, text).problems)
  if (problems.length > 0) return { refs: [], problems: problems.map((one) => create(ProblemSchema, one)) }
  const refs = files.flatMap(({ path, text }) => {
    const own = splitDocuments(text).flatMap((document) => document.refs)
    if (own.length === 0) throw new CliError(`${path}: names no object`)
    return own
  })
  return { refs, problems: [] }
}
