import type { CompanyTransaction } from '../db/database.js'

/** A file in the store. The same bytes are kept once. */
export interface StoredFile {
  /** Lower-case hex SHA-256 of the bytes: the file's name in the store. */
  readonly sha256: string
  readonly size: number
  readonly mediaType: string
}

/** Content-addressed bytes, per company, written in the document's own transaction and never changed. */
export interface Files {
  put(transaction: CompanyTransaction, bytes: Uint8Array, mediaType: string): Promise<StoredFile>
  putMany(transaction: CompanyTransaction, files: readonly { bytes: Uint8Array; mediaType: string }[]): Promise<StoredFile[]>
  /** @throws Fault FILE-MISSING (404), FILE-CORRUPT when the bytes no longer hash to their name */
  get(transaction: CompanyTransaction, sha256: string): Promise<{ bytes: Buffer; mediaType: string }>
  /** Size in bytes, without reading them. @throws Fault FILE-MISSING (404) */
  size(transaction: CompanyTransaction, sha256: string): Promise<number>
  /**
   * Parts of a large file, one after the other, without reading the rest. They are not held against the file's hash: for looking at
   * a document, never for signing or judging one.
   * @param ranges from 0, the end not included, at most 300
   * @throws Fault FILE-MISSING (404)
   */
  parts(
    transaction: CompanyTransaction,
    sha256: string,
    ranges: readonly { readonly begin: number; readonly end: number }[],
  ): Promise<Buffer>
}
